"""One turn: the waiting messages of a conversation become a stored answer, a draft, or silence with its reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from imposter.behaviour.bot_suspicion import asks_if_bot
from imposter.contracts.behaviour import Behaviour, Pace, Unseen
from imposter.contracts.budget import WhenSpent
from imposter.domain.deliveries import Outgoing
from imposter.domain.messages import ASKED_AGAIN, RETRIED, MessageState, StoredMessage, Verdict, Work
from imposter.domain.pauses import of_member
from imposter.domain.reasons import Reason, reason_of
from imposter.domain.usage import Usage
from imposter.runtime.costs.budget import BUDGET_SPENT
from imposter.runtime.explain.answer_trace import Trace, WaitLog
from imposter.runtime.metrics import BEFORE, MODEL
from imposter.runtime.owner.drafts import Drafts
from imposter.runtime.pipeline.answer_parts import AnswerParts, IncomingText, paced
from imposter.runtime.pipeline.generation import SILENT, AnswerGenerator, Generated
from imposter.runtime.policy.approval import ApprovalPolicy, ApprovalReason, RequireApproval, SendNow
from imposter.runtime.policy.contact_policy import contact_of
from imposter.runtime.session_context import SessionContext

MOST_EDITS = 5
"""Edits of one message while it is answered. Endless edits must not hold up the answers to others."""
AGAIN = (RETRIED, ASKED_AGAIN)
UNSEEN = Reason.UNSEEN
"""Reason of a message that is not answered because a part of it cannot be shown to a model."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """The result of a turn."""

    is_done: bool
    """False if the last of its messages no longer waits; other messages of the conversation may."""
    outgoing: Sequence[Outgoing] = ()
    """The answer as it is in the outbox."""
    reading: IncomingText | None = None
    typing: Sequence[float] = ()
    """Seconds of typing indicator before each part."""


class TurnHandler:
    """The handler of turns: it makes one answer to all waiting messages of a conversation."""

    def __init__(self, context: SessionContext, generator: AnswerGenerator, drafts: Drafts, waits: WaitLog) -> None:
        self._context = context
        self._claim = context.claim
        self._store = context.store
        self._style_guide = context.style_guide
        self._format = context.message_format
        self._safety = context.safety
        self._budget_tracker = context.budget_tracker
        self._clock = context.clock
        self._counts = context.counts
        self._generator = generator
        self._drafts = drafts
        self._waits = waits

    async def answer(self, work: Work) -> TurnResult:
        """Make an answer and store it; it is not sent yet. Raises: Superseded, StorageError."""
        contact_policy, conversation = self._context.policy.contact_policy, work.message.conversation
        behaviour = contact_policy.behaviour_for(work.known_ids)
        entry = contact_policy.contact(work.chat_ids)
        group, message = work.message.group_id is not None, work.message
        own_name = (message.group_name if group else message.sender_name) or ""
        model = self._context.models.model_for(entry)
        contact = contact_of(entry, saved_name=work.saved_name, own_name=own_name, is_group=group)
        longest = min(behaviour.longest_answer, self._format.longest)
        gate = ApprovalPolicy.of(
            behaviour, self._clock.now(), self._context.evaluations.passed(behaviour), model, contact, longest
        )
        over = await self._budget_tracker.over(conversation)
        release, trace = gate.before_asking(work, over_budget=over is WhenSpent.DRAFT), None
        asking = work
        edited = _too_often_edited(work)
        if edited is not None and not (isinstance(release, RequireApproval) and not release.text):
            work, release = edited, RequireApproval("", ApprovalReason.EDITED)
        elif isinstance(release, SendNow) or (release is not None and release.hands_over):
            work = _of_askers(asking)
        if release is None:
            if over is WhenSpent.STOP:
                await self.leave_unanswered(work.messages, BUDGET_SPENT)
                return TurnResult(True)
            if behaviour.unseen is Unseen.SILENT and any(message.unseen for message in work.messages):
                await self.leave_unanswered(work.messages, UNSEEN)
                return TurnResult(True)
            burst_ends = work.messages[0].received_at + timedelta(seconds=behaviour.longest_debounce)
            generated = await self._generator.think(
                work, burst_ends, model=model, contact=contact, guided=behaviour.voice
            )
            if generated is None:
                return TurnResult(True)  # more messages arrived, and the conversation was told to check again
            if generated.answer is None or generated.verdict is not None:
                await self._give_up(work, generated, generated.verdict or SILENT)
                return TurnResult(True)
            answer = replace(generated.answer, text=await self._format.shown(generated.answer.text))
            release, trace = gate.released(answer, work), generated.trace
        if isinstance(release, SendNow) and trace is not None and behaviour.judged:
            reason = await self._generator.binds(work, release.text, model)
            release = gate.held(release, work, reason) if reason is not None else release
        trace = trace or Trace(ended=self._clock.now(), waits=self._waits.pop(conversation))
        if isinstance(release, RequireApproval):
            return TurnResult(await self._hold(work, release, behaviour, trace) and work is asking)
        result = await self._put_in_outbox(work, release.text, behaviour, trace)
        return result if work is asking else replace(result, is_done=False)

    async def leave_unanswered(self, messages: Iterable[StoredMessage], reason: str) -> None:
        """Settle messages without an answer. A retried dead letter becomes a dead letter again."""
        messages = list(messages)
        trace = Trace(ended=self._clock.now(), waits=self._waits.pop(messages[-1].conversation)).stored
        for state, seqs in (
            (MessageState.FAILED, [message.seq for message in messages if message.reason in AGAIN]),
            (MessageState.CONTEXT, [message.seq for message in messages if message.reason not in AGAIN]),
        ):
            if seqs:
                await self._store.messages.settle(self._claim, seqs, Verdict(state, reason_of(reason)), trace)

    async def _put_in_outbox(self, work: Work, text: str, behaviour: Behaviour, trace: Trace) -> TurnResult:
        by_line = False
        if behaviour.pace is Pace.HUMAN and behaviour.voice and "\n" in text:
            by_line = await self._style_guide.sends_lines(work)
        answer = self._paced(text, work, behaviour, by_line=by_line)
        used = self._used(work)
        going = await self._store.messages.answer(self._claim, work.seqs, answer.parts, trace.stored, used)
        self._budget_tracker.written(work.message.conversation, used)
        if going:
            self._safety.answered(work.message.conversation)
            if trace.asked is not None and trace.ended is not None:
                waited = self._counts.waited
                waited[BEFORE].add((trace.asked - work.message.received_at).total_seconds())
                waited[MODEL].add((trace.ended - trace.asked).total_seconds())
        return TurnResult(bool(going), going, answer.reading, answer.typing)

    async def _hold(self, work: Work, hold: RequireApproval, behaviour: Behaviour, trace: Trace) -> bool:
        used = self._used(work)
        instead = self._paced(hold.meanwhile, work, behaviour).parts if hold.meanwhile else ()
        proposed = await self._drafts.propose(work, hold, behaviour, instead=instead, trace=trace.stored, used=used)
        self._budget_tracker.written(work.message.conversation, used)
        if proposed and hold.hands_over:
            for place in _handed_over(work):
                await self._safety.hand_over(place)
        return proposed

    def _paced(self, text: str, work: Work, behaviour: Behaviour, *, by_line: bool = False) -> AnswerParts:
        new_id = partial(self._answer_id, work)
        return paced(text, work, behaviour, self._clock.now(), self._context.chance, new_id, by_line=by_line)

    async def _give_up(self, work: Work, generated: Generated, verdict: Verdict) -> None:
        used = self._used(work)
        await self._store.messages.settle(self._claim, work.seqs, verdict, generated.trace.stored, used)
        self._budget_tracker.written(work.message.conversation, used)
        if generated.failure is not None:
            self._counts.dead_letters += 1
            self._context.report_failure(f"The model gave no answer: {generated.failure}")

    def _used(self, work: Work) -> Sequence[Usage]:
        return self._budget_tracker.unwritten(work.message.conversation)

    def _answer_id(self, work: Work, part: int) -> str:
        """Return the id of a part. It depends only on the question, so that every run gives the same id."""
        return self._context.message_ids("answer", work.message.conversation, work.message.message_id, str(part))


def _too_often_edited(work: Work) -> Work | None:
    """Return the work with only the messages that were edited too often, or None. They are left to the owner."""
    messages = tuple(message for message in work.messages if message.edits > MOST_EDITS)
    return replace(work, messages=messages) if messages else None


def _of_askers(work: Work) -> Work:
    """In a group, return the work with only the messages of those who ask whether they talk to a bot.

    The other messages are answered as usual.
    """
    asking = {message.sender_id for message in work.messages if asks_if_bot(message.content)}
    messages = tuple(message for message in work.messages if message.sender_id in asking)
    return work if work.message.group_id is None or messages == work.messages else replace(work, messages=messages)


def _handed_over(work: Work) -> list[str]:
    """Return the conversations, or members of a group, towards which the bot is silent from now on.

    A member cannot silence the bot for the rest of the group.
    """
    if work.message.group_id is None:
        return [work.message.conversation]
    return sorted({of_member(work.message.conversation, message.sender_id) for message in work.messages})
