"""A queue of names, the longest waiting first."""

from bisect import bisect_left
from collections.abc import Iterator


class FairQueue:
    """Names with the reason why each waits. Finding a name's position takes logarithmic time."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[int, str]] = {}
        self._numbers: list[int] = []
        """The numbers of all waiting names, in ascending order."""
        self._next = 0

    def enter(self, name: str, why: str) -> None:
        """Add a name. A name that is already queued keeps its place."""
        number, _ = self._waiting.get(name, (self._next, ""))
        if number == self._next:
            self._numbers.append(number)
            self._next += 1
        self._waiting[name] = (number, why)

    def leave(self, name: str) -> None:
        if name in self._waiting:
            number, _ = self._waiting.pop(name)
            del self._numbers[bisect_left(self._numbers, number)]

    def ahead_of(self, name: str) -> int:
        """Return how many names have waited longer."""
        if name not in self._waiting:
            return len(self._numbers)
        return bisect_left(self._numbers, self._waiting[name][0])

    def whys(self) -> Iterator[str]:
        return (why for _, why in self._waiting.values())
