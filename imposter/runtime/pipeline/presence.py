"""What a contact sees of somebody who answers: ticks that turn blue, and "typing". It delays and fails nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from imposter.logs import trace_of
from imposter.runtime.providers.chat_adapter import ChatAdapter

log = structlog.get_logger()


class PresenceUpdater:
    """Of one bot while it runs; each call returns at once, and in one chat they are done in order."""

    def __init__(self, instance_id: str, chat: ChatAdapter) -> None:
        self._instance_id = instance_id
        self._chat = chat
        self._newest: dict[str, asyncio.Task[None]] = {}
        """By recipient; it waits for the one before."""
        self._tasks: set[asyncio.Task[None]] = set()

    def read(self, recipient: str, messages: Sequence[tuple[str, str]]) -> None:
        """These were looked at: message id and sender's id of each."""
        self._show(recipient, partial(self._chat.mark_read, recipient, messages))

    def typing(self, recipient: str) -> None:
        """Shown until something is sent, or `idle`."""
        self._show(recipient, partial(self._chat.show_typing, recipient, True))

    def idle(self, recipient: str) -> None:
        self._show(recipient, partial(self._chat.show_typing, recipient, False))

    def sent(self, recipient: str) -> None:
        """What comes to be shown only after this would stay."""
        if recipient in self._newest:
            self.idle(recipient)

    def watch(self, recipient: str) -> None:
        """Have the platform tell when they type."""
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
        except Exception as error:  # noqa: BLE001 - a provider may raise anything, and this costs nobody an answer
            log.debug("not shown to the contact", bot=self._instance_id, **trace_of(error))

    def _done(self, recipient: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._newest.get(recipient) is task:
            del self._newest[recipient]
