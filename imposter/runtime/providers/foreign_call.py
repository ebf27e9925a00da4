"""Calls of foreign methods, plain or async, which must not block the event loop."""

import _thread
import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

MAKE_DEADLINE = 10.0
"""Seconds."""
BEGIN_DEADLINE = 0.5
"""Maximum seconds for which the event loop waits for a thread to begin. A thread normally begins at once."""
THREADS = 6
"""Number of threads of `asyncio.to_thread`."""


def start_threads() -> None:
    """Start all threads of `asyncio.to_thread` now.

    `threading.Thread.start` waits until the thread reports that it runs. If there is no memory for that, it waits
    forever, and with it the event loop (python/cpython#140746).
    """
    threads, all_there = ThreadPoolExecutor(THREADS), Barrier(THREADS)
    for _ in range(THREADS):
        threads.submit(all_there.wait)
    asyncio.get_running_loop().set_default_executor(threads)


class Abilities:
    """The protocols that an object implements. Each check is cached, because it takes about 10 µs on Python 3.11."""

    def __init__(self, provider: object) -> None:
        self._provider = provider
        self._found: dict[type, bool] = {}

    def __contains__(self, ability: type) -> bool:
        found = self._found.get(ability)
        if found is None:
            found = self._found[ability] = isinstance(self._provider, ability)
        return found


async def make(provider: type, *args: Any) -> Any:
    """Create a provider in a thread, because its constructor may block.

    Raises: TimeoutError, any error of the constructor.
    """
    async with asyncio.timeout(MAKE_DEADLINE):
        return await call(provider, *args)


async def call(method: Callable[..., Any], *args: Any) -> Any:
    """Call a plain or async method. A plain method runs in a thread of its own."""
    result = method(*args) if inspect.iscoroutinefunction(method) else await _in_thread(method, *args)
    return await result if inspect.isawaitable(result) else result


async def _in_thread(method: Callable[..., Any], *args: Any) -> Any:
    """Run a method in a new daemon thread, so that one that hangs takes no pool thread and does not delay the exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    begun = Event()

    def run() -> None:
        begun.set()
        try:
            outcome: tuple[Any, BaseException | None] = (method(*args), None)
        except BaseException as error:  # noqa: BLE001 - the thread ends here; the caller gets the error
            outcome = (None, error if isinstance(error, Exception) else RuntimeError(type(error).__name__))
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    # Not `threading.Thread.start`, see `start_threads`. If there is no memory for the thread, the caller's deadline
    # ends it.
    _thread.start_new_thread(run, ())
    begun.wait(BEGIN_DEADLINE)  # so that calls begin in the order in which they were made
    return await done
