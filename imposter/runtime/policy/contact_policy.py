"""The bot's behaviour towards each contact, and the time at which a turn is due."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from imposter.behaviour import debounce
from imposter.behaviour.active_hours import is_open, opening
from imposter.contracts.behaviour import Behaviour, Pace
from imposter.contracts.config import BotConfig, ContactConfig
from imposter.contracts.messages import Source
from imposter.contracts.model import Contact
from imposter.domain.messages import StoredMessage, Timing

LATE = timedelta(minutes=15)
"""Messages of the active hours may still be answered this long after their end."""


class ContactEntry(NamedTuple):
    """An entry of the config's `contacts`."""

    place: int
    contact: ContactConfig
    behaviour: Behaviour
    """The resulting behaviour."""


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """The behaviour of one bot. `others` holds the contacts with an entry of their own, by canonical id."""

    base: Behaviour
    others: Mapping[str, ContactEntry]
    canonical: Callable[[str], str]

    @classmethod
    def of(cls, config: BotConfig, canonical: Callable[[str], str]) -> "ContactPolicy":
        others: dict[str, ContactEntry] = {}
        for place, contact in enumerate(config.contacts):
            entry = ContactEntry(place, contact, contact.over(config.behaviour_config))
            others.setdefault(canonical(contact.id), entry)
        return cls(config.behaviour_config, others, canonical)

    def behaviour_for(self, ids: Collection[str]) -> Behaviour:
        """Return the behaviour for the contact with these ids: that of the first entry that names one of them."""
        entry = self._entry(ids)
        return self.base if entry is None else entry.behaviour

    def contact(self, ids: Collection[str]) -> ContactConfig | None:
        """Return the first entry that names one of these ids."""
        entry = self._entry(ids)
        return None if entry is None else entry.contact

    def _entry(self, ids: Collection[str]) -> ContactEntry | None:
        if not self.others:
            return None
        found = [self.others[name] for name in map(self.canonical, ids) if name in self.others]
        return min(found, key=lambda entry: entry.place, default=None)

    @property
    def is_prompt(self) -> bool:
        """Whether every contact is answered at once, at any hour."""
        base = self.base
        prompt = not base.debounce_seconds and base.waiting_hours is None and base.pace is Pace.OFF
        return prompt and not self.others  # with entries for contacts, the contact must be known first


def contact_of(
    entry: ContactConfig | None, *, saved_name: str = "", own_name: str = "", is_group: bool = False
) -> Contact:
    """Return the contact that an answer goes to. An entry's instructions are used in that contact's chat only.

    `saved_name` is the name in the owner's address book, used if the config gives no name.
    """
    return Contact(
        name=(entry and entry.name) or saved_name,
        own_name=own_name,
        is_group=is_group,
        instructions=(entry and entry.instructions) or "",
    )


class TurnTiming(Timing):
    """The due times for one check of a conversation.

    `now` is the time of the check. `typing_until` returns the time until which the contact is believed to be typing.
    """

    def __init__(
        self,
        contact_policy: ContactPolicy,
        now: datetime,
        typing_until: Callable[[Sequence[StoredMessage]], datetime | None] = lambda waits: None,
    ) -> None:
        self.in_burst = False
        """Whether the messages wait only because more may arrive."""
        self._contact_policy = contact_policy
        self._now = now
        self._typing_until = typing_until

    def due_at(self, waits: Sequence[StoredMessage], known_ids: frozenset[str]) -> datetime:
        if waits[-1].source is Source.OWNER:
            return self._now
        behaviour = self._contact_policy.behaviour_for(known_ids)
        first, last = waits[0].received_at, waits[-1].received_at
        finished = debounce.due_at(first, last, behaviour, self._typing_until(waits))
        if last > self._now:  # the clock was set back, so the message's age is unknown
            finished = self._now
        moment, hours = max(finished, self._now), behaviour.waiting_hours
        in_time = any(moment - each.received_at <= LATE and is_open(hours, each.sent_at) for each in waits)
        if in_time or is_open(hours, moment):
            self.in_burst = finished > self._now
            return finished
        return opening(hours, moment)

    def counts_from(self, message: StoredMessage, known_ids: frozenset[str]) -> datetime:
        return max(
            message.received_at, opening(self._contact_policy.behaviour_for(known_ids).waiting_hours, message.sent_at)
        )
