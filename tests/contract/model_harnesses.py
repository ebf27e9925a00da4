"""What the suite of the model providers cannot know by itself: a config for each, and a stand-in for its vendor.

A provider without a harness of its own gets `ModelHarness`: the empty config, and no vendor that could fail.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.model_server import Failure, ModelServer

KEY = "sk-secret-of-this-test-0123456789"


@dataclass
class ModelHarness:
    """One vendor, for one test."""

    config: dict[str, Any] = field(default_factory=dict)
    greeting: dict[str, Any] | None = None
    """Config that puts `Hi {user_id}` where `greeted` finds it; None where the provider has no such text."""
    echoes: bool = False
    """Whether its answers end with the last turn's text."""
    can_fail: bool = False

    def greeted(self, answer: str) -> str:
        """The text that was made of `Hi {user_id}`, given the answer to the call."""
        return answer

    def fail(self, status: int) -> None:
        """The vendor fails the next call with this HTTP status."""

    def fail_list(self, status: int) -> None:
        """The vendor fails to list its models from now on."""


class OpenAiHarness(ModelHarness):
    def __init__(self, server: ModelServer) -> None:
        config = {"api_key": KEY, "base_url": server.base_url, "model": "gpt-4"}
        super().__init__(config, {**config, "system": "Hi {user_id}"}, echoes=True, can_fail=True)
        self._server = server

    def greeted(self, answer: str) -> str:
        return self._server.requests[-1].texts[0].split("\n")[0]

    def fail(self, status: int) -> None:
        self._server.failures.append(Failure(status))

    def fail_list(self, status: int) -> None:
        self._server.models = Failure(status)


@asynccontextmanager
async def model_harness(name: str) -> AsyncIterator[ModelHarness]:
    match name:
        case "openAi":
            async with ModelServer() as server:
                yield OpenAiHarness(server)
        case "fakeLlm":
            yield ModelHarness(greeting={"response_array": ["Hi {user_id}"]}, echoes=True)
        case _:
            yield ModelHarness()
