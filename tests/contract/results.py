"""How a check of `imposter.testing` becomes a test of pytest."""

import os
from contextlib import suppress
from tempfile import gettempdir
from types import ModuleType
from typing import TypeVar

import pytest

from imposter.runtime.providers.discovery import ProviderFile
from imposter.testing.chat_harness import ChatHarness
from imposter.testing.check import Outcome, Result
from imposter.testing.load import FileNotUsable, find_harness
from imposter.testing.model_harness import ModelHarness

AnyHarness = TypeVar("AnyHarness", ChatHarness, ModelHarness)

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": gettempdir(), "IMPOSTER_ALLOW_PRIVATE_URLS": "127.0.0.1"}
PATIENCE, DEADLINE = 60.0, 150.0
"""Seconds, for a slow machine."""


def harness_for(module: ModuleType, base: type[AnyHarness], file: ProviderFile) -> type[AnyHarness] | None:
    """The provider's harness in the module; None where it has none."""
    with suppress(FileNotUsable):
        return find_harness(module, base, file.name)
    return None


def settle(result: Result) -> None:
    """Pass, skip or fail the test."""
    if result.outcome is Outcome.SKIPPED:
        pytest.skip(result.detail)
    assert result.outcome is Outcome.HOLDS, f"{result.rule} {result.detail} {result.cure}"
