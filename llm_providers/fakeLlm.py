"""A model that needs no vendor: gives its answers in turn, or echoes.

An example for your own provider: docs/add-a-model-provider.md.
"""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from imposter.contracts.config import StrictModel
from imposter.contracts.messages import Turn
from imposter.contracts.model import fill_in


class FakeLlmProvider:
    class Config(StrictModel):
        response_array: list[str] | None = Field(
            default=None, min_length=1, description="Answers, one after the other and again from the first."
        )
        delay_seconds: float = Field(default=0, ge=0, le=600, description="Time that each answer takes.")

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        self._config = self.Config.model_validate(config)
        answers = self._config.response_array or []
        self._answers = itertools.cycle([fill_in(answer, user_id=user_id) for answer in answers])

    async def reply(self, turns: Sequence[Turn]) -> str:
        await asyncio.sleep(self._config.delay_seconds)
        return next(self._answers, f"Echo: {turns[-1].content}")
