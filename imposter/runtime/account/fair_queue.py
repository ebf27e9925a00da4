"""Who waits for a turn, the longest waiting first."""

from bisect import bisect_left
from collections.abc import Iterator


class FairQueue:
    """Names, each with why it waits. Asking for a place is cheap, however many wait."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[int, str]] = {}
        self._numbers: list[int] = []
        """Those that were drawn by who still waits, in order."""
        self._next = 0

    def enter(self, name: str, why: str) -> None:
        """Who is in line already stays in place."""
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
        """How many have waited for longer."""
        if name not in self._waiting:
            return len(self._numbers)
        return bisect_left(self._numbers, self._waiting[name][0])

    def whys(self) -> Iterator[str]:
        return (why for _, why in self._waiting.values())
