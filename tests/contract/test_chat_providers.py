"""What every chat provider must do, whatever its platform: a new file in chat_providers/ is tested unlisted."""

from pathlib import Path

import pytest

from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, discover
from imposter.settings import load_settings
from imposter.testing.chat_checks import CHAT_CHECKS
from imposter.testing.chat_harness import ChatHarness
from imposter.testing.chat_rig import ChatRig, open_chat_rig
from imposter.testing.check import Check
from imposter.testing.subject import Subject
from tests.contract import chat_harnesses
from tests.contract.results import DEADLINE, ENVIRONMENT, PATIENCE, harness_for, settle

FILES = discover(ProviderKind.CHAT, Path(__file__).parents[2] / "chat_providers")
pytestmark = pytest.mark.timeout(DEADLINE + 30)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
@pytest.mark.parametrize("check", CHAT_CHECKS, ids=lambda check: str(check.name))
async def test_it_keeps_the_rule(file: ProviderFile, check: Check[ChatRig]) -> None:
    harness = harness_for(chat_harnesses, ChatHarness, file)
    subject = Subject(file, load_settings(ENVIRONMENT), harness or ChatHarness, harness is not None, patience=PATIENCE)
    settle(await check.run(lambda: open_chat_rig(subject), file, DEADLINE))
