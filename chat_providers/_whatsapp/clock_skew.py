"""What time it is at WhatsApp, which need not be what it is here."""

from datetime import UTC, datetime, timedelta

SAME = 5.0
"""Seconds. WhatsApp's times are whole ones, and some time passes on the way."""


class PlatformClock:
    """WhatsApp's clock, carried on by one of ours that never jumps (`steady`, in seconds)."""

    def __init__(self) -> None:
        self._ahead: float | None = None

    def told(self, seconds: float, steady: float) -> None:
        """It is so many seconds after 1970 there."""
        self._ahead = seconds - steady

    def ours(self, sent_at: int, now: datetime, steady: float) -> datetime:
        """When it was by our clock, which says `now`, that it was `sent_at` there."""
        moment = datetime.fromtimestamp(sent_at, UTC)
        off = 0.0 if self._ahead is None else steady + self._ahead - now.timestamp()
        return moment - timedelta(seconds=round(off)) if abs(off) > SAME else moment
