"""The adapter of a model provider: one interface for providers with different methods."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from imposter.behaviour.answer_text import AnswerText, answer_text
from imposter.contracts.errors import ModelError, ModelRefused, ModelUnavailable, NotSupported, ResourceExhausted
from imposter.contracts.messages import Turn
from imposter.contracts.model import (
    LONGEST_ANSWER,
    LONGEST_NAME,
    LONGEST_SUMMARY,
    MOST_MODELS,
    Answer,
    AttachesModel,
    Judgement,
    Judges,
    ListsModels,
    ModelContext,
    NotTaken,
    Private,
    Prompt,
    Summarises,
    TakesPrompt,
    TellsNotTaken,
    TellsPrivate,
)
from imposter.contracts.resource_exhaustion import shortage
from imposter.runtime.providers.discovery import ProviderFile
from imposter.runtime.providers.foreign_call import Abilities, call, make
from imposter.voice.style_prompt import OPENING

Sent = Callable[[], None]
"""Called when a call is passed to the provider."""

DEADLINE = 120.0
"""Maximum seconds of a call, unless the provider has a `deadline` of its own."""


def judges(file: ProviderFile) -> bool:
    """Return whether this provider can judge whether an answer commits the owner."""
    return file.provider is not None and issubclass(file.provider, Judges)


class ModelAdapter:
    """The model provider of one bot, with a limit on concurrent calls."""

    def __init__(self, provider: Any, at_once: int, names: Collection[str]) -> None:
        """`names` are the owner's names, which models write in front of their answers."""
        self._provider = provider
        self._abilities = Abilities(provider)
        self._names = names
        self._deadline = float(getattr(provider, "deadline", DEADLINE))
        self._places = asyncio.Semaphore(at_once)
        self.questions = 0
        """Number of calls so far."""
        address = getattr(provider, "address", None)
        self.address = address if isinstance(address, str) else None
        """The model's address, if the provider has one."""
        model = getattr(provider, "model", None)
        self.model = model if isinstance(model, str) else None
        """The name of the model, if the provider has one."""
        self.billed_as = self.model
        """The vendor's name for the model, once it has answered."""
        private = provider.private() if TellsPrivate in self._abilities else Private()
        self.owners_words = private.instructions
        """The owner's instructions to the model."""
        ours = (OPENING,) if self.takes_prompt else ()
        self.private = replace(private, instructions=(*private.instructions, *ours))
        """Texts that the model must not repeat."""

    @classmethod
    async def open(
        cls,
        file: ProviderFile,
        user_id: str,
        config: dict[str, Any],
        context: ModelContext,
        at_once: int,
        names: Collection[str] = (),
    ) -> "ModelAdapter":
        """Create the provider. Raises: any error of its constructor."""
        assert file.provider is not None, "the catalog hands out usable providers only"  # noqa: S101
        provider = await make(file.provider, user_id, config)
        if isinstance(provider, AttachesModel):
            provider.attach(context)
        return cls(provider, at_once, (user_id, *names))

    @property
    def judges(self) -> bool:
        """Whether the provider can judge whether an answer commits the owner."""
        return Judges in self._abilities

    @property
    def not_taken(self) -> Sequence[NotTaken]:
        """The settings that the model's server has refused so far."""
        return tuple(self._provider.not_taken()) if TellsNotTaken in self._abilities else ()

    @property
    def takes_prompt(self) -> bool:
        """Whether the provider takes a whole prompt, such as the owner's style, and not only the turns."""
        return TakesPrompt in self._abilities

    @property
    def summarises(self) -> bool:
        """Whether the provider can summarise a conversation."""
        return Summarises in self._abilities

    async def reply(self, prompt: Prompt, sent: Sent = lambda: None) -> Answer:
        """Return the model's answer to the contact, without its reasoning and other parts that are not meant for them.

        If the model only reasoned, it is asked once more. If it does so again, the answer is unsure and has no text.
        Raises: ModelUnavailable, ModelRefused, any other error of the provider.
        """
        first = await self._raw_reply(prompt, sent)
        said = answer_text(first.text, self._names)
        if not said.reasoning_only or first.unsure:
            return _cleaned(first, said)
        second = await self._raw_reply(prompt, sent)
        said = answer_text(second.text, self._names)
        answer = _cleaned(_spent_together(first, second), said)
        return replace(answer, unsure=True) if said.reasoning_only else answer

    async def _raw_reply(self, prompt: Prompt, sent: Sent) -> Answer:
        if TakesPrompt in self._abilities:
            said = await self._asked(sent, self._provider.reply_to, prompt)
        else:
            said = await self._asked(sent, self._provider.reply, prompt.turns)
        if len(said.text) > LONGEST_ANSWER:
            # A cut answer is not what the model meant, and must not be sent.
            refusal = ModelRefused(
                f"The model's answer has more than {LONGEST_ANSWER} characters: have it answer briefly, or let it use "
                "fewer tokens."
            )
            refusal.spent = replace(said, text="")
            raise refusal
        return said

    async def judge(self, turns: Sequence[Turn], answer: str, sent: Sent = lambda: None) -> Judgement:
        """Return whether `answer` commits the owner.

        Raises: NotSupported (the provider cannot judge), the errors of `reply`.
        """
        if Judges not in self._abilities:
            raise NotSupported("This model provider does not judge answers.")
        judgement = await self._called(sent, self._provider.judge, turns, answer)
        if not isinstance(judgement, Judgement):
            raise ModelRefused(f"A provider's judge must return a Judgement, not {type(judgement).__name__}.")
        return judgement

    async def summarise(self, turns: Sequence[Turn], before: str, sent: Sent = lambda: None) -> Answer:
        """Return a summary of the turns.

        Raises: NotSupported (the provider cannot summarise), the errors of `reply`.
        """
        if Summarises not in self._abilities:
            raise NotSupported("This model provider makes no notes on conversations.")
        answer = await self._asked(sent, self._provider.summarise, turns, before)
        said = answer_text(answer.text, self._names)
        if said.reasoning_only or answer.unsure or not said.words.strip():
            refusal = ModelRefused("The model gave no notes on the conversation.")
            refusal.spent = replace(answer, text="")
            raise refusal
        return replace(answer, text=said.words.strip()[:LONGEST_SUMMARY])

    async def _asked(self, sent: Sent, method: Callable[..., Any], *args: Any) -> Answer:
        answer = await self._called(sent, method, *args)
        said = answer if isinstance(answer, Answer) else Answer(answer)
        if not isinstance(said.text, str):
            file = f"{type(self._provider).__module__.replace('.', '/')}.py"
            raise ModelRefused(
                f"The provider {file} must return text from {method.__name__}, not {type(said.text).__name__}."
            )
        self.billed_as = said.model or self.billed_as
        return said

    async def _called(self, sent: Sent, method: Callable[..., Any], *args: Any) -> Any:
        async with self._places:
            self.questions += 1
            sent()
            try:
                async with asyncio.timeout(self._deadline):
                    return await call(method, *args)
            except TimeoutError:
                raise ModelUnavailable(f"The model said nothing for {self._deadline:.0f} s.", costly=True) from None
            except ModelError:
                raise
            except Exception as error:
                if (none_left := shortage(error)) is None:
                    raise
                raise ResourceExhausted(none_left) from None

    async def models(self) -> list[str]:
        """Return the models of the provider's server.

        Raises: NotSupported (there is no such list), the errors of `reply`.
        """
        if ListsModels not in self._abilities:
            raise NotSupported("This model provider gives no list of models: write the model's name yourself.")
        try:
            async with asyncio.timeout(self._deadline):
                found = await call(self._provider.models)
        except TimeoutError:
            raise ModelUnavailable(f"The list of models did not come in {self._deadline:.0f} s.") from None
        usable = (name for name in found if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME)
        return list(dict.fromkeys(islice(usable, MOST_MODELS)))


def _cleaned(answer: Answer, said: AnswerText) -> Answer:
    return replace(
        answer,
        text=said.words,
        unsure=answer.unsure or said.unsure,
        binds=answer.binds or said.binds,
        machinery=answer.machinery or said.machinery,
        reasoned=answer.reasoned or said.reasoned,
    )


def _spent_together(first: Answer, last: Answer) -> Answer:
    """Return the last answer with the tokens and notes of both; a count that one of them lacks is unknown."""

    def both(name: str) -> int | None:
        spent = (getattr(first, name), getattr(last, name))
        return None if None in spent else sum(spent)

    counts = {name: both(name) for name in ("prompt_tokens", "completion_tokens", "cached_tokens")}
    told = " ".join(dict.fromkeys(each.told for each in (first, last) if each.told)) or None
    return replace(last, told=told, reasoned=True, **counts)  # type: ignore[arg-type]
