"""The explanation of a message: the gates it passed, in order, and one sentence for the owner. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from imposter.domain.decisions import Decision
from imposter.domain.deliveries import DeliveryState, PartRow
from imposter.domain.messages import ASKED_AGAIN, RETRIED, MessageState
from imposter.domain.pauses import FOREVER, Pause
from imposter.domain.reasons import Gate, Reason
from imposter.runtime.account import pause_text
from imposter.runtime.explain import reason_text
from imposter.runtime.explain.answer_trace import Trace, WaitReason
from imposter.runtime.owner.notifications import BECAUSE
from imposter.runtime.policy.contact_policy import ContactPolicy, TurnTiming


class GateOutcome(StrEnum):
    """The outcome of one gate."""

    PASSED = "passed"
    WAITED = "waited"
    """Passed, after some time."""
    WAITING = "waiting"
    STOPPED = "stopped"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class GatePassage:
    """A gate with its outcome."""

    gate: Gate
    outcome: GateOutcome
    reason: str | None = None
    """A short code."""
    explanation: str | None = None
    """The reason in words."""
    until: datetime | None = None
    """The end of the wait, if there was one."""


@dataclass(frozen=True, slots=True)
class BotSnapshot:
    """The state of the bot, for messages that are still waiting."""

    runs: bool
    contact_policy: ContactPolicy | None = None
    """None if this version cannot read the bot's config."""
    pauses: Sequence[Pause] = ()
    """All pauses of the bot."""
    slowed: bool = False
    """Whether safety delays some answers."""


@dataclass(frozen=True, slots=True)
class Explained:
    decision: Decision
    explanation: str
    gates: tuple[GatePassage, ...]
    trace: Trace | None


_WAITED: Mapping[WaitReason, Gate] = {
    WaitReason.HOURS: Gate.HOURS,
    WaitReason.BURST: Gate.BURST,
    WaitReason.TYPING: Gate.BURST,
    WaitReason.CAPS: Gate.CAPS,
}
_OUTCOMES = {
    DeliveryState.SENT: GateOutcome.PASSED,
    DeliveryState.PENDING: GateOutcome.WAITING,
    DeliveryState.SENDING: GateOutcome.WAITING,
}
_WORST_FIRST = (
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
    DeliveryState.WITHDRAWN,
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.SENT,
)
_UNITS = ((100, 1, "second"), (6000, 60, "minute"), (48 * 3600, 3600, "hour"), (math.inf, 86_400, "day"))
"""Each unit applies below this many seconds; then its length in seconds and its name."""


def explain(decision: Decision, now: BotSnapshot) -> Explained:
    message, trace = decision.message, Trace.read(decision.trace)
    if message.reason == Reason.OWNER:
        own = GatePassage(Gate.AUTHOR, GateOutcome.STOPPED, Reason.OWNER)
        return Explained(decision, "You wrote this yourself: it is part of the conversation.", _gates(own, None), trace)
    if message.state is MessageState.WAITING:
        here = _waiting(decision, now)
        return Explained(decision, f"Waiting: {here.explanation}.", _gates(here, trace), trace)
    if message.state is MessageState.ANSWERED or (message.deleted_at is not None and decision.is_outdated):
        here, told = _delivery(decision, now)
        return Explained(decision, told, _gates(here, trace), trace)
    gate, text = reason_text.of_message(message.state, message.reason)
    words = f"{text}{_since_takeover(decision) if message.reason == 'takeover' else ''}"
    if decision.drafted_because is not None and decision.drafted_because in BECAUSE:
        words += f", because {BECAUSE[decision.drafted_because]}"
    here = GatePassage(gate, GateOutcome.STOPPED, message.reason, words)
    return Explained(decision, f"Not answered: {words}.", _gates(here, trace), trace)


def _gates(here: GatePassage, trace: Trace | None) -> tuple[GatePassage, ...]:
    """Return all gates. The message has come as far as `here`."""
    waits = {_WAITED[wait.what]: wait for wait in (trace.waits if trace else ())}
    gates, behind = [], False
    for gate in Gate:
        if gate is here.gate:
            gates.append(here)
            behind = True
        elif (wait := waits.get(gate)) is not None:
            gates.append(GatePassage(gate, GateOutcome.WAITED, wait.what, wait.why, wait.until))
        else:
            gates.append(GatePassage(gate, GateOutcome.NOT_REACHED if behind else GateOutcome.PASSED))
    return tuple(gates)


