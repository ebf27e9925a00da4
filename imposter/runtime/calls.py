"""Calling somebody else's methods, plain or async, without letting them hold anybody up."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

MAKE_DEADLINE = 10.0
"""Seconds."""


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

    def run() -> None:
        try:
            outcome: tuple[Any, BaseException | None] = (method(*args), None)
        except BaseException as error:  # noqa: BLE001 - the thread ends here; the caller gets the error
            outcome = (None, error if isinstance(error, Exception) else RuntimeError(type(error).__name__))
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name=f"call:{getattr(method, '__qualname__', method)}", daemon=True).start()
    return await done
