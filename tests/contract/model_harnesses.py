"""What the checks of the model providers cannot know by themselves: a config for each, and a stand-in for its vendor.

A provider without a harness of its own gets the empty config, and no vendor that could fail.
"""

from imposter.testing import ModelHarness
from tests.fakes.model_server import Failure, ModelServer

KEY = "sk-secret-of-this-test-0123456789"


class OpenAiHarness(ModelHarness):
    """A server that speaks as OpenAI's does."""

    provider = "openAi"

    def __init__(self) -> None:
        super().__init__(echoes=True, can_fail=True)

    async def open(self) -> None:
        self._server = await self.opened.enter_async_context(ModelServer())
        self.config = {"api_key": KEY, "base_url": self._server.base_url, "model": "gpt-4"}
        self.greeting = {**self.config, "system": "Hi {user_id}"}

    def greeted(self, answer: str) -> str:
        return self._server.requests[-1].texts[0].split("\n")[0]

    def fail(self, status: int) -> None:
        self._server.failures.append(Failure(status))

    def fail_list(self, status: int) -> None:
        self._server.models = Failure(status)


class FakeLlmHarness(ModelHarness):
    """It echoes, or says what its config holds."""

    provider = "fakeLlm"

    def __init__(self) -> None:
        super().__init__(greeting={"response_array": ["Hi {user_id}"]}, echoes=True)
