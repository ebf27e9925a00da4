"""The approval policy: whether an answer goes out by itself or waits for the owner's approval, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.behaviour.active_hours import is_open
from imposter.behaviour.blocked_topics import blocked
from imposter.behaviour.bot_suspicion import DEFLECT, HONEST, asks_if_bot
from imposter.behaviour.guard.agreement import binding
from imposter.behaviour.guard.commitments import Named
from imposter.behaviour.guard.encoded_text import decoded
from imposter.behaviour.guard.leaks import Leak, Leaks
from imposter.behaviour.guard.unreadable_text import is_unreadable
from imposter.behaviour.holding_replies import LET_ME_CHECK
from imposter.contracts.behaviour import AskedIfBot, Autonomy, Behaviour, Guard, MissedCall, Unseen
from imposter.contracts.messages import MessageKind, Source
from imposter.contracts.model import Answer, Contact, Private
from imposter.domain.messages import Work
from imposter.runtime.providers.model_selection import ModelChain
from imposter.voice.language_detection import language_of

MOST_TOLD = 3
"""Maximum number of passages named as the reason to hold an answer."""
OWN_JUDGEMENT = "by the model's own judgement"
"""Reason for holding an answer if no rule found a commitment but the model did."""


class ApprovalReason(StrEnum):
    """The reason why an answer waits for the owner."""

    ASK_FIRST = "autonomy"
    HOURS = "out_of_hours"
    EXAM = "exam"
    BUDGET = "budget"
    DOUBT = "doubt"
    BLOCKED = "blocked"
    COMPLAINT = "complaint"
    LEAK = "leak"
    MACHINERY = "machinery"
    UNREADABLE = "unreadable"
    LONG = "long"
    UNSEEN = "unseen"
    CALL = "missed_call"
    EDITED = "edited_too_often"
    GUARD = "guard"


@dataclass(frozen=True, slots=True)
class SendNow:
    """The answer goes out."""

    text: str


@dataclass(frozen=True, slots=True)
class RequireApproval:
    """The answer becomes a draft."""

    text: str
    """Empty if the owner is to write the answer."""
    why: ApprovalReason
    detail: str | None = None
    """Explanation for the owner."""
    hands_over: bool = False
    """Whether the bot is silent in this chat from now on, until the owner resumes it."""
    meanwhile: str = ""
    """Text that the contact gets instead for now."""


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """The approval policy for one contact at one moment."""

    behaviour: Behaviour
    now: datetime
    exam_passed: bool
    leaks: Sequence[Leaks]
    named: Sequence[Named]
    """Facts that the owner gave to the model."""
    longest: int
    """Maximum characters of an answer that goes out by itself."""

    @classmethod
    def of(
        cls, behaviour: Behaviour, now: datetime, exam_passed: bool, model: ModelChain, contact: Contact, longest: int
    ) -> "ApprovalPolicy":
        """Return the policy for an answer of this model to this contact."""
        leaks, named = [model.leaks], [model.named]
        if contact.instructions:
            leaks.append(Leaks(Private((contact.instructions,))))
            named.append(Named([contact.instructions]))
        return cls(behaviour, now, exam_passed, leaks, named, longest)

    def before_asking(self, work: Work, *, over_budget: bool = False) -> SendNow | RequireApproval | None:
        """Return the answer or draft to make without the model; None if the model is to be asked.

        `over_budget`: the budget is spent, and messages are left to the owner.
        """
        behaviour = self.behaviour
        word = blocked((message.content for message in work.messages), behaviour.blocked)
        if word is not None:
            return RequireApproval("", ApprovalReason.BLOCKED, detail=word)
        language = next(filter(None, (asks_if_bot(message.content) for message in work.messages)), None)
        if language is None:
            return RequireApproval("", ApprovalReason.BUDGET) if over_budget else None
        if behaviour.asked_if_bot is not AskedIfBot.HAND_OVER and (unseen := self._unseen(work)):
            return RequireApproval("", ApprovalReason.UNSEEN, detail=unseen)
        if behaviour.asked_if_bot is AskedIfBot.HONEST:
            return self._let_out(HONEST[language])
        said = {turn.content for turn in work.turns if turn.source is Source.BOT}
        if behaviour.asked_if_bot is AskedIfBot.DEFLECT and said.isdisjoint(DEFLECT.values()):
            return self._let_out(DEFLECT[language])
        return RequireApproval("", ApprovalReason.COMPLAINT, hands_over=True)

    def released(self, answer: Answer, work: Work) -> SendNow | RequireApproval:
        """Return whether the model's answer goes out, in the form that the contact would see."""
        text = answer.text.strip()
        said = [turn.content for turn in work.turns if turn.source is Source.BOT]
        leaks = {leak for each in self.leaks if (leak := each.of(text, said)) is not None}
        if leaks:
            # A key must not appear in a chat or a table, not even in the owner's own.
            return RequireApproval("" if Leak.SECRET in leaks else text, ApprovalReason.LEAK)
        if answer.machinery:
            return RequireApproval(text, ApprovalReason.MACHINERY)
        if is_unreadable(text):
            return RequireApproval(text, ApprovalReason.UNREADABLE)
        word = blocked([text, *decoded(text)], self.behaviour.blocked)
        if word is not None:
            return RequireApproval(text, ApprovalReason.BLOCKED, detail=word)
        if answer.unsure:
            return RequireApproval(text, ApprovalReason.DOUBT)
        if len(text) > self.longest:
            return RequireApproval(text, ApprovalReason.LONG)
        if unseen := self._unseen(work):
            return RequireApproval(text, ApprovalReason.UNSEEN, detail=unseen)
        called = any(message.kind is MessageKind.CALL for message in work.messages)
        if called and self.behaviour.missed_call is not MissedCall.ANSWER:
            return RequireApproval(text, ApprovalReason.CALL)
        release = self._let_out(text)
        return self._unbound(release, work, judged=answer.binds) or release

    def _unseen(self, work: Work) -> str:
        """Return the parts of the messages that the model cannot see, if they must not be answered without."""
        if self.behaviour.unseen is Unseen.ANSWER:
            return ""
        return ", ".join(dict.fromkeys(message.unseen for message in work.messages if message.unseen))

    def _unbound(self, release: SendNow | RequireApproval, work: Work, *, judged: bool) -> RequireApproval | None:
        """Return a draft if the answer commits the owner to something and the guard is on, otherwise None."""
        if self.behaviour.guard is Guard.OFF:
            return None
        found = binding(release.text, work.turns, *self.named, asked=[message.content for message in work.messages])
        if not found:
            return self.held(release, work, OWN_JUDGEMENT) if judged else None
        return self.held(release, work, "; ".join(each.words for each in found[:MOST_TOLD]))

    def held(self, release: SendNow | RequireApproval, work: Work, detail: str) -> RequireApproval:
        """Return a draft for an answer that would commit the owner; `detail` says how."""
        meanwhile = ""
        if self.behaviour.guard is Guard.LET_ME_CHECK and isinstance(release, SendNow):
            meanwhile = _let_me_check(work)
            detail += f"; they were told: {meanwhile}" if meanwhile else ""
        return RequireApproval(release.text, ApprovalReason.GUARD, detail=detail, meanwhile=meanwhile)

    def _let_out(self, text: str) -> SendNow | RequireApproval:
        behaviour = self.behaviour
        hours = behaviour.active_hours
        if behaviour.autonomy is Autonomy.AUTO_IN_HOURS and (hours is None or not is_open(hours, self.now)):
            return RequireApproval(text, ApprovalReason.HOURS)
        if behaviour.autonomy not in (Autonomy.AUTO, Autonomy.AUTO_IN_HOURS):
            return RequireApproval(text, ApprovalReason.ASK_FIRST)
        if behaviour.auto_from_score is not None and not self.exam_passed:
            return RequireApproval(text, ApprovalReason.EXAM)
        return SendNow(text)


def _let_me_check(work: Work) -> str:
    """Return the "let me check" text in the chat's language.

    Empty if the language is unknown or the contact was told already.
    """
    said = {turn.content for turn in work.turns if turn.source is Source.BOT}
    if not said.isdisjoint(LET_ME_CHECK.values()):
        return ""
    contacts = " ".join(turn.content for turn in reversed(work.turns) if turn.source is Source.CONTACT)
    return LET_ME_CHECK.get(language_of(contacts) or "", "")
