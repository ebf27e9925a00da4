"""One bot's life: start, stop, status, change in place, and its end."""

import asyncio
import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from imposter.contracts.errors import BotNotFound, InvalidState, NotSupported, StorageError
from imposter.contracts.status import LinkState, LinkStatus
from imposter.runtime.commands import RequestPairingCode
from tests.house import Platform, config_of, open_house, until
from tests.integration.drop_ins import chat, link_is, state


async def test_a_failed_start_leaves_nothing_open_and_can_be_repeated(tmp_path: Path) -> None:
    stopped: list[str] = []

    class Once(Platform):
        broken = True

        async def start_listening(self) -> None:
            if Once.broken:
                raise ValueError
            await super().start_listening()

        async def stop_listening(self) -> None:
            stopped.append("stopped")

    async with open_house(tmp_path, chat("once", Once)) as house:
        bot = await house.bots.put(config_of(chat="once"))
        await until(lambda: link_is(house, bot.instance_id, LinkState.ERROR))
        assert stopped == ["stopped"]
        Once.broken = False
        await house.bots.start(bot.instance_id)
        await until(lambda: link_is(house, bot.instance_id, LinkState.CONNECTED))


async def test_a_start_that_this_machine_has_no_file_for_is_tried_again(tmp_path: Path) -> None:
    left = [OSError(errno.EMFILE, "Too many open files") for _ in range(3)]

    class Short(Platform):
        async def start_listening(self) -> None:
            if left:
                raise left.pop()
            await super().start_listening()

    async with open_house(tmp_path, chat("short", Short)) as house:
        bot = await house.bots.put(config_of(chat="short"))
        await until(lambda: link_is(house, bot.instance_id, LinkState.CONNECTED))
        assert not left


async def test_start_and_stop_may_be_called_in_any_order(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        await asyncio.gather(*(house.bots.stop(bot.instance_id) for _ in range(3)))
        assert await state(house, bot.instance_id) is LinkState.STOPPED
        assert not house.platforms["anna"].listening
        await asyncio.gather(*(house.bots.start(bot.instance_id) for _ in range(3)))
        await until(lambda: link_is(house, bot.instance_id, LinkState.CONNECTED))
        await house.bots.stop(bot.instance_id)
    async with open_house(tmp_path) as house:
        assert await state(house, bot.instance_id) is LinkState.STOPPED


async def test_the_same_config_again_changes_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        assert await house.bot() is bot
        assert house.platforms["anna"] is platform


async def test_a_new_model_or_list_is_taken_without_touching_the_link(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        again = await house.bot(model_config={"prefix": "new: "}, respond_to_whitelist=["bob"])
        assert again.instance_id == bot.instance_id
        await platform.hear("eve", "hello")
        await platform.hear("bob", "hello")
        await until(lambda: platform.texts() == ["new: hello"])
        assert house.platforms["anna"] is platform
    async with open_house(tmp_path) as house:
        await until(lambda: "anna" in house.models)
        assert house.models["anna"].config == {"prefix": "new: "}


async def test_a_stopped_bots_queue_takes_nothing_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        old = house.platforms["anna"]
        await house.bots.put(config_of(chat_config={"allow_group_messages": True}, respond_to_whitelist=[]))
        await until(lambda: house.platforms["anna"] is not old and house.platforms["anna"].listening)
        with pytest.raises(InvalidState):
            await old.hear("mallory", "let me in by the old door")
        await house.bots.stop(bot.instance_id)
        with pytest.raises(InvalidState):
            await house.platforms["anna"].hear("mallory", "anybody there?")
        assert await house.bot_service.messages(bot.instance_id) == []


async def test_a_config_that_could_not_be_stored_is_not_in_force(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        with closing(sqlite3.connect(tmp_path / "imposter.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError):
                await house.bots.put(config_of(respond_to_whitelist=[]))
        assert bot.config == config_of()
        await house.bots.put(config_of(respond_to_whitelist=[]))
    async with open_house(tmp_path) as house:
        assert house.bots.all()[0].config.respond_to_whitelist == []


async def test_a_new_platform_config_restarts_the_provider_of_the_same_bot(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        again = await house.bots.put(config_of(chat_config={"allow_group_messages": True}))
        await until(lambda: house.platforms["anna"] is not platform and house.platforms["anna"].listening)
        assert again is bot
        assert not platform.listening


async def test_a_stopped_providers_last_word_is_not_the_status(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        old = house.platforms["anna"]
        await house.bots.stop(bot.instance_id)
        await house.bots.start(bot.instance_id)
        await until(lambda: link_is(house, bot.instance_id, LinkState.CONNECTED))
        old.context.report(LinkStatus(status=LinkState.REPLACED))
        await asyncio.sleep(0)
        assert await state(house, bot.instance_id) is LinkState.CONNECTED


async def test_unlinking_forgets_the_credentials_and_links_again_when_started(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        await house.platforms["anna"].context.state.write([("creds", "me", b"secret")])
        await house.bots.unlink(bot.instance_id)
        assert await state(house, bot.instance_id) is LinkState.LOGGED_OUT
        assert await house.store.state.read(bot.instance_id, "creds") == {}
        await house.bots.start(bot.instance_id)
        await until(lambda: link_is(house, bot.instance_id, LinkState.CONNECTED))


async def test_a_deleted_bot_is_gone_with_its_words(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])
        await house.bots.delete(bot.instance_id)
        with pytest.raises(BotNotFound):
            house.bots.get(bot.instance_id)
        again = await house.bot()
        assert again.instance_id != bot.instance_id
        assert await house.bot_service.messages(again.instance_id) == []
        assert await house.store.messages.page(bot.instance_id) == []


async def test_a_pairing_code_needs_a_running_bot_and_a_platform_that_has_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        with pytest.raises(NotSupported):
            await house.bots.execute(bot.instance_id, RequestPairingCode(phone="4915112345678"))
        await house.bots.stop(bot.instance_id)
        with pytest.raises(InvalidState):
            await house.bots.execute(bot.instance_id, RequestPairingCode(phone="4915112345678"))
