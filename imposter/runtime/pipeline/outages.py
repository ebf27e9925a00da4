"""Model outages: the messages that waited, the dead letters to retry, and one sentence for the owner."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imposter.contracts.errors import ModelUnavailable, ResourceExhausted
from imposter.domain.messages import StoredMessage

OUTAGES = (ModelUnavailable.__name__, ResourceExhausted.__name__)
"""Reasons of the dead letters that an outage leaves."""


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """A dead letter that an outage left."""

    seq: int
    conversation: str
    messages: int
    at: datetime
    """Time at which the last of its messages was received."""


@dataclass(slots=True)
class _Outage:
    began: datetime
    ended: datetime | None = None
    lasting: bool = False
    """Whether the owner is to be told of the outage."""
    waiting: dict[str, set[int]] = field(default_factory=dict)
    """By conversation, the messages that the model failed on and that still need an answer."""
    seen: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    letters: dict[int, FailedMessage] = field(default_factory=dict)
    tried: set[int] = field(default_factory=set)
    """Dead letters that were retried already; each is retried only once."""
    retrying: bool = False


class Outages:
    """The model outages of one running bot. Pure except for its arguments. `tell` is given a sentence for the owner."""

    def __init__(self, now: Callable[[], datetime], tell: Callable[[str], None]) -> None:
        self._now = now
        self._tell = tell
        self._outages: dict[object, _Outage] = {}
        """Outages by model."""

    def failed(self, model: object, messages: Sequence[StoredMessage]) -> None:
        """Record that the model failed on these messages and may answer later."""
        outage = self._outages.setdefault(model, _Outage(self._now()))
        outage.ended = None
        seqs = {message.seq for message in messages}
        outage.waiting.setdefault(messages[-1].conversation, set()).update(seqs)
        outage.seen |= seqs

    def lasts(self, model: object) -> bool:
        """Record that the outage is a lasting one. Return whether that is new."""
        outage = self._outages.get(model)
        if outage is None or outage.lasting:
            return False
        outage.lasting = True
        return True

    def gave_up(self, model: object, messages: Sequence[StoredMessage]) -> None:
        """Record that these messages became a dead letter."""
        if (outage := self._outages.get(model)) is not None:
            last, seqs = messages[-1], {message.seq for message in messages}
            outage.lasting = True
            _settle(outage, messages)
            if seqs & outage.tried:
                outage.tried.add(last.seq)
            for seq in seqs & outage.letters.keys():
                del outage.letters[seq]
            outage.letters[last.seq] = FailedMessage(last.seq, last.conversation, len(messages), last.received_at)

    def answered(self, model: object, messages: Sequence[StoredMessage]) -> bool:
        """Record that the model answered these messages. Return whether to retry dead letters (see `take`)."""
        for each in self._outages.values():
            each.answered |= each.seen & {message.seq for message in messages}
            _settle(each, messages)
        outage = self._outages.get(model)
        if outage is None:
            return False
        outage.ended = outage.ended or self._now()
        return not outage.retrying and any(seq not in outage.tried for seq in outage.letters)

    def take(self, model: object, within: timedelta | None) -> list[FailedMessage]:
        """Return the dead letters that are still worth an answer, oldest first. Call `done` afterwards."""
        outage = self._outages.get(model)
        if outage is None or outage.retrying:
            return []
        outage.retrying, now = True, self._now()
        fresh = [
            letter
            for seq, letter in sorted(outage.letters.items())
            if seq not in outage.tried and (within is None or now - letter.at < within)
        ]
        outage.tried |= {letter.seq for letter in fresh}
        return fresh

    def waits_again(self, model: object, letter: FailedMessage) -> None:
        """Record that a dead letter is waiting for an answer again."""
        if (outage := self._outages.get(model)) is not None:
            outage.waiting.setdefault(letter.conversation, set()).add(letter.seq)

    def replaced(self) -> list[object]:
        """Record that other models are used from now on. Return the models that had an outage."""
        for outage in self._outages.values():
            outage.ended = outage.ended or self._now()
        return [*self._outages]

    def done(self, model: object) -> None:
        if (outage := self._outages.get(model)) is not None:
            outage.retrying = False
        self.conclude()

    def left(self, conversation: str) -> None:
        """Record that the conversation has nothing left to do: its waiting messages ended in another way."""
        for outage in self._outages.values():
            outage.waiting.pop(conversation, None)
        self.conclude()

    def conclude(self) -> None:
        """Tell the owner of each outage that is over and has no waiting messages left."""
        for model, outage in [*self._outages.items()]:
            if outage.ended is not None and not outage.waiting and not outage.retrying:
                del self._outages[model]
                if outage.lasting:
                    self._tell(_sentence(outage, outage.ended))


def _settle(outage: _Outage, messages: Sequence[StoredMessage]) -> None:
    conversation = messages[-1].conversation
    waiting = outage.waiting.get(conversation, set())
    waiting.difference_update(message.seq for message in messages)
    if not waiting:
        outage.waiting.pop(conversation, None)


def _sentence(outage: _Outage, ended: datetime) -> str:
    number, answered = len(outage.seen), len(outage.answered)
    left = sum(letter.messages for letter in outage.letters.values() if letter.seq not in outage.answered)
    day = "" if outage.began.date() == ended.date() else f"{ended:%Y-%m-%d} "
    span = f"{outage.began:%Y-%m-%d %H:%M} to {day}{ended:%H:%M} UTC"
    told = f"The model could not be reached from {span}: "
    told += f"{number} message{'' if number == 1 else 's'} waited; {answered} {_was(answered)} answered afterwards"
    stays = "stays" if left == 1 else "stay"
    return f"{told}, {left} {_was(left)} not, and {stays} with the dead letters." if left else f"{told}."


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
