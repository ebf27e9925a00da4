"""The provider that is checked, with its config and its test harness."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.runtime.providers.config_validation import field_problems
from imposter.runtime.providers.discovery import ProviderFile
from imposter.settings import Settings
from imposter.testing.chat_harness import ChatHarness
from imposter.testing.check import Failed, require
from imposter.testing.model_harness import ModelHarness

USER = "anna"
PATIENCE = 30.0
"""Seconds that a check waits for a fact."""
PROMPT = 2.0
"""Seconds, at the very most, that `start_listening` may take, or the event loop be held up."""
SECRET_NAMES = ("key", "token", "secret", "password")
SHORTEST_SECRET = 8
"""Characters; what is shorter may stand in any text."""

AnyHarness = TypeVar("AnyHarness", ChatHarness, ModelHarness)


@dataclass
class Subject(Generic[AnyHarness]):
    """One provider file, and how it is to be checked."""

    file: ProviderFile
    settings: Settings
    open_harness: Callable[[], AnyHarness]
    has_harness: bool = False
    """Whether the harness is one for this provider."""
    config: dict[str, Any] | None = None
    """In place of the harness's own."""
    patience: float = PATIENCE
    not_linked: str | None = field(default=None, init=False)
    """Why it cannot be linked here; once known, no further check waits for it."""

    def config_with(self, harness: AnyHarness) -> dict[str, Any]:
        return harness.config if self.config is None else self.config

    @property
    def validation_context(self) -> Mapping[str, Any]:
        """As the server checks a config."""
        return {"secret": self.settings.secret, "addresses": self.settings.allow_private_urls}


def check_file(file: ProviderFile) -> None:
    """Raises: Failed, where the server could not use the file, or it does not say what it is."""
    require(
        file.error is None, f"The server cannot use it: {file.error}.", "Mend what is named; nothing else was tried."
    )
    cure = "Begin the file with a docstring: GET /providers shows its first line."
    require(file.summary, "It does not say what it is.", cure)


def check_config(file: ProviderFile, config: dict[str, Any], context: Mapping[str, Any] | None = None) -> None:
    """Raises: Failed, where the provider's `Config` does not take the config."""
    if file.config_model is None:
        return
    try:
        file.config_model.model_validate(config, context=context)
    except ValidationError as error:
        raise _refused(field_problems(error, file.config_model)) from None


def refused_config(error: InvalidConfig) -> Failed:
    """What a constructor says of the config."""
    return _refused(error.problems)


def _refused(problems: tuple[FieldProblem, ...]) -> Failed:
    named = "; ".join(f"`{problem.field}` {problem.message}".strip() for problem in problems)
    return Failed(f"The config is refused: {named}.", "Give one that fits with --config '{...}', or in the harness.")


def secrets_in(config: Mapping[str, Any]) -> list[str]:
    """The config's values that look like secrets by their names."""
    return [
        value
        for name, value in config.items()
        if isinstance(value, str)
        and len(value) >= SHORTEST_SECRET
        and any(word in name.lower() for word in SECRET_NAMES)
    ]
