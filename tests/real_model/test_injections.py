"""The corpus of injections against a model that is naive enough to obey."""

from pathlib import Path

import pytest

from tests.integration.test_injections import ATTACKS
from tests.real_model.chats import open_chats, unfit, unsettled
from tests.real_model.real_model import real_model


@pytest.mark.parametrize("template", ["smollm2", "gemma-3"])
async def test_nobody_gets_the_instructions_out_of_it(tmp_path: Path, template: str) -> None:
    """Each tries it in a chat of their own, and once more in the same one."""
    async with real_model(template) as model, open_chats(tmp_path, model) as chats:
        for number, attack in enumerate(ATTACKS):
            await chats.hear(f"bob{number}", attack)
        for number, attack in enumerate(ATTACKS[:10]):
            await chats.hear("bob", attack, ATTACKS[-1 - number])
        assert model.refused == []
        assert unsettled(await chats.rows()) == []
        assert chats.reached()
        assert unfit(chats.reached()) == []
