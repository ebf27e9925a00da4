"""Other people's providers: plain ones work, and broken ones spoil no bot but their own."""

import threading
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from imposter.contracts.errors import InvalidConfig, InvalidState, NotConnected
from imposter.contracts.messages import Group, Sender
from imposter.contracts.model import Answer
from imposter.contracts.status import LinkState, LinkStatus
from imposter.domain.deliveries import DeliveryState
from tests.house import Platform, config_of, open_house, until
from tests.integration.drop_ins import chat, link_is, model, state
from tests.timeouts import FACT


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
        platform.user_queues["anna"].add_message("again", Sender("bob")).result(timeout=FACT)

        async def failed() -> bool:
            return (await house.bot_service.messages(bot.instance_id))[0].delivery is DeliveryState.FAILED

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
        await until(lambda: link_is(house, raising.instance_id, LinkState.ERROR))
        detail = (await raising.status()).detail
        assert detail is not None
        assert "secret words" not in detail


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
            await until(partial(link_is, house, bot.instance_id, LinkState.ERROR))
            assert "secret words" not in ((await bot.status()).detail or "")
        assert Hangs.asked == 1


async def test_a_flood_from_a_task_is_refused_before_it_holds_up_the_others(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform = house.platforms["anna"]

        def flood() -> None:
            for number in range(100_000):
                platform.queue.add_message("flood", Sender("mallory"), message_id=str(number))

        with pytest.raises(InvalidState, match="await"):
            flood()


async def test_what_a_platform_hands_over_is_bounded_in_every_field(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        queue = house.platforms["anna"].queue
        too_long: dict[str, dict[str, Any]] = {
            "message_id": {"message_id": long},
            "sender": {"sender": long},
            "group": {"group": Group(long)},
            "reply_to": {"reply_to": long},
            "quotes": {"quotes": long},
            "reacts_to": {"reacts_to": long},
        }
        for field, arguments in too_long.items():
            with pytest.raises(ValueError, match=f"{field} must have 1 to 256 characters"):
                queue.add_message(**{"content": "hi", "sender": "bob", **arguments})
        sender = Sender("bob", long, (long, *(str(number) for number in range(100))))
        await queue.add_message(long, sender, group=Group("team", long))
        [row] = await house.bot_service.messages(bot.instance_id)
        assert row.truncated_from == len(long)
        assert max(len(str(value)) for name, value in asdict(row).items() if name != "content") <= 256


@pytest.mark.parametrize("returned", [None, b"bytes", Answer(cast("str", None))])
async def test_a_model_that_returns_no_text_is_named_to_the_owner(tmp_path: Path, returned: object) -> None:
    class Mute:
        def __init__(self, user_id: str, config: dict[str, Any]) -> None:
            pass

        def reply(self, turns: object) -> object:
            return returned

    async with open_house(tmp_path, model("mute", Mute)) as house:
        bot = await house.bots.put(config_of(model="mute"))
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        await house.platforms["anna"].hear("bob", "hello")

        async def told() -> bool:
            return (await bot.status()).last_error is not None

        await until(told)
        error = (await bot.status()).last_error or ""
        assert "tests/integration/test_drop_ins.py must return text" in error


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
        assert line["trace"][-1].startswith("test_drop_ins.py:")
        assert house.bots.all() == []
        bot = await house.bot()
        with pytest.raises(InvalidConfig):
            await house.bots.put(config_of(model="picky"))
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])
        assert bot.config == config_of()
