"""Calling somebody else's methods, plain or async, without letting them hold anybody up."""

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
"""Seconds that the event loop waits for a thread to begin, which it does at once."""
THREADS = 6
"""Of `asyncio.to_thread`."""


def start_threads() -> None:
    """Have the threads of `asyncio.to_thread` run from now on.

    `threading.Thread.start` waits for the thread to say that it runs. Where there is no memory left for that, it waits
    for good, and so would the event loop (python/cpython#140746).
    """
    threads, all_there = ThreadPoolExecutor(THREADS), Barrier(THREADS)
    for _ in range(THREADS):
        threads.submit(all_there.wait)
    asyncio.get_running_loop().set_default_executor(threads)


class Abilities:
    """Which protocols an object fulfils. Each is looked at once: Python 3.11 takes some 10 µs for every look."""

    def __init__(self, provider: object) -> None:
        self._provider = provider
        self._found: dict[type, bool] = {}

    def __contains__(self, ability: type) -> bool:
        found = self._found.get(ability)
        if found is None:
            found = self._found[ability] = isinstance(self._provider, ability)
        return found


async def make(provider: type, *args: Any) -> Any:
    """In a thread, for a constructor may block. Raises: TimeoutError, or whatever it raises."""
    async with asyncio.timeout(MAKE_DEADLINE):
        return await call(provider, *args)


async def call(method: Callable[..., Any], *args: Any) -> Any:
    """Call a plain or an async method. A plain one runs in a thread of its own."""
    result = method(*args) if inspect.iscoroutinefunction(method) else await _in_thread(method, *args)
    return await result if inspect.isawaitable(result) else result


async def _in_thread(method: Callable[..., Any], *args: Any) -> Any:
    """Run in a fresh daemon thread: one that hangs takes no place from others and does not hold up the exit."""
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

    # Not `threading.Thread.start`, see above. Where the thread has no memory to begin, the caller's deadline ends it.
    _thread.start_new_thread(run, ())
    begun.wait(BEGIN_DEADLINE)  # so that calls begin in the order in which they were made
    return await done
