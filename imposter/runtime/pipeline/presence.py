"""Presence that a contact sees: read receipts and the typing indicator.

It delays nothing, and its errors are ignored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from imposter.logs import trace_of
from imposter.runtime.providers.chat_adapter import ChatAdapter

log = structlog.get_logger()


class PresenceUpdater:
    """The presence of one running bot. Each call returns at once; the updates of one chat are sent in order."""

    def __init__(self, instance_id: str, chat: ChatAdapter) -> None:
        self._instance_id = instance_id
        self._chat = chat
        self._newest: dict[str, asyncio.Task[None]] = {}
        """The latest update by recipient; each waits for the one before."""
        self._tasks: set[asyncio.Task[None]] = set()

    def read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        """Send read receipts for these messages: message id and sender's id of each."""
        self._show(recipient, partial(self._chat.mark_read, recipient, messages))

    def typing(self, recipient: str) -> None:
        """Show the typing indicator until a message is sent or `idle` is called."""
        self._show(recipient, partial(self._chat.show_typing, recipient, True))

    def idle(self, recipient: str) -> None:
        self._show(recipient, partial(self._chat.show_typing, recipient, False))

    def sent(self, recipient: str) -> None:
        """Clear the typing indicator after a send: an update still under way would otherwise stay visible."""
        if recipient in self._newest:
            self.idle(recipient)

    def watch(self, recipient: str) -> None:
        """Ask the platform to report when the contact types."""
        self._show(recipient, partial(self._chat.watch_typing, recipient))

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _show(self, recipient: str, call: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._try(self._newest.get(recipient), call), name=f"sight:{self._instance_id}")
        self._newest[recipient] = task
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, recipient))

    async def _try(self, before: asyncio.Task[None] | None, call: Callable[[], Awaitable[None]]) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await call()
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; no answer depends on it
            log.debug("not shown to the contact", bot=self._instance_id, **trace_of(error))

    def _done(self, recipient: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._newest.get(recipient) is task:
            del self._newest[recipient]
