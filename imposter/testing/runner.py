"""Runs all checks of one provider file."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.settings import Settings
from imposter.testing.chat_checks import CHAT_CHECKS
from imposter.testing.chat_harness import ChatHarness
from imposter.testing.chat_rig import open_chat_rig
from imposter.testing.check import Check, Outcome, Result
from imposter.testing.load import find_harness, load_module
from imposter.testing.model_checks import MODEL_CHECKS
from imposter.testing.model_harness import ModelHarness
from imposter.testing.model_rig import open_model_rig
from imposter.testing.subject import PATIENCE, Subject

AnyHarness = TypeVar("AnyHarness", ChatHarness, ModelHarness)
Rig = TypeVar("Rig")


def deadline_of(patience: float) -> float:
    """Seconds that one check may take, which waits for a few facts."""
    return 10 + 4 * patience


async def check_chat_provider(subject: Subject[ChatHarness]) -> AsyncIterator[Result]:
    """The result of each check, as soon as it is there."""
    async for result in _run_all(CHAT_CHECKS, lambda: open_chat_rig(subject), subject.file, subject.patience):
        yield result


async def check_model_provider(subject: Subject[ModelHarness]) -> AsyncIterator[Result]:
    """The result of each check, as soon as it is there."""
    async for result in _run_all(MODEL_CHECKS, lambda: open_model_rig(subject), subject.file, subject.patience):
        yield result


def check_provider(
    file: ProviderFile,
    settings: Settings,
    *,
    config: dict[str, Any] | None = None,
    harness: Path | None = None,
    patience: float = PATIENCE,
) -> AsyncIterator[Result]:
    """The result of each check of a file, with the harness in another. Raises: FileNotUsable, where that holds none."""
    if file.error is not None:
        harness = None  # it is not even known whether it fits
    if file.kind is ProviderKind.CHAT:
        chat = _harness_in(harness, ChatHarness, file.name)
        return check_chat_provider(Subject(file, settings, chat or ChatHarness, chat is not None, config, patience))
    model = _harness_in(harness, ModelHarness, file.name)
    return check_model_provider(Subject(file, settings, model or ModelHarness, model is not None, config, patience))


def _harness_in(path: Path | None, base: type[AnyHarness], provider: str) -> type[AnyHarness] | None:
    return None if path is None else find_harness(load_module(path), base, provider)


async def _run_all(
    checks: Iterable[Check[Rig]],
    open_rig: Callable[[], AbstractAsyncContextManager[Rig]],
    file: ProviderFile,
    patience: float,
) -> AsyncIterator[Result]:
    """Where the first fails, no other is tried: there is no provider."""
    for place, check in enumerate(checks):
        result = await check.run(open_rig, file, deadline_of(patience))
        yield result
        if place == 0 and result.outcome is Outcome.FAILS:
            return
