"""The command that explains why a message was answered or not: its times, then its gates, one per line."""

from datetime import datetime

from pydantic import BaseModel

from imposter.cli.client import Server, named, only
from imposter.cli.labels import moment, say, table

LONGEST = 200
"""Maximum number of characters shown of a message."""
_MARKS = {"passed": "\u2713", "waited": "\u2713", "waiting": "\u2026", "stopped": "\u2717"}


class _GateData(BaseModel):
    gate: str
    outcome: str
    reason: str | None
    explanation: str | None
    until: datetime | None


class _TimesData(BaseModel):
    sent: datetime
    received: datetime
    taken: datetime | None
    asked: datetime | None
    ended: datetime | None


class _PartData(BaseModel):
    delivery: str
    due_at: datetime | None
    sent_at: datetime | None


class _DecisionData(BaseModel):
    explanation: str
    gates: list[_GateData]
    times: _TimesData
    answer: list[_PartData]


class _MessageData(BaseModel):
    seq: int
    sender_id: str
    sender_name: str
    group_name: str | None
    content: str


class _Page(BaseModel):
    messages: list[_MessageData]


def explain(server: Server, message: int, name: str | None) -> None:
    """Print the explanation of the message with the sequence number `message`."""
    bots = server.bots()
    bot = only(bots) if name is None else named(name, bots)
    path = f"/chatbot/{bot.instance_id}/messages"
    decision = server.get(f"{path}/{message}/decision", _DecisionData)
    for found in server.get(path, _Page, before=message + 1, limit=1).messages:
        if found.seq == message:
            _show_message(found)
    say(decision.explanation)
    say()
    for line in table(("TIME (UTC)", ""), _times(decision)):
        say(line)
    say()
    for line in table(("", "GATE", "OUTCOME", ""), [_row(gate) for gate in decision.gates]):
        say(line)


def _show_message(message: _MessageData) -> None:
    name = f"{message.sender_name} ({message.sender_id})" if message.sender_name else message.sender_id
    where = f" in {message.group_name}" if message.group_name else ""
    words = message.content if len(message.content) <= LONGEST else f"{message.content[:LONGEST]}\u2026"
    say(f"{name}{where}: {words}")


def _times(decision: _DecisionData) -> list[tuple[str, str]]:
    times = decision.times
    steps = [
        (times.sent, "sent, by its sender's clock"),
        (times.received, "received"),
        (times.taken, "waited long enough"),
        (times.asked, "the model was asked"),
        (times.ended, "decided"),
        *((part.sent_at or part.due_at, _delivered(part)) for part in decision.answer),
    ]
    return [(moment(time), what) for time, what in steps if time is not None]


def _delivered(part: _PartData) -> str:
    return f"answer {part.delivery}" if part.sent_at else f"answer due ({part.delivery})"


def _row(gate: _GateData) -> tuple[str, str, str, str]:
    reason = None if gate.reason == gate.gate else gate.reason
    more = [gate.explanation or reason or ""]
    if gate.until is not None and "until" not in more[0]:
        more.append(f"until {moment(gate.until)}")
    outcome = gate.outcome.replace("_", " ")
    return _MARKS.get(gate.outcome, "\u00b7"), gate.gate.replace("_", " "), outcome, ", ".join(filter(None, more))
