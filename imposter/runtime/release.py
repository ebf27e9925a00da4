"""Whether an answer goes out by itself, or waits for the owner's word, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.behaviour.blocked import blocked
from imposter.behaviour.complaints import DEFLECT, HONEST, asks_if_bot
from imposter.behaviour.hours import is_open
from imposter.behaviour.leaks import Leak, Leaks
from imposter.contracts.behaviour import AskedIfBot, Autonomy, Behaviour
from imposter.contracts.messages import Source
from imposter.contracts.model import Answer
from imposter.storage.records import Work


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


@dataclass(frozen=True, slots=True)
class Gate:
    """Towards one contact, at one moment."""

    behaviour: Behaviour
    now: datetime
    exam_passed: bool
    leaks: Leaks

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
        if behaviour.asked_if_bot is AskedIfBot.HONEST:
            return self._let_out(HONEST[language])
        said = {turn.content for turn in work.turns if turn.source is Source.BOT}
        if behaviour.asked_if_bot is AskedIfBot.DEFLECT and said.isdisjoint(DEFLECT.values()):
            return self._let_out(DEFLECT[language])
        return Hold("", Why.COMPLAINT, hands_over=True)

    def released(self, answer: Answer) -> Send | Hold:
        """Whether what the model answered goes out."""
        text = answer.text.strip()
        leak = self.leaks.of(text)
        if leak is not None:
            # A key is not to stand in a chat or a table, not even in its owner's.
            return Hold("" if leak is Leak.SECRET else text, Why.LEAK)
        word = blocked([text], self.behaviour.blocked)
        if word is not None:
            return Hold(text, Why.BLOCKED, detail=word)
        return Hold(text, Why.DOUBT) if answer.unsure else self._let_out(text)

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
