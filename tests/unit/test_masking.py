"""A secret that a form shows as a mask goes back to where it was, and nowhere else."""

from typing import Any

import pytest

from imposter.runtime.providers.secret_masking import MASK, unmasked

KEPT: dict[str, Any] = {"model": "gpt-4", "preset": "openai", "api_key": "sk-one", "temperature": 0.5}


def config(*fallbacks: dict[str, Any], contact: dict[str, Any] | None = None) -> dict[str, Any]:
    models = [{"provider_name": "openAi", "provider_config": settings} for settings in fallbacks]
    found: dict[str, Any] = {"llm_provider_config": {"provider_name": "openAi", "fallbacks": models}}
    if contact is not None:
        own = {"provider_name": "openAi", "provider_config": contact}
        found["contacts"] = [{"id": "mum", "llm_provider_config": own}]
    return found


def test_a_mask_becomes_what_it_hides() -> None:
    shown = {**KEPT, "api_key": MASK, "model": "gpt-5", "temperature": 0.7}
    whole = unmasked(config(shown, contact=shown), config(KEPT, contact=KEPT))
    assert whole == config({**shown, "api_key": "sk-one"}, contact={**shown, "api_key": "sk-one"})


@pytest.mark.parametrize(
    "elsewhere", [{"preset": "groq"}, {"preset": None}, {"base_url": "https://two.example"}, {"host": "two.example"}]
)
def test_no_key_goes_to_another_address(elsewhere: dict[str, Any]) -> None:
    changed = {name: value for name, value in {**KEPT, "api_key": MASK, **elsewhere}.items() if value is not None}
    sent = config(changed, contact=changed)
    assert unmasked(sent, config(KEPT, contact=KEPT)) == sent


def test_where_a_model_was_taken_out_nobody_knows_whose_key_is_whose() -> None:
    sent = config({**KEPT, "api_key": MASK})
    assert unmasked(sent, config(KEPT, {**KEPT, "api_key": "sk-two"})) == sent
