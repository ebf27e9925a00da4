"""The trace of an answer: figures, times and reasons, but no text of any message."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from imposter.contracts.messages import MessageKind, Turn
from imposter.contracts.model import Answer, Prompt
from imposter.domain.usage import Usage
from imposter.runtime.costs.pricing import MILLION


class WaitReason(StrEnum):
    """The reason why a message waited."""

    BURST = "burst"
    """More messages of its sender."""
    TYPING = "typing"
    """More messages of its sender, who was typing."""
    HOURS = "hours"
    CAPS = "caps"
    """Room in the rate limits, or the end of the account's pause."""


class TraceWait(BaseModel):
    """One reason for which a message waited before the model was asked."""

    what: WaitReason
    since: datetime = Field(description="When it was first found to have to wait.")
    until: datetime = Field(description="How long it was to wait, as reckoned last.")
    why: str | None = Field(default=None, description="Of `caps`: which.")


class Trace(BaseModel):
    """The trace of one answer, or of messages that were given up together. Unknown values are null."""

    prompt: str | None = Field(
        default=None,
        description="SHA-256 of what the model was shown of the conversation and its contact, and of how its owner "
        "writes.",
    )
    turns: int | None = Field(default=None, description="How many turns that was.")
    attempts: int | None = Field(default=None, description="How often the model was asked.")
    model: str | None = Field(default=None, description="Which one answered, as its vendor names it.")
    fallback: int | None = Field(
        default=None, description="Which of the model's `fallbacks` answered, from 1; null: the model itself."
    )
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = Field(default=None, description="Those of `prompt_tokens` that were read before.")
    cost: float | None = Field(default=None, description="What all these calls cost; null where nobody knows.")
    currency: str | None = Field(default=None, description="Of `cost`.")
    taken: datetime | None = Field(default=None, description="When the waiting was over.")
    asked: datetime | None = Field(default=None, description="When the model was asked, the last time.")
    ended: datetime | None = Field(default=None, description="When it had answered, or it was given up.")
    waits: list[TraceWait] = []

    @property
    def stored(self) -> str:
        return self.model_dump_json(exclude_none=True)

    @classmethod
    def read(cls, stored: str | None) -> "Trace | None":
        """Return the stored trace; None if there is none, or this version cannot read it."""
        try:
            return None if stored is None else cls.model_validate_json(stored)
        except ValidationError:
            return None


def traced(
    prompt: Prompt,
    answer: Answer | None,
    *,
    fallback: int | None = None,
    attempts: int,
    used: Sequence[Usage] = (),
    taken: datetime,
    asked: datetime,
    ended: datetime,
    waits: Sequence[TraceWait],
) -> Trace:
    """Return the trace of a call of the model. Without an `answer` the model gave none."""
    said = answer or Answer("")
    priced = bool(used) and all(each.currency for each in used)
    return Trace(
        prompt=fingerprint(prompt),
        turns=len(prompt.turns),
        attempts=attempts,
        model=said.model,
        fallback=fallback,
        prompt_tokens=said.prompt_tokens,
        completion_tokens=said.completion_tokens,
        cached_tokens=said.cached_tokens,
        cost=sum(each.cost for each in used) / MILLION if priced else None,
        currency=used[-1].currency if priced else None,
        taken=taken,
        asked=asked,
        ended=ended,
        waits=list(waits),
    )


def fingerprint(prompt: Prompt) -> str:
    """Return the SHA-256 of the turns as JSON: a list of objects with sorted keys and no whitespace.

    One object is appended for each of these that exists: unseen parts of turns, properties of turns other than plain
    text, facts about the contact, the summary of earlier messages, and the owner's style.
    """
    shown: list[dict[str, Any]] = [
        {"author": turn.author, "content": turn.content, "in_group": turn.in_group, "source": turn.source}
        for turn in prompt.turns
    ]
    if unseen := {str(at): turn.unseen for at, turn in enumerate(prompt.turns) if turn.unseen is not None}:
        shown.append({"unseen": unseen})
    beside = {str(at): told for at, turn in enumerate(prompt.turns) if (told := _beside(turn))}
    if beside:
        shown.append({"beside": beside})
    contact, guidance = prompt.contact, prompt.guidance
    if contact is not None and (told := {key: value for key, value in asdict(contact).items() if value}):
        shown.append(dict(sorted(told.items())))
    if prompt.summary:
        shown.append({"earlier": prompt.summary})
    if guidance is not None:
        examples = [[example.asked, example.answered] for example in guidance.examples]
        shown.append({"examples": examples, "style": guidance.style})
    return hashlib.sha256(json.dumps(shown, separators=(",", ":")).encode()).hexdigest()


def _beside(turn: Turn) -> dict[str, Any]:
    """Return the properties of a turn besides its text; empty for plain text."""
    told = {"kind": turn.kind.value, "details": turn.details, "forwarded": turn.forwarded}
    told = {name: value for name, value in told.items() if value and value != MessageKind.TEXT.value}
    return told | ({"about": asdict(turn.about)} if turn.about is not None else {})


class WaitLog:
    """The waits of each conversation since its last answer, as far as this run knows them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._found: dict[str, dict[WaitReason, TraceWait]] = {}

    def note(self, conversation: str, what: WaitReason, until: datetime | float, why: str | None = None) -> None:
        """Record a wait. `until` is a moment or a number of seconds."""
        now = self._now()
        found = self._found.setdefault(conversation, {})
        since = found[what].since if what in found else now
        end = until if isinstance(until, datetime) else now + timedelta(seconds=until)
        found[what] = TraceWait(what=what, since=since, until=end, why=why)

    def pop(self, conversation: str) -> list[TraceWait]:
        """Return all waits of a conversation and clear them."""
        return list(self._found.pop(conversation, {}).values())
