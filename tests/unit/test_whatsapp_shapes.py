import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chat_providers._whatsapp.protocol import REQUEST, Inbound

PAYLOADS = Path(__file__).parents[1] / "integration" / "payloads" / "inbound.json"
CASES = [case for case in json.loads(PAYLOADS.read_text("utf-8")) if case["expected"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_the_sidecar_tells_is_understood(case: dict[str, Any]) -> None:
    request = REQUEST.validate_python({"type": "message", "message": case["expected"]})
    assert isinstance(request, Inbound)
    assert request.message.model_dump() == case["expected"]


def test_a_shape_that_is_not_known_is_refused_and_not_quoted() -> None:
    message = {**CASES[0]["expected"], "sent_at": "private words"}
    with pytest.raises(ValidationError) as refusal:
        REQUEST.validate_python({"type": "message", "message": message})
    assert "private words" not in str(refusal.value)
