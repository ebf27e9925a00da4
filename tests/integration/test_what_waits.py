"""What waits, or is not out yet, when the rules or the account change."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from imposter.contracts.config import Limits
from imposter.contracts.errors import InvalidState
from imposter.contracts.messages import Message, Sender, Source
from imposter.contracts.status import LinkState, LinkStatus
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState, Verdict
from tests.house import House, NoWaiting, Platform, config_of, open_house, until
from tests.integration.drop_ins import chat, link_is


async def test_a_narrower_list_counts_for_what_waits_as_well(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform, thinking = house.platforms["anna"], house.models["anna"]
        thinking.hold["first"] = asyncio.Event()
        await platform.hear("bob", "first")
        await until(lambda: len(thinking.asked) == 1)
        await platform.hear("bob", "second")
        await house.bot(respond_to_whitelist=["eve"])
        thinking.hold["first"].set()
        await platform.hear("eve", "hello")
        await until(lambda: "re: hello" in platform.texts())
        assert "re: second" not in platform.texts()


@pytest.mark.parametrize("narrower", [{"respond_to_whitelist": ["eve"]}, {"respond_to_whitelist": []}])
async def test_a_narrower_list_stops_an_answer_that_is_not_out_yet(tmp_path: Path, narrower: dict[str, Any]) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.listening = False
        await platform.hear("bob", "hello")
        await until(lambda: bool(platform.attempts))
        await house.bots.put(config_of(**narrower))
        platform.listening = True
        platform.context.report(LinkStatus(status=LinkState.CONNECTED))
        await until(lambda: _delivery(house, bot.instance_id, DeliveryState.WITHDRAWN))
        await house.bots.put(config_of())
        await platform.hear("bob", "again")
        await until(lambda: platform.texts() == ["re: again"])


async def test_what_waited_for_an_account_that_is_gone_is_not_answered_from_the_next(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform, thinking = house.platforms["anna"], house.models["anna"]
        thinking.hold["to the first account"] = asyncio.Event()
        await platform.hear("bob", "to the first account")
        platform.listening = False
        await platform.hear("eve", "to the first account too")
        await until(lambda: any(sent.recipient == "eve" for sent in platform.attempts))
        platform.context.report(LinkStatus(status=LinkState.LOGGED_OUT))
        await until(lambda: link_is(house, bot.instance_id, LinkState.LOGGED_OUT))
        await house.bots.start(bot.instance_id)
        await until(lambda: house.platforms["anna"] is not platform and house.platforms["anna"].listening)
        again = house.platforms["anna"]
        await again.hear("bob", "to the second account")
        await until(lambda: again.texts() == ["re: to the second account"])
        assert (await bot.status()).waiting == 0
        assert {row.reason for row in await house.bot_service.messages(bot.instance_id) if row.source == "user"} == {
            None,
            "unlinked",
        }


async def test_credentials_that_a_provider_forgets_take_with_them_what_waits_whatever_happens_next(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform, thinking = house.platforms["anna"], house.models["anna"]
        thinking.hold["to the first account"] = asyncio.Event()
        await platform.hear("bob", "to the first account")
        await until(lambda: len(thinking.asked) == 1)
        await platform.context.state.clear()  # and the process ends before it says so
    async with open_house(tmp_path) as house:
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        again = house.platforms["anna"]
        await again.hear("bob", "to the second account")
        await until(lambda: again.texts() != [])
        assert again.texts() == ["re: to the second account"]
        assert house.models["anna"].prompts()[-1][-1] == "to the second account"
        assert [row.reason for row in await house.bot_service.messages(bot.instance_id)][-1] == "unlinked"


async def test_an_account_that_goes_while_nothing_can_be_stored_takes_what_waits_with_it_afterwards(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform, thinking = house.platforms["anna"], house.models["anna"]
        thinking.hold["to the first account"] = asyncio.Event()
        await platform.hear("bob", "to the first account")
        await until(lambda: len(thinking.asked) == 1)
        with closing(sqlite3.connect(tmp_path / "imposter.db", isolation_level=None)) as other, capture_logs() as logs:
            other.execute("BEGIN IMMEDIATE")
            platform.context.report(LinkStatus(status=LinkState.LOGGED_OUT))
            await until(lambda: any(line["event"] == "what waited could not be abandoned" for line in logs))

        async def abandoned() -> bool:
            return [row.reason for row in await house.bot_service.messages(bot.instance_id)] == ["unlinked"]

        await until(abandoned)


async def test_a_platform_that_is_only_told_of_the_unlinking_brings_no_messages(tmp_path: Path) -> None:
    class Leaving(Platform):
        made: list["Leaving"] = []  # noqa: RUF012 - how the test gets at what discovery made

        def logout(self) -> None:
            self.made.append(self)

    async with open_house(tmp_path, chat("leaving", Leaving)) as house:
        bot = await house.bots.put(config_of(chat="leaving"))
        await until(lambda: link_is(house, bot.instance_id, LinkState.CONNECTED))
        await house.bots.stop(bot.instance_id)
        await house.bots.unlink(bot.instance_id)
        with pytest.raises(InvalidState):
            await Leaving.made[-1].hear("bob", "a late word")
        assert await house.bot_service.messages(bot.instance_id) == []


async def test_another_platform_does_not_answer_what_waited_on_the_one_before(tmp_path: Path) -> None:
    async with open_house(tmp_path, chat("other", Platform)) as house:
        bot = await house.bot()
        platform, thinking = house.platforms["anna"], house.models["anna"]
        thinking.hold["on the first"] = asyncio.Event()
        await platform.hear("bob", "on the first")
        await until(lambda: len(thinking.asked) == 1)
        await house.bots.put(config_of(chat="other"))
        thinking.hold["on the first"].set()
        await until(lambda: link_is(house, bot.instance_id, LinkState.CONNECTED))
        [asked] = await house.bot_service.messages(bot.instance_id)
        assert asked.reason == "platform_changed"


async def _delivery(house: House, instance_id: str, wanted: DeliveryState) -> bool:
    return any(row.delivery is wanted for row in await house.bot_service.messages(instance_id))


async def test_what_was_stored_with_nobody_told_is_answered_when_it_comes_once_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        said = Message(
            message_id="said once",
            content="hello",
            sender=Sender("ben"),
            source=Source.CONTACT,
            sent_at=NoWaiting().now(),
            reply_to="ben",
            chat=("ben",),
        )
        waits = Verdict(MessageState.WAITING)
        await house.store.messages.add(bot.instance_id, said, Limits(), lambda *_: waits, tuple)
        platform = house.platforms["anna"]
        await platform.hear("ben", "hello", message_id="said once")
        await until(lambda: platform.texts() == ["re: hello"])
