"""Who is answered. Every rule that says no gives its reason; what is unknown is never answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from imposter.contracts.config import BotConfig
from imposter.contracts.messages import Message, Source
from imposter.storage.records import MessageState, Verdict

BEFORE_LINKING = "before_linking"
"""A provider's note on what was sent before the account was linked: part of the conversation, never answered."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One bot's rules. `allowed` holds canonical ids; None allows everyone, an empty set nobody."""

    allowed: frozenset[str] | None
    groups: bool
    answer_within: timedelta | None
    """What was sent while we were away is answered while it is younger than this; None: whatever its age."""
    canonical: Callable[[str], str]

    @classmethod
    def of(cls, config: BotConfig, canonical: Callable[[str], str]) -> "Rules":
        listed = config.respond_to_whitelist
        return cls(
            allowed=None if listed is None else frozenset(canonical(entry) for entry in listed),
            groups=config.allow_group_messages,
            answer_within=config.answer_within,
            canonical=canonical,
        )

    def judge(self, message: Message, known_ids: frozenset[str], now: datetime) -> Verdict:
        """What becomes of `message`, given every id known for its sender and its chat."""
        if message.source is Source.OWNER:
            return Verdict(MessageState.CONTEXT, "owner")
        if message.source is not Source.CONTACT:
            return Verdict(MessageState.IGNORED, "own_echo")
        if not message.answerable and message.note != BEFORE_LINKING:
            return Verdict(MessageState.IGNORED, message.note or "not_answerable")
        if not message.content.strip():
            return Verdict(MessageState.IGNORED, "empty")
        if message.group is not None and not self.groups:
            return Verdict(MessageState.IGNORED, "groups_off")
        if self.allowed is not None and not self._allows(known_ids):
            return Verdict(MessageState.IGNORED, "not_allowed")
        if not message.answerable:
            return Verdict(MessageState.CONTEXT, message.note)
        if message.offline and self.answer_within is not None and now - message.sent_at > self.answer_within:
            return Verdict(MessageState.CONTEXT, "too_old")
        return Verdict(MessageState.WAITING)

    def _allows(self, ids: frozenset[str]) -> bool:
        return self.allowed is not None and any(self.canonical(name) in self.allowed for name in ids)
