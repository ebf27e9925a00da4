"""The dummy platform, in the product: what it says is answered, and what it is answered can be looked at."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chat_providers.dummy import MAX_UNSETTLED, DeliveredMessage, DummyProvider
from imposter.contracts.errors import NotConnected, StorageError
from imposter.contracts.messages import Source
from imposter.contracts.status import LinkState
from imposter.domain.messages import MessageState, StoredMessage
from imposter.runtime.providers.config_validation import Rejected, check_configs
from imposter.runtime.providers.discovery import Catalog, ProviderFile, ProviderKind
from tests.house import House, config_of, open_house, until


class Stage:
    """A server with one bot on the dummy platform, and the provider that it made last."""

    def __init__(self) -> None:
        self.house: House
        self.provider: DummyProvider
        self.instance_id = ""

    async def play(self, **chat_config: Any) -> None:
        config = config_of(chat="dummy", chat_config={"allow_group_messages": True, **chat_config})
        self.instance_id = (await self.house.bots.put(config)).instance_id

        async def connected() -> bool:
            return await self.status() is LinkState.CONNECTED

        await until(connected, "the dummy listens")

    async def status(self) -> LinkState:
        return (await self.house.bots.get(self.instance_id).status()).status

    async def rows(self) -> list[StoredMessage]:
        """What contacts and the owner said, oldest first."""
        page = await self.house.bot_service.messages(self.instance_id, limit=500)
        return [row for row in reversed(page) if row.source is not Source.BOT]

    async def until_answered(self, *texts: str) -> None:
        await until(lambda: [sent.message for sent in self.provider.sent] == list(texts), f"answers {texts}")


@asynccontextmanager
async def open_stage(folder: Path) -> AsyncIterator[Stage]:
    stage = Stage()

    class KeptDummy(DummyProvider):
        def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
            super().__init__(user_id, config, user_queues)
            stage.provider = self

    async with open_house(folder, ProviderFile(ProviderKind.CHAT, "dummy", provider=KeptDummy)) as stage.house:
        yield stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as stage:
        yield stage


async def test_with_the_empty_config_somebody_friendly_writes_and_is_answered(stage: Stage) -> None:
    await stage.play()
    await until(lambda: len(stage.provider.sent) == 2)
    assert {sent.recipient for sent in stage.provider.sent} == {"dummy-friend"}


async def test_an_empty_script_says_nothing(stage: Stage) -> None:
    await stage.play(messages=[])
    assert await stage.rows() == []


async def test_a_script_is_said_in_order_with_its_senders_and_groups(stage: Stage) -> None:
    await stage.play(
        messages=[
            {"content": "one", "sender": "bob", "display_name": "Bob"},
            {"content": "two", "sender": "eve", "group": "team", "after_seconds": 0.01},
        ]
    )
    await until(lambda: len(stage.provider.sent) == 2)
    assert {(sent.recipient, sent.message) for sent in stage.provider.sent} == {("bob", "re: one"), ("team", "re: two")}
    one, two = await stage.rows()
    assert (one.content, one.sender_id, one.sender_name, one.group_id) == ("one", "bob", "Bob", None)
    assert (two.content, two.sender_id, two.group_id) == ("two", "eve", "team")


async def test_what_the_owner_says_is_part_of_the_contacts_conversation_and_not_answered(stage: Stage) -> None:
    await stage.play(
        messages=[
            {"content": "I am on my way", "sender": "bob", "source": "owner"},
            {"content": "good", "sender": "bob"},
        ]
    )
    await stage.until_answered("re: good")
    said, heard = await stage.rows()
    assert (said.source, said.state) == (Source.OWNER, MessageState.CONTEXT)
    assert said.conversation == heard.conversation


async def test_a_script_is_not_answered_again_after_a_restart_and_what_is_new_in_it_is(tmp_path: Path) -> None:
    first = {"content": "one", "sender": "bob"}
    async with open_stage(tmp_path) as stage:
        await stage.play(messages=[first])
        await stage.until_answered("re: one")
    async with open_stage(tmp_path) as stage:
        await stage.play(messages=[first, {"content": "two", "sender": "bob"}])
        await stage.until_answered("re: two")
        assert [row.content for row in await stage.rows()] == ["one", "two"]


async def test_load_comes_from_as_many_contacts_as_asked_for(stage: Stage) -> None:
    await stage.play(rate=10_000, count=30, conversations=3)

    async def all_there() -> bool:
        return len(await stage.rows()) == 30

    await until(all_there)
    senders = [row.sender_id for row in await stage.rows()]
    assert sorted(senders.count(sender) for sender in set(senders)) == [10, 10, 10]


async def test_a_send_repeated_under_its_id_is_one_message(stage: Stage) -> None:
    await stage.play(messages=[])
    await stage.provider.send_with_id("bob", "hi", "id-1")
    await stage.provider.send_with_id("bob", "hi", "id-1")
    await stage.provider.sendMessage("bob", "hi")
    assert list(stage.provider.sent) == [DeliveredMessage("bob", "hi", "id-1"), DeliveredMessage("bob", "hi", None)]


async def test_once_stopped_it_takes_no_message(stage: Stage) -> None:
    await stage.play(messages=[])
    await stage.house.bots.stop(stage.instance_id)
    with pytest.raises(NotConnected):
        await stage.provider.sendMessage("bob", "hi")


async def stopped(provider: DummyProvider) -> bool:
    return (await provider.get_status()).status is LinkState.ERROR


async def test_a_script_that_cannot_be_stored_ends_in_a_status_that_says_so() -> None:
    class FullDisk:
        async def add_message(self, **message: Any) -> None:
            raise StorageError

    provider = DummyProvider("anna", {}, {"anna": FullDisk()})  # type: ignore[dict-item]
    await provider.start_listening()
    await until(partial(stopped, provider))
    assert "StorageError" in ((await provider.get_status()).detail or "")
    await provider.stop_listening()


async def test_the_status_says_what_was_wrong_with_a_message() -> None:
    class Picky:
        async def add_message(self, **message: Any) -> None:
            raise ValueError("sender must have 1 to 256 characters")

    provider = DummyProvider("anna", {}, {"anna": Picky()})  # type: ignore[dict-item]
    await provider.start_listening()
    await until(partial(stopped, provider))
    told = "The script stopped: ValueError: sender must have 1 to 256 characters."
    assert (await provider.get_status()).detail == told
    await provider.stop_listening()


async def test_load_waits_for_a_store_that_falls_behind() -> None:
    said: list[asyncio.Future[None]] = []

    class SlowDisk:
        def add_message(self, **message: Any) -> asyncio.Future[None]:
            said.append(asyncio.get_running_loop().create_future())
            return said[-1]

    def has_said(number: int) -> bool:
        return len(said) >= number

    provider = DummyProvider("anna", {"rate": 10_000, "count": 250}, {"anna": SlowDisk()})  # type: ignore[dict-item]
    await provider.start_listening()
    settled = 0
    while settled < 250:
        goal = min(250, settled + MAX_UNSETTLED)
        await until(partial(has_said, goal))
        for _ in range(200):  # what it would say beyond that, it would say within a moment
            await asyncio.sleep(0)
        assert len(said) == goal
        for pending in said[settled:goal]:
            pending.set_result(None)
        settled = goal
    await provider.stop_listening()


@pytest.mark.parametrize(
    "config",
    [
        *({"count": 5}, {"rate": 0}, {"mesages": []}, {"messages": [{"sender": "bob"}]}),
        *({"rate": 10_001}, {"rate": 1, "count": 10**9 + 1}, {"rate": 1, "conversations": 10**6 + 1}),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DummyProvider.Config.model_validate(config)


@pytest.mark.parametrize(
    ("messages", "place", "cure"),
    [
        ([{"content": "a", "id": "m"}, {"content": "b", "changes": "m"}], "messages.1", "give its kind as well"),
        ([{"content": "b", "kind": "edit"}], "messages.0", "give the id of the message that it changes"),
        ([{"content": "a", "id": "m"}, {"content": "b", "id": "m"}], "messages", "1 has the `id` of 0; give each its"),
        ([{"content": "a", "sender": " "}], "messages.0.sender", "must hold more than blanks"),
        ([{"content": "a", "quotes": "q" * 65}], "messages.0.quotes", "at most 64 characters"),
    ],
)
def test_a_script_that_could_not_be_said_is_refused_by_its_place(
    messages: list[dict[str, Any]], place: str, cure: str
) -> None:
    config = config_of(chat="dummy", chat_config={"messages": messages}, model="fakeLlm")
    files = [ProviderFile(ProviderKind.CHAT, "dummy", provider=DummyProvider, config_model=DummyProvider.Config)]
    files.append(ProviderFile(ProviderKind.MODEL, "fakeLlm", provider=object))
    [refused] = check_configs([config.stored], Catalog(files), lambda name: None)
    assert isinstance(refused, Rejected)
    [problem] = refused.problems
    assert problem.field == f"chat_provider_config.provider_config.{place}"
    assert cure in problem.message
