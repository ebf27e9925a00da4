"""A model provider with its vendor, and the models that are made of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from imposter.contracts.errors import InvalidConfig
from imposter.contracts.model import ModelContext
from imposter.runtime.providers.discovery import ProviderFile
from imposter.runtime.providers.model_adapter import ModelAdapter
from imposter.runtime.providers.shared_resources import SharedResources
from imposter.testing.check import require, skip
from imposter.testing.model_harness import ModelHarness
from imposter.testing.subject import USER, Subject, check_config, check_file, refused_config, secrets_in


@dataclass
class ModelRig:
    """What a check of a model provider works with."""

    subject: Subject[ModelHarness]
    harness: ModelHarness
    shared: SharedResources

    @property
    def file(self) -> ProviderFile:
        return self.subject.file

    @property
    def config(self) -> dict[str, Any]:
        return self.subject.config_with(self.harness)

    async def model(self, config: dict[str, Any] | None = None, user_id: str = USER) -> ModelAdapter:
        """A bot's model. Raises: Failed, where the provider refuses the config."""
        config = self.config if config is None else config
        check_config(self.file, config, self.subject.validation_context)
        context = ModelContext(f"bot of {user_id}", self.shared)
        try:
            return await ModelAdapter.open(self.file, user_id, config, context, at_once=8)
        except InvalidConfig as error:
            raise refused_config(error) from None

    def require_no_secret(self, text: str, where: str, cure: str, *others: str) -> None:
        """Raises: Failed, where a key of the config, or one of `others`, stands in the text."""
        for secret in (*secrets_in(self.config), *others):
            require(secret not in text, f"A secret or words of the conversation stand in {where}.", cure)


def can_fail(rig: ModelRig) -> ModelRig:
    """The rig. Raises: Skipped, where no vendor fails on demand."""
    if not rig.harness.can_fail:
        skip("No vendor fails on demand here. A test harness with `can_fail` has one fail: --harness FILE.")
    return rig


@asynccontextmanager
async def open_model_rig(subject: Subject[ModelHarness]) -> AsyncIterator[ModelRig]:
    """What all bots share, and the vendor. Raises: Failed, where the file cannot be used."""
    check_file(subject.file)
    settings = subject.settings
    shared = SharedResources(
        environment=settings.child_environment,
        node=str(settings.node),
        secret=settings.secret,
        addresses=settings.allow_private_urls,
    )
    async with subject.open_harness() as harness:
        try:
            yield ModelRig(subject, harness, shared)
        finally:
            await shared.aclose()