def _waiting(decision: Decision, now: BotSnapshot) -> GatePassage:
    """Return the gate at which a message is waiting now."""
    message = decision.message
    waiting = GateOutcome.WAITING
    if not now.runs:
        return GatePassage(Gate.QUEUE, waiting, explanation="the bot does not run; start it")
    if now.contact_policy is not None:
        timing = TurnTiming(now.contact_policy, decision.moment)
        due_at = timing.due_at([message], decision.known_ids)
        if due_at > decision.moment and timing.in_burst:
            return GatePassage(Gate.BURST, waiting, WaitReason.BURST, "its sender may still be typing", due_at)
        hours = now.contact_policy.behaviour_for(decision.known_ids).waiting_hours
        if due_at > decision.moment and hours is not None:
            begin = _clock(due_at, decision.moment, hours.time_zone)
            return GatePassage(Gate.HOURS, waiting, WaitReason.HOURS, f"your active hours begin {begin}", due_at)
    for pause in now.pauses:
        if pause.conversation not in (pause_text.ACCOUNT, message.conversation):
            continue
        until = pause.until if pause.until < FOREVER else None
        told = f"{reason_text.of_message(message.state, pause.reason)[1]}, {pause_text.until(pause.until)}"
        return GatePassage(Gate.PAUSE, waiting, pause.reason, told, until)
    if now.slowed:
        told = "its answer is being made, or held back for the account's safety (see safety in the status)"
        return GatePassage(Gate.CAPS, waiting, explanation=told)
    again = {RETRIED.value: " once more, as you asked", ASKED_AGAIN.value: " once more"}.get(message.reason or "", "")
    return GatePassage(Gate.MODEL, waiting, message.reason, f"its answer is being made{again}")


def _delivery(decision: Decision, now: BotSnapshot) -> tuple[GatePassage, str]:
    """Return the gate of delivery, and a sentence about the answer."""
    answered, since = f"Answered{_company(decision)}", _changed_since(decision)
    if not decision.parts:
        return GatePassage(Gate.DELIVERY, GateOutcome.PASSED), f"{answered}; the answer is no longer on record{since}."
    part = min(decision.parts, key=lambda each: _WORST_FIRST.index(each.delivery))
    outcome = _OUTCOMES.get(part.delivery, GateOutcome.STOPPED)
    if outcome is GateOutcome.PASSED:
        return GatePassage(Gate.DELIVERY, outcome), f"{answered}{since}."
    if outcome is GateOutcome.WAITING:
        told = _on_its_way(part, now, decision.moment)
        return GatePassage(Gate.DELIVERY, outcome, None, told, part.due_at), f"{answered}: {told}{since}."
    told = reason_text.of_answer(part.delivery, part.reason)
    some = "not all of it was sent: " if any(each.delivery is DeliveryState.SENT for each in decision.parts) else ""
    return GatePassage(Gate.DELIVERY, outcome, part.reason, told), f"{answered}, but {some}{told}{since}."


def _changed_since(decision: Decision) -> str:
    if not decision.is_outdated:
        return ""
    if decision.message.deleted_at is not None:
        return "; it was deleted for everyone afterwards"
    return "; it was edited afterwards, so the answer is to its older words"


def _on_its_way(part: PartRow, now: BotSnapshot, moment: datetime) -> str:
    if part.due_at is not None and part.due_at > moment:
        return f"the answer is being typed, until {part.due_at:%H:%M:%S} UTC"
    return "the answer is on its way" if now.runs else "the answer goes out when the bot runs again"


def _company(decision: Decision) -> str:
    """Return how many other messages had the same answer, in words."""
    seq = decision.message.seq
    counts = {
        "earlier": sum(other < seq for other in decision.together),
        "later": sum(other > seq for other in decision.together),
    }
    said = [f"{count} {word}" for word, count in counts.items() if count]
    if not said:
        return ""
    return f" together with {' and '.join(said)} message{'' if said[-1].startswith('1 ') else 's'}"


def _since_takeover(decision: Decision) -> str:
    """Return the time between the message and the owner's takeover, in words.

    A message that was waiting at the takeover has no trace; a message that came afterwards has one.
    """
    came = decision.message.sent_at
    if decision.trace is None and decision.owner_after is not None:
        return f" {_span(decision.owner_after - decision.message.received_at)} later"
    if decision.owner_before is not None and decision.owner_before <= came:
        return f" {_span(came - decision.owner_before)} before"
    return ""


def _span(time: timedelta) -> str:
    seconds = max(0.0, time.total_seconds())
    length, unit = next((length, unit) for most, length, unit in _UNITS if seconds < most)
    count = int(seconds / length)
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _clock(moment: datetime, now: datetime, time_zone: str) -> str:
    zone = ZoneInfo(time_zone)
    there = moment.astimezone(zone)
    day = "" if there.date() == now.astimezone(zone).date() else f"on {there:%A} "
    return f"{day}at {there:%H:%M}"
