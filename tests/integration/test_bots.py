"""One bot's life, and that it stands alone: start, stop, status, change in place, and other people's broken files."""

import asyncio
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from imposter.contracts.errors import InvalidConfig, NotConnected, NotNow, NotSupported, StorageError, UnknownBot
from imposter.contracts.messages import Sender
from imposter.contracts.states import LinkState, LinkStatus
from imposter.runtime.discovery import Kind, ProviderFile
from imposter.storage.records import DeliveryState
from tests.house import House, Platform, config_of, open_house, until


def chat(name: str, provider: type) -> ProviderFile:
    return ProviderFile(Kind.CHAT, name, provider=provider)


def model(name: str, provider: type) -> ProviderFile:
    return ProviderFile(Kind.MODEL, name, provider=provider)


async def state(house: House, instance_id: str) -> LinkState:
    return (await house.bots.get(instance_id).status()).status


class PlainPlatform:
    """As the contract's example shows it: three plain methods and a thread that listens."""

    made: list["PlainPlatform"] = []  # noqa: RUF012 - how the tests get at what discovery made

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        self.user_id = user_id
        self.user_queues = user_queues
        self.sent: list[tuple[str, str]] = []
        self.trouble: list[Exception] = []
        PlainPlatform.made.append(self)

    def start_listening(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        queue = self.user_queues.get(self.user_id)
        if queue:
            queue.add_message(content="hello", sender=Sender("bob"), source="user", group=None)

    def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        if self.trouble:
            raise self.trouble.pop(0)
        self.sent.append((recipient, message))


@pytest.fixture(autouse=True)
def _no_platforms_of_other_tests() -> None:
    PlainPlatform.made.clear()


async def test_a_plain_drop_in_answers_and_counts_as_connected_once_it_listens(tmp_path: Path) -> None:
    async with open_house(tmp_path, chat("plain", PlainPlatform)) as house:
        bot = await house.bots.put(config_of(chat="plain"))
        await until(lambda: bool(PlainPlatform.made) and PlainPlatform.made[-1].sent == [("bob", "re: hello")])
        assert await state(house, bot.instance_id) is LinkState.CONNECTED


async def test_a_send_that_cannot_be_repeated_is_not_risked_twice(tmp_path: Path) -> None:
    async with open_house(tmp_path, chat("plain", PlainPlatform)) as house:
        bot = await house.bots.put(config_of(chat="plain"))
        await until(lambda: bool(PlainPlatform.made) and len(PlainPlatform.made[-1].sent) == 1)
        platform = PlainPlatform.made[-1]
        platform.trouble = [NotConnected(), NotConnected(), ConnectionResetError()]
        platform.user_queues["anna"].add_message("again", Sender("bob")).result(timeout=5)

        async def failed() -> bool:
            return (await house.bots.messages(bot.instance_id))[0].delivery is DeliveryState.FAILED

        await until(lambda: not platform.trouble)
        await until(failed)
        assert len(platform.sent) == 1


class HangingPlatform:
    """Blocks in every method, as a careless file may."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        threading.Event().wait()

    start_listening = sendMessage = __init__  # noqa: N815 - the contract's name


class RaisingPlatform(Platform):
    async def start_listening(self) -> None:
        raise ValueError("secret words")


class HangingModel:
    def __init__(self, user_id: str, config: dict[str, Any]) -> None: ...

    def reply(self, turns: object) -> str:
        threading.Event().wait()
        return ""


async def test_other_peoples_broken_files_stop_nobody_else(tmp_path: Path) -> None:
    extra = [chat("hangs", HangingPlatform), chat("raises", RaisingPlatform), model("hangs", HangingModel)]
    async with open_house(tmp_path, *extra) as house:
        hanging = await house.bots.put(config_of("hanging", chat="hangs"))
        raising = await house.bots.put(config_of("raising", chat="raises"))
        for number in range(20):
            await house.bot(f"stuck {number}", model="hangs")
            await house.platforms[f"stuck {number}"].hear("bob", "hello")
        await house.bot("anna")
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])
        assert await state(house, hanging.instance_id) is LinkState.STARTING
        await until(lambda: _is(house, raising.instance_id, LinkState.ERROR))
        detail = (await raising.status()).detail
        assert detail is not None
        assert "secret words" not in detail


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
        await until(lambda: _is(house, bot.instance_id, LinkState.ERROR))
        assert stopped == ["stopped"]
        Once.broken = False
        await house.bots.start(bot.instance_id)
        await until(lambda: _is(house, bot.instance_id, LinkState.CONNECTED))


async def test_start_and_stop_may_be_called_in_any_order(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        await asyncio.gather(*(house.bots.stop(bot.instance_id) for _ in range(3)))
        assert await state(house, bot.instance_id) is LinkState.STOPPED
        assert not house.platforms["anna"].listening
        await asyncio.gather(*(house.bots.start(bot.instance_id) for _ in range(3)))
        await until(lambda: _is(house, bot.instance_id, LinkState.CONNECTED))
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


async def test_a_stopped_bots_queue_takes_nothing_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        old = house.platforms["anna"]
        await house.bots.put(config_of(chat_config={"allow_group_messages": True}, respond_to_whitelist=[]))
        await until(lambda: house.platforms["anna"] is not old and house.platforms["anna"].listening)
        with pytest.raises(NotNow):
            await old.hear("mallory", "let me in by the old door")
        await house.bots.stop(bot.instance_id)
        with pytest.raises(NotNow):
            await house.platforms["anna"].hear("mallory", "anybody there?")
        assert await house.bots.messages(bot.instance_id) == []


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
        await until(lambda: _is(house, bot.instance_id, LinkState.LOGGED_OUT))
        await house.bots.start(bot.instance_id)
        await until(lambda: house.platforms["anna"] is not platform and house.platforms["anna"].listening)
        again = house.platforms["anna"]
        await again.hear("bob", "to the second account")
        await until(lambda: again.texts() == ["re: to the second account"])
        assert (await bot.status()).waiting == 0
        assert {row.reason for row in await house.bots.messages(bot.instance_id) if row.source == "user"} == {
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
        assert [row.reason for row in await house.bots.messages(bot.instance_id)][-1] == "unlinked"


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
            return [row.reason for row in await house.bots.messages(bot.instance_id)] == ["unlinked"]

        await until(abandoned)


async def test_a_platform_that_is_only_told_of_the_unlinking_brings_no_messages(tmp_path: Path) -> None:
    class Leaving(Platform):
        made: list["Leaving"] = []  # noqa: RUF012 - how the test gets at what discovery made

        def logout(self) -> None:
            self.made.append(self)

    async with open_house(tmp_path, chat("leaving", Leaving)) as house:
        bot = await house.bots.put(config_of(chat="leaving"))
        await until(lambda: _is(house, bot.instance_id, LinkState.CONNECTED))
        await house.bots.stop(bot.instance_id)
        await house.bots.unlink(bot.instance_id)
        with pytest.raises(NotNow):
            await Leaving.made[-1].hear("bob", "a late word")
        assert await house.bots.messages(bot.instance_id) == []


async def test_another_platform_does_not_answer_what_waited_on_the_one_before(tmp_path: Path) -> None:
    async with open_house(tmp_path, chat("other", Platform)) as house:
        bot = await house.bot()
        platform, thinking = house.platforms["anna"], house.models["anna"]
        thinking.hold["on the first"] = asyncio.Event()
        await platform.hear("bob", "on the first")
        await until(lambda: len(thinking.asked) == 1)
        await house.bots.put(config_of(chat="other"))
        thinking.hold["on the first"].set()
        await until(lambda: _is(house, bot.instance_id, LinkState.CONNECTED))
        [asked] = await house.bots.messages(bot.instance_id)
        assert asked.reason == "platform_changed"


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


async def test_a_bot_whose_status_cannot_be_had_spoils_no_other(tmp_path: Path) -> None:
    class Raises(Platform):
        def get_status(self) -> LinkStatus:
            raise RuntimeError("secret words")

    class Hangs(Platform):
        asked = 0

        def get_status(self) -> None:
            Hangs.asked += 1
            threading.Event().wait()

    async with open_house(tmp_path, chat("raises", Raises), chat("hangs", Hangs)) as house:
        for name in ("raises", "hangs"):
            bot = await house.bots.put(config_of(name, chat=name))
            await until(partial(_is, house, bot.instance_id, LinkState.ERROR))
            assert "secret words" not in ((await bot.status()).detail or "")
        assert Hangs.asked == 1


async def test_a_flood_from_a_task_is_refused_before_it_holds_up_the_others(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform = house.platforms["anna"]

        def flood() -> None:
            for number in range(100_000):
                platform.queue.add_message("flood", Sender("mallory"), message_id=str(number))

        with pytest.raises(NotNow, match="await"):
            flood()


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
        await until(lambda: _is(house, bot.instance_id, LinkState.CONNECTED))
        old.context.report(LinkStatus(status=LinkState.REPLACED))
        await asyncio.sleep(0)
        assert await state(house, bot.instance_id) is LinkState.CONNECTED


async def test_a_model_that_returns_no_text_is_named_to_the_owner(tmp_path: Path) -> None:
    class Mute:
        def __init__(self, user_id: str, config: dict[str, Any]) -> None:
            pass

        def reply(self, turns: object) -> None:
            return None

    async with open_house(tmp_path, model("mute", Mute)) as house:
        bot = await house.bots.put(config_of(model="mute"))
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        await house.platforms["anna"].hear("bob", "hello")

        async def told() -> bool:
            return (await bot.status()).last_error is not None

        await until(told)
        error = (await bot.status()).last_error or ""
        assert "tests/integration/test_bots.py must return text" in error


async def test_a_model_that_refuses_its_config_creates_nothing_and_changes_nothing(tmp_path: Path) -> None:
    class Picky:
        def __init__(self, user_id: str, config: dict[str, Any]) -> None:
            raise KeyError("api_key")

        async def reply(self, turns: object) -> str:
            return ""

    async with open_house(tmp_path, model("picky", Picky)) as house:
        with capture_logs() as logs, pytest.raises(InvalidConfig, match="llm_provider_config"):
            await house.bots.put(config_of(model="picky"))
        [line] = [line for line in logs if line["event"] == "model provider was not made"]
        assert line["error"] == "KeyError"
        assert line["trace"][-1].startswith("test_bots.py:")
        assert house.bots.all() == []
        bot = await house.bot()
        with pytest.raises(InvalidConfig):
            await house.bots.put(config_of(model="picky"))
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])
        assert bot.config == config_of()


async def test_unlinking_forgets_the_credentials_and_links_again_when_started(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        await house.platforms["anna"].context.state.write([("creds", "me", b"secret")])
        await house.bots.unlink(bot.instance_id)
        assert await state(house, bot.instance_id) is LinkState.LOGGED_OUT
        assert await house.store.state.read(bot.instance_id, "creds") == {}
        await house.bots.start(bot.instance_id)
        await until(lambda: _is(house, bot.instance_id, LinkState.CONNECTED))


async def test_a_deleted_bot_is_gone_with_its_words(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])
        await house.bots.delete(bot.instance_id)
        with pytest.raises(UnknownBot):
            house.bots.get(bot.instance_id)
        again = await house.bot()
        assert again.instance_id != bot.instance_id
        assert await house.bots.messages(again.instance_id) == []
        assert await house.store.messages.page(bot.instance_id) == []


async def test_a_pairing_code_needs_a_running_bot_and_a_platform_that_has_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        with pytest.raises(NotSupported):
            await house.bots.pairing_code(bot.instance_id, "4915112345678")
        await house.bots.stop(bot.instance_id)
        with pytest.raises(NotNow):
            await house.bots.pairing_code(bot.instance_id, "4915112345678")


async def _delivery(house: House, instance_id: str, wanted: DeliveryState) -> bool:
    return any(row.delivery is wanted for row in await house.bots.messages(instance_id))


async def _is(house: House, instance_id: str, wanted: LinkState) -> bool:
    return await state(house, instance_id) is wanted
