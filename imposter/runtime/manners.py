"""How a bot behaves towards whom, and when what they wrote is to be answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from imposter.behaviour import bursts
from imposter.behaviour.hours import is_open, opening
from imposter.contracts.behaviour import Behaviour, Pace
from imposter.contracts.config import BotConfig
from imposter.contracts.messages import Source
from imposter.storage.records import StoredMessage, Timing

LATE = timedelta(minutes=15)
"""What came within the active hours may be answered for so long after their end."""


@dataclass(frozen=True, slots=True)
class Manners:
    """One bot's. `others` holds, by canonical id, the place of their entry in the config and what it comes to."""

    base: Behaviour
    others: Mapping[str, tuple[int, Behaviour]]
    canonical: Callable[[str], str]

    @classmethod
    def of(cls, config: BotConfig, canonical: Callable[[str], str]) -> "Manners":
        others: dict[str, tuple[int, Behaviour]] = {}
        for place, contact in enumerate(config.contacts):
            others.setdefault(canonical(contact.id), (place, contact.over(config.behaviour_config)))
        return cls(config.behaviour_config, others, canonical)

    def towards(self, ids: frozenset[str]) -> Behaviour:
        """For whom all of these ids stand: that of the first entry that names one of them."""
        if not self.others:
            return self.base
        found = [self.others[name] for name in map(self.canonical, ids) if name in self.others]
        return min(found, key=lambda entry: entry[0])[1] if found else self.base

    @property
    def is_prompt(self) -> bool:
        """Whether everybody is answered at once, at any hour."""
        base = self.base
        prompt = not base.debounce_seconds and base.waiting_hours is None and base.pace is Pace.OFF
        return prompt and not self.others  # who it is must be known where anybody is treated otherwise


class TurnTiming(Timing):
    """For one look at what waits in a conversation.

    `now` is when that look began, `typing_until` until when somebody is believed to type there.
    """

    def __init__(
        self,
        manners: Manners,
        now: datetime,
        typing_until: Callable[[Sequence[StoredMessage]], datetime | None] = lambda waits: None,
    ) -> None:
        self.in_burst = False
        """Whether what waits does so only because more may come."""
        self._manners = manners
        self._now = now
        self._typing_until = typing_until

    def due_at(self, waits: Sequence[StoredMessage], known_ids: frozenset[str]) -> datetime:
        if waits[-1].source is Source.OWNER:
            return self._now
        behaviour = self._manners.towards(known_ids)
        first, last = waits[0].received_at, waits[-1].received_at
        finished = bursts.due_at(first, last, behaviour, self._typing_until(waits))
        if last > self._now:  # the clock was set back: how long ago it came, nobody knows
            finished = self._now
        moment, hours = max(finished, self._now), behaviour.waiting_hours
        in_time = any(moment - each.received_at <= LATE and is_open(hours, each.sent_at) for each in waits)
        if in_time or is_open(hours, moment):
            self.in_burst = finished > self._now
            return finished
        return opening(hours, moment)

    def counts_from(self, message: StoredMessage, known_ids: frozenset[str]) -> datetime:
        return max(message.received_at, opening(self._manners.towards(known_ids).waiting_hours, message.sent_at))
