"""Recent refusals by the platform, and how careful they make an account. Pure: times are passed in, in seconds.

WhatsApp's code 463 has two meanings. Either a contact's trust token is missing or stale: then only this chat is
refused, and the client fetches a new token by itself. Or the account may not reach out at all for hours or days: then
every chat that is new to it is refused, and each further try makes it worse. A single refusal does not tell the two
apart. So that chat rests and the account slows down, and when a second chat is refused, the account pauses.
"""

REACH_OUT_LOCKED = 463
TOO_MANY_REQUESTS = 429
RESTART_REQUIRED = 515
"""Part of every linking, not an error."""

REMEMBERED = 6 * 3600.0
SLOW_AT = 3
PAUSE_AT = 6
"""Points: one for a refusal, three for a 463 or 429.

A chat that is refused again counts once, with its latest refusal.
"""
SHORTEST_PAUSE = 15 * 60.0
LONGEST_PAUSE = 24 * 3600.0
MOST = 100
_LINK = ""


class RefusalTracker:
    """The refusals of one account."""

    __slots__ = ("_count", "_points", "code")

    def __init__(self) -> None:
        self._points: dict[str | int, tuple[float, int]] = {}
        """Time and points of each refusal, by chat, or by number if it does not concern a single chat."""
        self._count = 0
        self.code: int | None = None
        """The code of the latest refusal."""

    def refused(self, now: float, conversation: str, code: int | None) -> None:
        """Record a refused answer. A 5xx or 429 does not concern a single chat, so each one counts."""
        of_chat = code is None or (code < 500 and code != TOO_MANY_REQUESTS)
        weight = SLOW_AT if code in (REACH_OUT_LOCKED, TOO_MANY_REQUESTS) else 1
        self._add(conversation if of_chat else self._number(), now, weight, code)

    def dropped(self, now: float, code: int) -> None:
        """Record that the platform ended the link with an error. An outage slows the account but never pauses it."""
        if code == TOO_MANY_REQUESTS or (code >= 500 and code != RESTART_REQUIRED):
            _, before = self._points.get(_LINK, (now, 0))
            weight = SLOW_AT if code == TOO_MANY_REQUESTS else 1
            self._add(_LINK, now, min(before + weight, SLOW_AT), code)

    def remember_pause(self, now: float) -> None:
        """Record that an earlier run paused the account."""
        self._add(self._number(), now, PAUSE_AT, None)

    def forget(self) -> None:
        self._points.clear()

    def forget_who(self, conversation: str) -> None:
        """Forget which conversation was refused; its refusals still count."""
        if conversation in self._points:
            number = self._number()
            self._points = {number if key == conversation else key: value for key, value in self._points.items()}

    def points(self, now: float) -> int:
        for key in [key for key, (time, _) in self._points.items() if time <= now - REMEMBERED]:
            del self._points[key]
        return sum(points for _, points in self._points.values())

    def is_slow(self, now: float) -> bool:
        return bool(self._points) and self.points(now) >= SLOW_AT

    def pause(self, now: float) -> float | None:
        """Return the seconds for which the account should pause now, or None. They double with each point."""
        over = self.points(now) - PAUSE_AT
        return None if over < 0 else min(SHORTEST_PAUSE * 2.0 ** min(over, 16), LONGEST_PAUSE)

    def ends(self, now: float) -> float:
        """Return the seconds until the account is no longer slow."""
        left = self.points(now)
        for time, points in sorted(self._points.values()):
            left -= points
            if left < SLOW_AT:
                return time + REMEMBERED - now
        return 0.0

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _add(self, key: str | int, now: float, points: int, code: int | None) -> None:
        self._points.pop(key, None)
        self._points[key] = (now, points)
        self.code = code if code is not None else self.code
        if len(self._points) > MOST:
            del self._points[next(iter(self._points))]
