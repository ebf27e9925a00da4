"""The way of an answer to its contact, and what becomes of one that does not arrive."""

import asyncio
import errno
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from chatbot_manager import ChatbotInstance
from imposter.contracts.errors import DeliveryUncertain, ModelRefused, NotConnected, Refused
from imposter.contracts.messages import Sender
from imposter.contracts.status import LinkState, LinkStatus
from imposter.domain.deliveries import DeliveryState
from imposter.domain.pauses import Pause
from imposter.runtime.commands import RetryDeadLetters
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from tests.house import House, config_of, open_house, until
from tests.integration.records import changes_refused, has_delivery, nothing_waits, rows
from tests.timeouts import FACT


class Forgetful:
    """A platform that cannot know a message by its id, so that nothing may be sent twice."""

    made: ClassVar[list["Forgetful"]] = []

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        self.queue = user_queues[user_id]
        self.sent: list[str] = []
        self.hold: asyncio.Event | None = None
        self.made.append(self)

    async def start_listening(self) -> None:
        pass

    async def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        if self.hold is not None:
            await self.hold.wait()
        self.sent.append(message)


async def test_an_answer_waits_for_the_link_and_keeps_its_id(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform = house.platforms["anna"]
        platform.listening = False
        await platform.hear("bob", "hello")
        await until(lambda: len(platform.attempts) >= 1)
        assert platform.sent == []
        platform.listening = True
        platform.context.report(LinkStatus(status=LinkState.CONNECTED))
        await until(lambda: platform.texts() == ["re: hello"])
        assert len({sent.message_id for sent in platform.attempts}) == 1


async def test_an_uncertain_send_is_repeated_under_the_same_id_and_then_given_up(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.trouble = [DeliveryUncertain() for _ in range(5)]
        await platform.hear("bob", "lost")
        await until(lambda: has_delivery(house, bot.instance_id, "re: lost", DeliveryState.UNCERTAIN))
        assert len(platform.attempts) == 5
        assert len({sent.message_id for sent in platform.attempts}) == 1
        await platform.hear("bob", "next")
        await until(lambda: platform.texts() == ["re: next"])


async def test_an_answer_that_this_machine_has_no_file_for_waits_and_keeps_its_id(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform = house.platforms["anna"]
        platform.trouble = [OSError(errno.EMFILE, "Too many open files") for _ in range(20)]
        await platform.hear("bob", "hello")
        await until(lambda: platform.texts() == ["re: hello"])
        assert len(platform.attempts) == 21
        assert len({sent.message_id for sent in platform.attempts}) == 1


@pytest.mark.parametrize("error", [Refused("blocked"), RuntimeError("anything")])
async def test_a_refused_answer_is_never_tried_again(tmp_path: Path, error: Exception) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.trouble = [error]
        await platform.hear("bob", "one")
        await until(lambda: has_delivery(house, bot.instance_id, "re: one", DeliveryState.FAILED))
        await platform.hear("bob", "two")
        await until(lambda: platform.texts() == ["re: two"])
        assert (await bot.status()).last_error is not None


async def test_after_a_restart_what_waited_is_answered_and_nothing_twice(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform, model = house.platforms["anna"], house.models["anna"]
        await platform.hear("bob", "answered")
        await until(lambda: platform.texts() == ["re: answered"])
        model.hold = {"thinking": asyncio.Event(), "waiting": asyncio.Event()}
        await platform.hear("bob", "thinking")
        await until(lambda: len(model.asked) == 2)
        await platform.hear("bob", "waiting")
        platform.listening = False
        await platform.hear("eve", "undelivered")
        await until(lambda: any(sent.text == "re: undelivered" for sent in platform.attempts))
        undelivered = platform.attempts[-1].message_id
    async with open_house(tmp_path) as house:
        await until(lambda: "anna" in house.platforms and len(house.platforms["anna"].sent) == 2)
        platform = house.platforms["anna"]
        assert platform.texts("bob") == ["re: waiting"]
        assert [sent.message_id for sent in platform.sent if sent.recipient == "eve"] == [undelivered]
        assert house.models["anna"].prompts()[-1] == ["answered", "re: answered", "thinking", "waiting"]
        assert house.bots.all()[0].instance_id == bot.instance_id


async def test_an_answer_on_its_way_may_arrive_when_the_bot_stops(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.hold = asyncio.Event()
        await platform.hear("bob", "hello")
        await until(lambda: len(platform.attempts) == 1)
        stopping = asyncio.create_task(house.bots.stop(bot.instance_id))
        asyncio.get_running_loop().call_soon(platform.hold.set)
        await stopping
        assert platform.texts() == ["re: hello"]
        assert await has_delivery(house, bot.instance_id, "re: hello", DeliveryState.SENT)


async def test_what_was_sent_is_noted_even_if_the_store_fails_at_that_moment(tmp_path: Path) -> None:
    async with open_house(tmp_path, ProviderFile(ProviderKind.CHAT, "forgetful", provider=Forgetful)) as house:
        bot = await house.bots.put(config_of(chat="forgetful"))
        await until(lambda: bool(Forgetful.made))
        platform = Forgetful.made[-1]
        platform.hold = asyncio.Event()
        platform.queue.add_message("hello", Sender("bob")).result(timeout=FACT)
        await until(lambda: _delivery_of(house, bot.instance_id, DeliveryState.SENDING))
        with changes_refused(tmp_path, "UPDATE ON outbox"):
            platform.hold.set()
            await until(lambda: bool(platform.sent))
        await until(lambda: _delivery_of(house, bot.instance_id, DeliveryState.SENT))
        assert platform.sent == ["re: hello"]


async def test_not_being_connected_is_no_error_of_the_bot(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.trouble = [NotConnected(), NotConnected()]
        await platform.hear("bob", "hello")
        await until(lambda: len(platform.attempts) >= 1)
        platform.context.report(LinkStatus(status=LinkState.CONNECTED))
        await until(lambda: platform.texts() == ["re: hello"])
        assert (await bot.status()).last_error is None


async def test_what_the_owner_has_tried_again_all_at_once_goes_out_within_the_caps(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.trouble = [RuntimeError("broken") for _ in range(8)]
        for number in range(8):
            await platform.hear(f"friend {number}", "hello")
        await until(lambda: len(platform.attempts) == 8)
        await until(lambda: _letters(house, bot.instance_id, 8))
        await house.bots.put(config_of(limits_config={"answers_per_hour": 10}))
        assert (await bot.execute(RetryDeadLetters())).letters == 8
        await until(lambda: len(platform.sent) == 2)  # the eight that the platform refused count, too
        await until(lambda: _waits_for_room(bot))
        assert len(platform.sent) == 2


async def test_what_is_tried_again_in_a_chat_that_is_paused_stays_a_dead_letter(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        house.models["anna"].trouble = [ModelRefused("The model's account has no credit left.")]
        await platform.hear("bob", "important")
        await until(lambda: _letters(house, bot.instance_id, 1))
        await house.store.pauses.set(bot.instance_id, Pause("bob", "loop", datetime.now(UTC) + timedelta(hours=1)))
        await house.bots.stop(bot.instance_id)
        await house.bots.start(bot.instance_id)
        await bot.execute(RetryDeadLetters())
        await until(lambda: nothing_waits(house))
        [letter] = await house.bot_service.conversation_service.dead_letters(bot.instance_id)
        assert (letter.message, letter.reason) == ("important", "loop")
        assert house.platforms["anna"].attempts == []


async def _letters(house: House, instance_id: str, count: int) -> bool:
    return len(await house.bot_service.conversation_service.dead_letters(instance_id)) == count


async def _waits_for_room(bot: ChatbotInstance) -> bool:
    return "waiting for its turn" in " ".join((await bot.status()).safety.reasons)


async def _delivery_of(house: House, instance_id: str, state: DeliveryState) -> bool:
    return any(row.delivery is state for row in await rows(house, instance_id))
