"""Whether an answer goes out by itself, or waits for the owner's word, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imposter.behaviour.blocked import blocked
from imposter.behaviour.complaints import DEFLECT, HONEST, asks_if_bot
from imposter.behaviour.hours import is_open
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
    GUARD = "guard"
    BLOCKED = "blocked"
    COMPLAINT = "complaint"


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
    instead: str | None = None
    """What the contact gets meanwhile."""
    hands_over: bool = False
    """The bot is silent there from now on, until its owner resumes it."""


def before_asking(work: Work, behaviour: Behaviour, *, over_budget: bool = False) -> Send | Hold | None:
    """What is said without the model, or is left to the owner; None: the model is asked.

    `over_budget`: there is no money to ask it, and messages are left to the owner then.
    """
    word = blocked((message.content for message in work.messages), behaviour.blocked)
    if word is not None:
        return Hold("", Why.BLOCKED, detail=word)
    language = next(filter(None, (asks_if_bot(message.content) for message in work.messages)), None)
    if language is None:
        return Hold("", Why.BUDGET) if over_budget else None
    if behaviour.asked_if_bot is AskedIfBot.HONEST:
        return Send(HONEST[language])
    said = {turn.content for turn in work.turns if turn.source is Source.BOT}
    if behaviour.asked_if_bot is AskedIfBot.DEFLECT and said.isdisjoint(DEFLECT.values()):
        return Send(DEFLECT[language])
    return Hold("", Why.COMPLAINT, hands_over=True)


def released(
    answer: Answer,
    behaviour: Behaviour,
    now: datetime,
    *,
    objections: Sequence[str] = (),
    instead: str | None = None,
    exam_passed: bool = False,
) -> Send | Hold:
    """`objections`: what the guard has against it, in words; `instead`: what is said in its place meanwhile."""
    if objections:
        return Hold(answer.text.strip(), Why.GUARD, detail="; ".join(objections), instead=instead)
    why = Why.DOUBT if answer.unsure else _not_by_itself(behaviour, now, exam_passed)
    return Send(answer.text.strip()) if why is None else Hold(answer.text.strip(), why)


def _not_by_itself(behaviour: Behaviour, now: datetime, exam_passed: bool) -> Why | None:
    hours = behaviour.active_hours
    if behaviour.autonomy is Autonomy.AUTO_IN_HOURS and (hours is None or not is_open(hours, now)):
        return Why.HOURS
    if behaviour.autonomy not in (Autonomy.AUTO, Autonomy.AUTO_IN_HOURS):
        return Why.ASK_FIRST
    if behaviour.auto_from_score is not None and not exam_passed:
        return Why.EXAM
    return None
