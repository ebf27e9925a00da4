"""The status of one bot: its link, and the last error that cost a contact an answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from imposter.contracts.status import LinkState, LinkStatus

log = structlog.get_logger()


class LinkStatusTracker:
    """The status of one bot. `changed` is called whenever it may have changed."""

    def __init__(self, instance_id: str, now: Callable[[], datetime], changed: Callable[[], None]) -> None:
        self.link = LinkStatus(status=LinkState.STOPPED)
        self._instance_id = instance_id
        self._now = now
        self._changed = changed
        self._since = now()
        self._error: tuple[str, datetime] | None = None
        self._pause: tuple[str, datetime] | None = None
        """The last error that reported a pause."""

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields of `BotStatus`."""
        error, error_at = self._error or (None, None)
        return {"since": self._since, "last_error": error, "last_error_at": error_at} | self.link.model_dump()

    def move(self, link: LinkStatus) -> None:
        if link == self.link:
            return
        if link.status is not self.link.status:
            self._since = self._now()
            log.info("bot is now", bot=self._instance_id, status=link.status.value)
        self.link = link
        self._changed()

    def failed(self, sentence: str) -> None:
        self._error = (sentence, self._now())
        self._changed()

    def paused(self, sentence: str) -> None:
        self.failed(sentence)
        self._pause = self._error

    def pauses_ended(self) -> None:
        if self._error is self._pause:
            self._error = None
        self._pause = None
        self._changed()
