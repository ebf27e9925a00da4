"""A stand-in for a model's vendor, for the checks of one model provider."""

from dataclasses import dataclass
from typing import Any

from imposter.testing.harness import Harness


@dataclass
class ModelHarness(Harness):
    """One vendor."""

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
