"""Times in which a model could not be reached: what waited meanwhile, what is tried again, and one sentence of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imposter.contracts.errors import ModelUnavailable, ResourceExhausted
from imposter.domain.messages import StoredMessage

OUTAGES = (ModelUnavailable.__name__, ResourceExhausted.__name__)
"""The reasons of dead letters that an outage left."""


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """What ended as a dead letter."""

    seq: int
    conversation: str
    messages: int
    at: datetime
    """When the last of them came in."""


@dataclass(slots=True)
class _Outage:
    began: datetime
    ended: datetime | None = None
    lasting: bool = False
    """Its owner is to hear of it."""
    waiting: dict[str, set[int]] = field(default_factory=dict)
    """By conversation, what the model was asked about in vain and is still to be answered."""
    seen: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    letters: dict[int, FailedMessage] = field(default_factory=dict)
    tried: set[int] = field(default_factory=set)
    """Letters that were taken up again: once is enough."""
    retrying: bool = False


class Outages:
    """One bot's while it runs. Pure but for what it is handed: `tell` gets a sentence for the owner."""

    def __init__(self, now: Callable[[], datetime], tell: Callable[[str], None]) -> None:
        self._now = now
        self._tell = tell
        self._outages: dict[object, _Outage] = {}
        """By model."""

    def failed(self, model: object, messages: Sequence[StoredMessage]) -> None:
        """It was asked about these, and may answer later."""
        outage = self._outages.setdefault(model, _Outage(self._now()))
        outage.ended = None
        seqs = {message.seq for message in messages}
        outage.waiting.setdefault(messages[-1].conversation, set()).update(seqs)
        outage.seen |= seqs

    def lasts(self, model: object) -> bool:
        """It is away for longer than a moment. Gives whether that is new."""
        outage = self._outages.get(model)
        if outage is None or outage.lasting:
            return False
        outage.lasting = True
        return True

    def gave_up(self, model: object, messages: Sequence[StoredMessage]) -> None:
        """These are a dead letter now."""
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
        """It has answered these. Gives whether there are letters to be tried again (`take`)."""
        for each in self._outages.values():
            each.answered |= each.seen & {message.seq for message in messages}
            _settle(each, messages)
        outage = self._outages.get(model)
        if outage is None:
            return False
        outage.ended = outage.ended or self._now()
        return not outage.retrying and any(seq not in outage.tried for seq in outage.letters)

    def take(self, model: object, within: timedelta | None) -> list[FailedMessage]:
        """The letters that are still worth an answer, oldest first; `done` is to follow."""
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
        """It is no dead letter any more."""
        if (outage := self._outages.get(model)) is not None:
            outage.waiting.setdefault(letter.conversation, set()).add(letter.seq)

    def replaced(self) -> list[object]:
        """Other models are asked from now on. Gives those that were away."""
        for outage in self._outages.values():
            outage.ended = outage.ended or self._now()
        return [*self._outages]

    def done(self, model: object) -> None:
        if (outage := self._outages.get(model)) is not None:
            outage.retrying = False
        self.conclude()

    def left(self, conversation: str) -> None:
        """Nothing is to be done there any more: what still waited has ended otherwise."""
        for outage in self._outages.values():
            outage.waiting.pop(conversation, None)
        self.conclude()

    def conclude(self) -> None:
        """Tell of those that are over and left nothing waiting."""
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
