"""A model that takes all that it can be told, and remembers it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from imposter.contracts.messages import Turn
from imposter.contracts.model import Answer, Private, Prompt
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from tests.house import AT_ONCE, HASTE, Calendar, until
from tests.integration.api_house import Api, open_api


class KnowingModel:
    """Says `name: <last turn>`, unless its config says something else."""

    made: ClassVar[dict[str, "KnowingModel"]] = {}
    """The newest by their name in the config."""

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        self.name = config.get("name", "first")
        self.model = config.get("model")
        self.says: str | None = config.get("says")
        self.system = config.get("system", "")
        self.asked: list[Prompt] = []
        self.noted: list[tuple[list[str], str]] = []
        self.notes: str | None = None
        self.noting = asyncio.Event()
        """Notes wait for it."""
        self.noting.set()
        self.trouble: list[Exception] = []
        self.broken: Exception | None = None
        """Raised by every call."""
        KnowingModel.made[self.name] = self

    def private(self) -> Private:
        return Private((self.system,) if self.system else ())

    def reply(self, turns: Sequence[Turn]) -> str:
        raise AssertionError("a model that takes a prompt is asked by turns alone")

    async def reply_to(self, prompt: Prompt) -> Answer:
        self.asked.append(prompt)
        if self.broken is not None:
            raise self.broken
        if self.trouble:
            raise self.trouble.pop(0)
        text = f"{self.name}: {prompt.turns[-1].content}" if self.says is None else self.says
        return Answer(text, self.name, 100, 10)

    async def summarise(self, turns: Sequence[Turn], before: str) -> Answer:
        await self.noting.wait()
        if self.broken is not None:
            raise self.broken
        self.noted.append(([turn.content for turn in turns], before))
        return Answer(self.notes or f"{before}[{turns[0].content}..{turns[-1].content}]", self.name, 50, 5)

    async def judge(self, turns: Sequence[Turn], answer: str) -> Any:
        raise AssertionError("nobody asked for that")


@asynccontextmanager
async def open_knowing(folder: Path, clock: Calendar | None = None, **config: Any) -> AsyncIterator[tuple[Api, str]]:
    """Anna's bot with such a model, and its instance_id."""
    KnowingModel.made.clear()
    config.setdefault("behaviour_config", AT_ONCE)
    file = ProviderFile(ProviderKind.MODEL, "knowing", provider=KnowingModel)
    async with open_api(folder, file, clock=clock or Calendar()) as api:
        bot = await api.create(**{"chat": "platform", "model": "knowing", "limits_config": HASTE, **config})
        await until(lambda: "anna" in api.house.platforms and api.house.platforms["anna"].listening)
        yield api, bot


def knowing(name: str, **config: Any) -> dict[str, Any]:
    """A choice of such a model."""
    return {"provider_name": "knowing", "provider_config": {"name": name, **config}}


def model(name: str = "first") -> KnowingModel:
    return KnowingModel.made[name]


async def say(api: Api, sender: str, text: str, model_name: str = "first", **more: Any) -> Prompt:
    """What the model was told when this contact wrote."""
    asked = model(model_name).asked
    before = len(asked)
    await api.house.platforms["anna"].hear(sender, text, **more)
    await until(lambda: len(asked) > before)
    return asked[-1]


async def answered(api: Api, recipient: str, count: int) -> list[str]:
    platform = api.house.platforms["anna"]
    await until(lambda: len(platform.texts(recipient)) >= count)
    return platform.texts(recipient)


async def drafted(api: Api, bot: str, count: int) -> list[dict[str, Any]]:
    """Drafts, the newest first, once there are so many."""
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        found[:] = (await api.client.get(f"/chatbot/{bot}/drafts")).json()["drafts"]
        return len(found) >= count

    await until(there)
    return found
