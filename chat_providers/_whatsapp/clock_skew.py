"""The difference between WhatsApp's clock and ours."""

from datetime import UTC, datetime, timedelta

SAME = 5.0
"""Seconds that are ignored. WhatsApp's times are in whole seconds, and messages take some time to arrive."""


class PlatformClock:
    """WhatsApp's clock, continued by one of ours that never jumps (`steady`, in seconds)."""

    def __init__(self) -> None:
        self._ahead: float | None = None

    def told(self, seconds: float, steady: float) -> None:
        """Set WhatsApp's time, in seconds since 1970."""
        self._ahead = seconds - steady

    def ours(self, sent_at: int, now: datetime, steady: float) -> datetime:
        """Convert WhatsApp's time `sent_at` to our clock, which says `now`."""
        moment = datetime.fromtimestamp(sent_at, UTC)
        off = 0.0 if self._ahead is None else steady + self._ahead - now.timestamp()
        return moment - timedelta(seconds=round(off)) if abs(off) > SAME else moment
