"""The eligibility rules: which messages are answered. Every refusal has a reason; unknown cases are never answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from imposter.behaviour.active_hours import is_open, opening
from imposter.behaviour.mentions import calls
from imposter.behaviour.message_text import is_blank
from imposter.contracts.behaviour import Autonomy, Behaviour, GroupTrigger, MissedCall, Outside
from imposter.contracts.config import BotConfig
from imposter.contracts.messages import ASIDE, CHANGES, NOT_SAID, Message, MessageKind, Source
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.pauses import COMMAND
from imposter.domain.reasons import ForeignReason, Reason
from imposter.runtime.policy.contact_policy import ContactPolicy
from imposter.runtime.policy.owner_commands import OwnerCommand, order_in

NOT_SPEAKING = {MessageKind.REACTION, MessageKind.CALL, MessageKind.NOTICE, MessageKind.POLL_VOTE}
ANSWERING = {Autonomy.DRAFT, Autonomy.AUTO_IN_HOURS, Autonomy.AUTO}
MISSED_CALL = "missed_call"
"""A provider's note on a missed call. `details` that begin with "missed" mean the same."""
NOT_MISSED = Reason.CALL_NOT_MISSED
BEFORE_LINKING = Reason.BEFORE_LINKING
"""A provider's note on a message sent before the account was linked. It becomes context and is never answered."""


@dataclass(frozen=True, slots=True)
class EligibilityPolicy:
    """The rules of one bot. `allowed` holds canonical ids; None allows everyone, an empty set nobody."""

    allowed: frozenset[str] | None
    groups: bool
    answer_within: timedelta | None
    """Maximum age at which a message sent while the account was offline is answered; None: any age."""
    canonical: Callable[[str], str]
    contact_policy: ContactPolicy
    own_chat: bool = False
    """Whether the platform has a chat of the owner with themselves."""

    @classmethod
    def of(cls, config: BotConfig, canonical: Callable[[str], str], *, own_chat: bool = False) -> "EligibilityPolicy":
        listed = config.respond_to_whitelist
        return cls(
            allowed=None if listed is None else frozenset(canonical(entry) for entry in listed),
            groups=config.allow_group_messages,
            answer_within=config.answer_within,
            canonical=canonical,
            contact_policy=ContactPolicy.of(config, canonical),
            own_chat=own_chat,
        )

    def judge(self, message: Message, known_ids: frozenset[str], now: datetime) -> Verdict:
        """Return the decision on `message`, given every id known for its sender and its chat."""
        behaviour = self.contact_policy.behaviour_for(known_ids)
        if message.kind in CHANGES:
            return Verdict(MessageState.IGNORED, ForeignReason(message.kind.value), keeps_wording=behaviour.keep_edits)
        if message.source is Source.OWNER:
            return self._of_owner(message, known_ids, behaviour)
        if message.source is not Source.CONTACT:
            return Verdict(MessageState.IGNORED, Reason.OWN_ECHO)
        is_part = message.kind in ASIDE or message.note == BEFORE_LINKING
        if message.kind in NOT_SAID or not (message.answerable or is_part):
            return Verdict(MessageState.IGNORED, ForeignReason(message.note) if message.note else Reason.NOT_ANSWERABLE)
        is_empty = not (message.details or message.unseen) and is_blank(message.content)
        if message.kind is MessageKind.TEXT and is_empty:
            return Verdict(MessageState.IGNORED, Reason.EMPTY)
        if message.group is not None and not self.groups:
            return Verdict(MessageState.IGNORED, Reason.GROUPS_OFF)
        if self.allowed is not None and not self._allows(known_ids):
            return Verdict(MessageState.IGNORED, Reason.NOT_ALLOWED)
        if behaviour.autonomy is Autonomy.OFF:
            return Verdict(MessageState.IGNORED, Reason.AUTONOMY_OFF)
        if message.note == BEFORE_LINKING:
            return Verdict(MessageState.CONTEXT, BEFORE_LINKING)
        is_missed = _is_missed_call(message)
        if message.kind is MessageKind.CALL and not is_missed:
            return Verdict(MessageState.CONTEXT, NOT_MISSED)
        if message.kind in ASIDE and not (is_missed and behaviour.missed_call is not MissedCall.IGNORE):
            return Verdict(MessageState.CONTEXT, ForeignReason(message.kind.value))
        unasked = self._unasked(message, behaviour)
        if unasked is not None:
            return Verdict(MessageState.CONTEXT, unasked)
        begun = opening(behaviour.waiting_hours, message.sent_at)
        if message.offline and self.answer_within is not None and now - begun > self.answer_within:
            return Verdict(MessageState.CONTEXT, Reason.TOO_OLD)
        return Verdict(MessageState.WAITING)

    def _of_owner(self, message: Message, known_ids: frozenset[str], behaviour: Behaviour) -> Verdict:
        order = order_in(message, behaviour)
        if self._is_own_chat(message, known_ids):
            if order is None and message.reacts_to is None and message.quotes is None:
                return Verdict(MessageState.IGNORED, Reason.OWN_CHAT)
            return Verdict(MessageState.WAITING)
        if order is OwnerCommand.PAUSE:
            return Verdict(MessageState.IGNORED, COMMAND, pauses=True)
        if order is OwnerCommand.RESUME:
            return Verdict(MessageState.IGNORED, COMMAND, resumes=True)
        if message.kind is MessageKind.NOTICE:
            return Verdict(MessageState.IGNORED, ForeignReason(message.note) if message.note else Reason.NOT_ANSWERABLE)
        return Verdict(MessageState.CONTEXT, Reason.OWNER, silence=_silence(message, behaviour))

    def _is_own_chat(self, message: Message, known_ids: frozenset[str]) -> bool:
        """Return whether the message is in the owner's chat with themselves: then the chat has the owner's ids."""
        mine = map(self.canonical, message.sender.identifiers)
        return self.own_chat and message.group is None and not known_ids.isdisjoint(mine)

    def _unasked(self, message: Message, behaviour: Behaviour) -> Reason | None:
        """Return why a message of an allowed contact needs no answer; None if it does."""
        if behaviour.autonomy not in ANSWERING:
            return Reason.OBSERVED
        if message.group is not None:
            # If there is a list, it allows every message that gets this far.
            trigger = behaviour.group_trigger or (GroupTrigger.MENTION if self.allowed is None else GroupTrigger.ALWAYS)
            if trigger is GroupTrigger.NEVER:
                return Reason.GROUPS_NEVER
            called = message.addressed or calls(message.content, behaviour.names)
            if trigger is not GroupTrigger.ALWAYS and not called:
                return Reason.NOT_ADDRESSED
        hours = behaviour.waiting_hours
        if hours is not None and hours.outside is not Outside.WAIT and not is_open(hours, message.sent_at):
            return Reason.OUTSIDE_HOURS
        return None

    def _allows(self, ids: frozenset[str]) -> bool:
        return self.allowed is not None and any(self.canonical(name) in self.allowed for name in ids)


def _is_missed_call(message: Message) -> bool:
    told = message.note == MISSED_CALL or message.details.lower().startswith("missed")
    return message.kind is MessageKind.CALL and told


def _silence(message: Message, behaviour: Behaviour) -> timedelta | None:
    """Return how long the bot is silent after a message of the owner; None if it is no takeover.

    A reaction or a call is no takeover. A message whose content cannot be read is one.
    """
    if message.group is not None or message.kind in NOT_SPEAKING or message.reacts_to is not None:
        return None
    if message.note == BEFORE_LINKING or not behaviour.takeover_minutes:
        return None
    return timedelta(minutes=behaviour.takeover_minutes)
