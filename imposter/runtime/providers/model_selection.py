"""The models of a bot: its main model, the fallbacks, and other models for some contacts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from imposter.behaviour.guard.commitments import Named
from imposter.behaviour.guard.leaks import Leaks
from imposter.contracts.budget import Budget
from imposter.contracts.config import ContactConfig
from imposter.contracts.errors import ModelError, ModelUnavailable, NotSupported
from imposter.contracts.messages import Turn
from imposter.contracts.model import Answer, Private, Prompt
from imposter.logs import trace_of
from imposter.runtime.costs.pricing import Pricing
from imposter.runtime.providers.model_adapter import ModelAdapter, Sent

log = structlog.get_logger()

T = TypeVar("T")
Took = Callable[[Answer, str | None], Awaitable[object]]
"""Called with the usage of one call, as an answer whose text does not matter, and the model's address."""
BYTES_OF_TOKEN = 4
"""UTF-8 bytes per token: about right for most models and scripts."""
CUT_SHORT = 200
"""Tokens assumed for the answer of a call that was cancelled."""


@dataclass(frozen=True, slots=True)
class ModelReply:
    answer: Answer
    fallback: int | None = None
    """The number of the fallback that answered, from 1; None: the first model."""
    failure: str | None = None
    """Reason for the owner why the first model gave no answer."""


class ModelChain:
    """A model and its fallbacks, in order."""

    def __init__(self, ports: Sequence[ModelAdapter]) -> None:
        self._ports = ports
        private = [port.private for port in ports]
        instructions = [text for each in private for text in each.instructions]
        secrets = [text for each in private for text in each.secrets]
        self.leaks = Leaks(Private(tuple(dict.fromkeys(instructions)), tuple(dict.fromkeys(secrets))))
        """Texts that none of the models must repeat."""
        self.named = Named([text for port in ports for text in port.owners_words])
        """The owner's instructions to the models."""

    @property
    def address(self) -> str | None:
        """Address of the first model, if its provider has one."""
        return self._ports[0].address

    @property
    def takes_guidance(self) -> bool:
        """Whether one of the models takes a whole prompt and not only the turns."""
        return any(port.takes_prompt for port in self._ports)

    @property
    def summarises(self) -> bool:
        return any(port.summarises for port in self._ports)

    async def unpriced(self, budget: Budget) -> str | None:
        """Return the name of a model whose price is unknown; None if the prices of all models with a name are known."""
        for port in self._ports:
            if port.model is not None and not await Pricing(budget, port.address).knows(port.model):
                return port.model
        return None

    async def reply(self, prompt: Prompt, took: Took) -> ModelReply:
        """Return the first answer that a model gives.

        Raises: the errors of `ModelAdapter.reply` (all models failed).
        """

        async def ask(port: ModelAdapter, sent: Sent) -> Answer:
            answer = await port.reply(prompt, sent)
            await took(answer, port.address)
            return answer

        number, answer, failures = await self._first(ask, took, (*_words(prompt.turns), prompt.summary))
        return ModelReply(answer, number or None, _told(failures[0]) if failures else None)

    async def judge(self, turns: Sequence[Turn], answer: str, took: Took) -> bool:
        """Return whether `answer` commits the owner.

        Raises: NotSupported (no model can judge), the errors of `reply`.
        """

        async def ask(port: ModelAdapter, sent: Sent) -> bool:
            judgement = await port.judge(turns, answer, sent)
            if judgement.spent is not None:
                await took(judgement.spent, port.address)
            return judgement.binds

        return (await self._first(ask, took, (*_words(turns), answer)))[1]

    async def summarise(self, turns: Sequence[Turn], before: str, took: Took) -> str:
        """Return a summary of the turns and of the summary `before`. Raises: NotSupported, the errors of `reply`."""

        async def ask(port: ModelAdapter, sent: Sent) -> str:
            answer = await port.summarise(turns, before, sent)
            await took(answer, port.address)
            return answer.text

        return (await self._first(ask, took, (*_words(turns), before)))[1]

    async def _first(
        self, ask: Callable[[ModelAdapter, Sent], Awaitable[T]], took: Took, said: Sequence[str]
    ) -> tuple[int, T, Sequence[Exception]]:
        """Return the number of the first model with a result, its result, and the failures before it.

        `said` are the texts that the models are shown. A cancelled call is billed too, so its usage is estimated.
        """
        failures: list[Exception] = []
        for number, port in enumerate(self._ports):
            sent: list[ModelAdapter] = []
            try:
                return number, await ask(port, partial(sent.append, port)), failures
            except asyncio.CancelledError:
                for _ in sent:
                    await took(_reckoned(port, said), port.address)
                raise
            except Exception as error:  # noqa: BLE001 - a foreign model may raise anything; the next one is asked
                if isinstance(error, ModelError) and error.spent is not None:
                    await took(error.spent, port.address)
                failures.append(error)
        raise _worth_waiting_for(failures)


@dataclass(frozen=True, slots=True)
class ModelSelection:
    """The models of one bot: the main one, and those of contacts with a model of their own."""

    everybodys: ModelChain
    of_contacts: Mapping[str, ModelChain]
    """By the contact's id in the config."""

    async def unpriced(self, budget: Budget) -> str | None:
        """See `ModelChain.unpriced`."""
        for model in (self.everybodys, *self.of_contacts.values()):
            if (name := await model.unpriced(budget)) is not None:
                return name
        return None

    def model_for(self, contact: ContactConfig | None) -> ModelChain:
        return self.everybodys if contact is None else self.of_contacts.get(contact.id, self.everybodys)


def _words(turns: Iterable[Turn]) -> Iterable[str]:
    return (text for turn in turns for text in (turn.content, turn.details))


def _reckoned(port: ModelAdapter, said: Iterable[str]) -> Answer:
    """Return the estimated usage of a call with these texts that was cancelled."""
    told = sum(len(text.encode()) for text in (*port.owners_words, *said))
    return Answer("", port.billed_as, prompt_tokens=told // BYTES_OF_TOKEN + 1, completion_tokens=CUT_SHORT)


def _worth_waiting_for(failures: Sequence[Exception]) -> Exception:
    """Return the first failure that may pass, else the first of a model that was really asked."""
    for wanted in (ModelUnavailable, ModelError):
        found = next((error for error in failures if isinstance(error, wanted)), None)
        if found is not None:
            return found
    return next((error for error in failures if not isinstance(error, NotSupported)), failures[0])


def _told(error: Exception) -> str:
    """Return the failure in words for the owner. The text of a foreign exception may hold anything."""
    if not isinstance(error, ModelError):
        log.warning("model failed, another one is asked", **trace_of(error))
    return str(error) if isinstance(error, ModelError) else type(error).__name__
