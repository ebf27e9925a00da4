"""Calls of the model: retries after a failure, restarts when more messages arrive, and a trace of each call."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from imposter.contracts.errors import ModelError, ModelUnavailable
from imposter.contracts.model import Answer, Contact, Prompt
from imposter.contracts.resource_exhaustion import shortage
from imposter.domain.messages import MessageState, Verdict, Work
from imposter.domain.reasons import ForeignReason, Reason
from imposter.domain.usage import Usage
from imposter.logs import trace_of
from imposter.runtime.explain.answer_trace import Trace, WaitLog, traced
from imposter.runtime.pipeline.outages import Outages
from imposter.runtime.policy.approval import OWN_JUDGEMENT
from imposter.runtime.providers.model_selection import ModelChain, ModelReply
from imposter.runtime.retry import MODEL_ATTEMPTS, PATIENT_ATTEMPTS, may_pass, model_retry, patience_ends
from imposter.runtime.session_context import ModelRecovered, SessionContext

log = structlog.get_logger()

SILENT = Verdict(MessageState.CONTEXT, Reason.MODEL_SILENT)


@dataclass(frozen=True, slots=True)
class Generated:
    """The result of asking the model about the waiting messages of a conversation."""

    trace: Trace
    answer: Answer | None
    """None: the model gave no answer."""
    verdict: Verdict | None = None
    """The decision for the messages if there is nothing to send."""
    failure: str | None = None
    """The failure in words for the owner, if there was one."""

    @property
    def text(self) -> str:
        return self.answer.text.strip() if self.answer is not None else ""


class AnswerGenerator:
    """The generator of one bot's answers, which asks its models."""

    def __init__(self, context: SessionContext, waits: WaitLog, outages: Outages) -> None:
        self._context = context
        self._style_guide = context.style_guide
        self._budget_tracker = context.budget_tracker
        self._instance_id = context.instance_id
        self._clock = context.clock
        self._chance = context.chance
        self._counts = context.counts
        self._waits = waits
        self._outages = outages
        self._asking: dict[str, asyncio.Event] = {}
        """Conversations that the model is being asked about. Each event is set when a message arrives there."""
        self._replaced: set[ModelChain] = set()
        """Models whose fallback is answering, and whose owner has been told."""

    def more_arrived(self, conversation: str) -> None:
        """Report that a message arrived. Must be called on the event loop."""
        if (more := self._asking.get(conversation)) is not None:
            more.set()

    async def think(
        self, work: Work, burst_ends: datetime, *, model: ModelChain, contact: Contact, guided: bool
    ) -> Generated | None:
        """Ask the model. Return None if a message arrived before `burst_ends`: the turn must be taken again.

        `guided`: the prompt describes the owner's style.
        """
        if burst_ends <= self._clock.now():
            return await self._ask(work, model, contact, guided)
        conversation = work.message.conversation
        more = self._asking[conversation] = asyncio.Event()
        asking = asyncio.create_task(self._ask(work, model, contact, guided), name=f"model:{self._instance_id}")
        heard = asyncio.create_task(more.wait(), name=f"more:{self._instance_id}")
        try:
            await asyncio.wait([asking, heard], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done() and self._clock.now() < burst_ends:
                return None
            return await asking
        finally:
            del self._asking[conversation]
            for task in (asking, heard):
                task.cancel()
            await asyncio.gather(asking, heard, return_exceptions=True)

    async def binds(self, work: Work, text: str, model: ModelChain) -> str | None:
        """Return the reason, for the owner, to hold this answer back according to the model; None to let it go out."""
        took = partial(self._budget_tracker.took, work.message.conversation)
        try:
            binds = await model.judge(list(work.turns), text, took)
        except Exception as error:  # noqa: BLE001 - a foreign model may raise anything
            log.warning("answer was not judged", bot=self._instance_id, seq=work.message.seq, **trace_of(error))
            return "it could not be judged"
        return OWN_JUDGEMENT if binds else None

    async def _ask(self, work: Work, model: ModelChain, contact: Contact, guided: bool) -> Generated:
        guidance = await self._style_guide.style_for(work) if guided and model.takes_guidance else None
        prompt = Prompt(list(work.turns), guidance, contact, work.summary)
        attempt, costly = 1, 0
        taken = self._clock.now()
        used: list[Usage] = []

        def trace(reply: ModelReply | None = None) -> Trace:
            waits, ended = self._waits.pop(work.message.conversation), self._clock.now()
            return traced(
                prompt,
                reply.answer if reply is not None else None,
                fallback=reply.fallback if reply is not None else None,
                attempts=attempt,
                used=used,
                taken=taken,
                asked=asked,
                ended=ended,
                waits=waits,
            )

        async def took(answer: Answer, address: str | None) -> None:
            if (usage := await self._budget_tracker.took(work.message.conversation, answer, address)) is not None:
                used.append(usage)

        while True:
            asked = self._clock.now()
            try:
                reply = await model.reply(prompt, took)
                break
            except Exception as error:  # noqa: BLE001 - a foreign model may raise anything
                self._counts.model_failures += 1
                costly += isinstance(error, ModelUnavailable) and error.costly
                ends = patience_ends(work.message.received_at, taken, self._context.policy.answer_within)
                left = (ends - self._clock.now()).total_seconds()
                delay = model_retry(attempt, error, self._chance, most=PATIENT_ATTEMPTS, left=left, costly=costly)
                log.warning(
                    "model failed", bot=self._instance_id, seq=work.message.seq, attempt=attempt, **trace_of(error)
                )
                passes = may_pass(error)
                if passes:
                    self._outages.failed(model, work.messages)
                if delay is None:
                    if passes:
                        self._outages.gave_up(model, work.messages)
                    verdict = Verdict(MessageState.FAILED, ForeignReason(_name(error)))
                    return Generated(trace(), None, verdict, _told(error))
                if attempt >= MODEL_ATTEMPTS and self._outages.lasts(model):
                    self._context.report_failure(f"The model gives no answer yet, and is asked again: {_told(error)}")
            await self._clock.sleep(delay)
            attempt += 1
        if self._outages.answered(model, work.messages):
            self._context.post(ModelRecovered(model))
        answer = reply.answer
        if answer.told is not None:
            self._context.report_failure(answer.told)
        self._tell_of_fallback(model, reply)
        return Generated(trace(reply), answer, None if answer.text.strip() or answer.unsure or answer.binds else SILENT)

    def _tell_of_fallback(self, model: ModelChain, reply: ModelReply) -> None:
        """Tell the owner once that a fallback answers, until the first model answers again."""
        if reply.failure is None:
            self._replaced.discard(model)
            return
        self._counts.model_failures += 1
        if model not in self._replaced:
            self._replaced.add(model)
            instead = reply.answer.model or f"fallback {reply.fallback}"
            self._context.report_failure(
                f"The model gave no answer, and {instead} answers in its place: {reply.failure}"
            )


def _told(error: Exception) -> str:
    """Return the error in words for the owner."""
    return str(error) if isinstance(error, ModelError) else shortage(error) or _name(error)


def _name(error: Exception) -> str:
    """Return the type of an error. The text of a foreign exception may hold anything."""
    return type(error).__name__
