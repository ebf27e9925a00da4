"""Whether an answer goes out by itself, or waits for the owner's word, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.behaviour.assent import binding
from imposter.behaviour.blocked import blocked
from imposter.behaviour.commitments import Named
from imposter.behaviour.complaints import DEFLECT, HONEST, asks_if_bot
from imposter.behaviour.deferring import LET_ME_CHECK
from imposter.behaviour.encodings import decoded
from imposter.behaviour.hours import is_open
from imposter.behaviour.leaks import Leak, Leaks
from imposter.behaviour.unreadable import is_unreadable
from imposter.contracts.behaviour import AskedIfBot, Autonomy, Behaviour, Guard, MissedCall, Unseen
from imposter.contracts.messages import MessageKind, Source
from imposter.contracts.model import Answer, Contact, Private
from imposter.runtime.models import Model
from imposter.storage.records import Work
from imposter.voice.tongues import language_of

MOST_TOLD = 3
"""Of the passages that an answer is held for."""
OWN_JUDGEMENT = "by the model's own judgement"
"""Why an answer binds, where no rule says so."""


class Why(StrEnum):
    """Why an answer waits for its owner."""

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
class Send:
    """It goes out."""

    text: str


@dataclass(frozen=True, slots=True)
class Hold:
    """It becomes a draft."""

    text: str
    """Empty: the owner is to find the words."""
    why: Why
    detail: str | None = None
    """For the owner."""
    hands_over: bool = False
    """The bot is silent there from now on, until its owner resumes it."""
    meanwhile: str = ""
    """What the contact gets in its place, for now."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Towards one contact, at one moment."""

    behaviour: Behaviour
    now: datetime
    exam_passed: bool
    leaks: Sequence[Leaks]
    named: Sequence[Named]
    """What the model was told by its owner."""
    longest: int
    """Characters of an answer that goes out by itself."""

    @classmethod
    def of(
        cls, behaviour: Behaviour, now: datetime, exam_passed: bool, model: Model, contact: Contact, longest: int
    ) -> "Gate":
        """For an answer of this model to this contact."""
        leaks, named = [model.leaks], [model.named]
        if contact.instructions:
            leaks.append(Leaks(Private((contact.instructions,))))
            named.append(Named([contact.instructions]))
        return cls(behaviour, now, exam_passed, leaks, named, longest)

    def before_asking(self, work: Work, *, over_budget: bool = False) -> Send | Hold | None:
        """What is said without the model, or is left to the owner; None: the model is asked.

        `over_budget`: there is no money to ask it, and messages are left to the owner then.
        """
        behaviour = self.behaviour
        word = blocked((message.content for message in work.messages), behaviour.blocked)
        if word is not None:
            return Hold("", Why.BLOCKED, detail=word)
        language = next(filter(None, (asks_if_bot(message.content) for message in work.messages)), None)
        if language is None:
            return Hold("", Why.BUDGET) if over_budget else None
        if behaviour.asked_if_bot is not AskedIfBot.HAND_OVER and (unseen := self._unseen(work)):
            return Hold("", Why.UNSEEN, detail=unseen)
        if behaviour.asked_if_bot is AskedIfBot.HONEST:
            return self._let_out(HONEST[language])
        said = {turn.content for turn in work.turns if turn.source is Source.BOT}
        if behaviour.asked_if_bot is AskedIfBot.DEFLECT and said.isdisjoint(DEFLECT.values()):
            return self._let_out(DEFLECT[language])
        return Hold("", Why.COMPLAINT, hands_over=True)

    def released(self, answer: Answer, work: Work) -> Send | Hold:
        """Whether what the model answered, as the contact would see it, goes out."""
        text = answer.text.strip()
        said = [turn.content for turn in work.turns if turn.source is Source.BOT]
        leaks = {leak for each in self.leaks if (leak := each.of(text, said)) is not None}
        if leaks:
            # A key is not to stand in a chat or a table, not even in its owner's.
            return Hold("" if Leak.SECRET in leaks else text, Why.LEAK)
        if answer.machinery:
            return Hold(text, Why.MACHINERY)
        if is_unreadable(text):
            return Hold(text, Why.UNREADABLE)
        word = blocked([text, *decoded(text)], self.behaviour.blocked)
        if word is not None:
            return Hold(text, Why.BLOCKED, detail=word)
        if answer.unsure:
            return Hold(text, Why.DOUBT)
        if len(text) > self.longest:
            return Hold(text, Why.LONG)
        if unseen := self._unseen(work):
            return Hold(text, Why.UNSEEN, detail=unseen)
        called = any(message.kind is MessageKind.CALL for message in work.messages)
        if called and self.behaviour.missed_call is not MissedCall.ANSWER:
            return Hold(text, Why.CALL)
        release = self._let_out(text)
        return self._unbound(release, work, judged=answer.binds) or release

    def _unseen(self, work: Work) -> str:
        """What came with the messages that the model is not shown, where nothing may be said without it."""
        if self.behaviour.unseen is Unseen.ANSWER:
            return ""
        return ", ".join(dict.fromkeys(message.unseen for message in work.messages if message.unseen))

    def _unbound(self, release: Send | Hold, work: Work, *, judged: bool) -> Hold | None:
        """None where the answer binds nobody, or its owner lets it."""
        if self.behaviour.guard is Guard.OFF:
            return None
        found = binding(release.text, work.turns, *self.named, asked=[message.content for message in work.messages])
        if not found:
            return self.held(release, work, OWN_JUDGEMENT) if judged else None
        return self.held(release, work, "; ".join(each.words for each in found[:MOST_TOLD]))

    def held(self, release: Send | Hold, work: Work, detail: str) -> Hold:
        """It would bind its owner, by `detail`."""
        meanwhile = ""
        if self.behaviour.guard is Guard.LET_ME_CHECK and isinstance(release, Send):
            meanwhile = _let_me_check(work)
            detail += f"; they were told: {meanwhile}" if meanwhile else ""
        return Hold(release.text, Why.GUARD, detail=detail, meanwhile=meanwhile)

    def _let_out(self, text: str) -> Send | Hold:
        behaviour = self.behaviour
        hours = behaviour.active_hours
        if behaviour.autonomy is Autonomy.AUTO_IN_HOURS and (hours is None or not is_open(hours, self.now)):
            return Hold(text, Why.HOURS)
        if behaviour.autonomy not in (Autonomy.AUTO, Autonomy.AUTO_IN_HOURS):
            return Hold(text, Why.ASK_FIRST)
        if behaviour.auto_from_score is not None and not self.exam_passed:
            return Hold(text, Why.EXAM)
        return Send(text)


def _let_me_check(work: Work) -> str:
    """In the language of the chat; empty where that is not known, or they were told already."""
    said = {turn.content for turn in work.turns if turn.source is Source.BOT}
    if not said.isdisjoint(LET_ME_CHECK.values()):
        return ""
    contacts = " ".join(turn.content for turn in reversed(work.turns) if turn.source is Source.CONTACT)
    return LET_ME_CHECK.get(language_of(contacts) or "", "")
