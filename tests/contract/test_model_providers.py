"""What every model provider must do, whatever its vendor: a new file in llm_providers/ is tested unlisted."""

from pathlib import Path

import pytest

from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, discover
from imposter.settings import load_settings
from imposter.testing.check import Check
from imposter.testing.model_checks import MODEL_CHECKS
from imposter.testing.model_harness import ModelHarness
from imposter.testing.model_rig import ModelRig, open_model_rig
from imposter.testing.subject import Subject
from tests.contract import model_harnesses
from tests.contract.results import DEADLINE, ENVIRONMENT, PATIENCE, harness_for, settle

FILES = discover(ProviderKind.MODEL, Path(__file__).parents[2] / "llm_providers")
pytestmark = pytest.mark.timeout(DEADLINE + 30)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: str(check.name))
async def test_it_keeps_the_rule(file: ProviderFile, check: Check[ModelRig]) -> None:
    harness = harness_for(model_harnesses, ModelHarness, file)
    subject = Subject(file, load_settings(ENVIRONMENT), harness or ModelHarness, harness is not None, patience=PATIENCE)
    settle(await check.run(lambda: open_model_rig(subject), file, DEADLINE))
