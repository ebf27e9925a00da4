"""One check of a provider: the rule, what was found, and the cure."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NoReturn, TypeVar

from imposter.runtime.providers.discovery import ProviderFile

POLL = 0.005
"""Seconds between two looks at a fact that is awaited."""

HANGS = "Look for a call that waits without an end."
MEND = "Mend the code there, or raise what the guide asks for."

Rig = TypeVar("Rig")


class Outcome(StrEnum):
    HOLDS = "holds"
    SKIPPED = "skipped"
    FAILS = "FAILS"


class Failed(Exception):
    """The provider breaks the rule. `cure` says what its author can do."""

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure


class Skipped(Exception):
    """The rule cannot be checked here, or does not apply; the text says why."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found."""

    rule: str
    outcome: Outcome
    detail: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Check(Generic[Rig]):
    """A rule and the function that checks it: it returns, or raises Failed or Skipped."""

    name: str
    rule: str
    function: Callable[[Rig], Awaitable[None]]

    async def run(
        self, open_rig: Callable[[], AbstractAsyncContextManager[Rig]], file: ProviderFile, deadline: float
    ) -> Result:
        """Check the rule with a new rig, in `deadline` seconds at most. Never raises what the provider raises."""
        try:
            async with asyncio.timeout(deadline) as limit, open_rig() as rig:
                await self.function(rig)
        except Skipped as error:
            return Result(self.rule, Outcome.SKIPPED, str(error))
        except Failed as error:
            return Result(self.rule, Outcome.FAILS, error.what, error.cure)
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; its author is told
            if isinstance(error, TimeoutError) and limit.expired():
                return Result(self.rule, Outcome.FAILS, f"The check did not end within {deadline:.0f} s.", HANGS)
            return Result(self.rule, Outcome.FAILS, raised(error, file), MEND)
        return Result(self.rule, Outcome.HOLDS)


class Checks(list[Check[Rig]]):
    """The checks of one kind of provider, in the order in which they are written."""

    def add(self, rule: str) -> Callable[[Callable[[Rig], Awaitable[None]]], Callable[[Rig], Awaitable[None]]]:
        """Make a check of a function."""

        def keep(function: Callable[[Rig], Awaitable[None]]) -> Callable[[Rig], Awaitable[None]]:
            self.append(Check(function.__name__, rule, function))
            return function

        return keep


def require(holds: object, what: str, cure: str = "") -> None:
    """Raises: Failed, unless it holds."""
    if not holds:
        raise Failed(what, cure)


def skip(why: str) -> NoReturn:
    raise Skipped(why)


async def comes_true(fact: Callable[[], Awaitable[bool]], patience: float) -> bool:
    """Whether the fact is true within `patience` seconds."""
    end = time.monotonic() + patience
    while not await fact():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(POLL)
    return True


async def until(fact: Callable[[], Awaitable[bool]], patience: float, what: str, cure: str = "") -> None:
    """Wait for a fact. Raises: Failed, where it does not come true in `patience` seconds."""
    require(await comes_true(fact, patience), f"{what} (waited {patience:.0f} s).", cure)


@asynccontextmanager
async def must_raise(
    expected: type[Exception], call: str, cure: str, file: ProviderFile
) -> AsyncIterator[list[Exception]]:
    """Raises: Failed, unless the body raises `expected`; the error is put into the list."""
    caught: list[Exception] = []
    try:
        yield caught
    except expected as error:
        caught.append(error)
    except Exception as error:  # noqa: BLE001 - a provider may raise anything; its author is told
        raise Failed(f"{call} must raise {expected.__name__}. {raised(error, file)}", cure) from None
    else:
        raise Failed(f"{call} must raise {expected.__name__}, and raised nothing.", cure)


def raised(error: Exception, file: ProviderFile) -> str:
    """What was raised and where in the provider's file, in a sentence."""
    if isinstance(error, TimeoutError) and not str(error):
        return "A call of it did not come back in time."
    module = getattr(file.provider, "__module__", "")
    frames = [frame for frame in traceback.walk_tb(error.__traceback__) if frame[0].f_globals.get("__name__") == module]
    where = f" in line {frames[-1][1]} of {file.name}.py" if frames else ""
    text = " ".join(str(error).split())
    return f"It raised {type(error).__name__}{where}{f': {text}' if text else ''}".rstrip(".") + "."
