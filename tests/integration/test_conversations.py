"""The way of a message to the model, on a real store, with a platform and a model in the test's hand."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from imposter.contracts.errors import ModelRefused, ModelUnavailable
from imposter.contracts.messages import Sender, Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from tests.house import Calendar, House, config_of, open_house, until
from tests.integration.records import changes_refused, has_delivery, nothing_waits, rows, waiting


async def test_a_message_is_answered_once_to_where_it_came_from(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        await platform.hear("bob", "hello", message_id="m1", reply_to="bob@here")
        await platform.hear("bob", "hello", message_id="m1", reply_to="bob@here")
        await until(lambda: platform.texts("bob@here") == ["re: hello"])
        await until(lambda: _settled(house, bot.instance_id))
        asked, answer = await rows(house, bot.instance_id)
        assert (asked.state, answer.delivery, answer.answers) == (MessageState.ANSWERED, DeliveryState.SENT, asked.seq)
        assert len(platform.attempts) == 1


async def test_answers_keep_the_order_of_their_conversation(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform = house.platforms["anna"]
        said = [f"message {number}" for number in range(30)]
        for text in said:
            await platform.hear("bob", text)
        await until(lambda: platform.texts()[-1:] == [f"re: {said[-1]}"])
        numbers = [int(text.rsplit(" ", 1)[1]) for text in platform.texts()]
        assert numbers == sorted(set(numbers))


async def test_a_conversation_with_fifty_waiting_messages_gets_one_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform, model = house.platforms["anna"], house.models["anna"]
        model.hold["first"] = asyncio.Event()
        await platform.hear("bob", "first")
        await until(lambda: len(model.asked) == 1)
        said = [f"message {number}" for number in range(50)]
        for text in said:
            await platform.hear("bob", text)
        model.hold["first"].set()
        await until(lambda: platform.texts() == ["re: first", f"re: {said[-1]}"])
        assert model.prompts()[-1] == ["first", "re: first", *said]
        answered = [row for row in await rows(house, bot.instance_id) if row.content in said]
        assert {row.state for row in answered} == {MessageState.ANSWERED}
        assert {row.joined for row in answered[:-1]} == {answered[-1].seq}
        assert not await waiting(house, bot.instance_id)


async def test_what_waited_out_an_outage_is_kept_but_not_answered(tmp_path: Path) -> None:
    clock = Calendar()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot()
        house.models["anna"].hold["before"] = asyncio.Event()
        await house.platforms["anna"].hear("bob", "before")
        platform = house.platforms["anna"]
        platform.listening = False
        await platform.hear("eve", "undelivered")
        await until(lambda: bool(platform.attempts))
    clock.pass_by(minutes=16)
    async with open_house(tmp_path, clock=clock) as house:
        await until(lambda: "anna" in house.platforms)
        platform = house.platforms["anna"]
        bot = house.bots.all()[0]
        await platform.hear("bob", "after")
        await until(lambda: platform.texts("bob") == ["re: after"])
        await until(lambda: has_delivery(house, bot.instance_id, "re: undelivered", DeliveryState.FAILED))
        assert platform.texts("eve") == []
        found = {row.content: (row.state, row.reason) for row in await rows(house, bot.instance_id)}
        assert found["before"] == (MessageState.CONTEXT, "too_old")
        assert house.models["anna"].prompts() == [["before", "after"]]


async def test_the_model_sees_the_conversation_so_far_with_each_answer_behind_its_question(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform, model = house.platforms["anna"], house.models["anna"]
        model.hold["one"] = asyncio.Event()
        await platform.hear("bob", "one")
        await until(lambda: len(model.asked) == 1)
        await platform.hear("bob", "two")
        model.hold["one"].set()
        await until(lambda: len(platform.sent) == 2)
        await platform.hear("anna", "I am back", source=Source.OWNER, to=Sender("bob"))
        await platform.hear("bob", "three")
        await until(lambda: len(platform.sent) == 3)
        assert model.prompts() == [
            ["one"],
            ["one", "re: one", "two"],
            ["one", "re: one", "two", "re: two", "I am back", "three"],
        ]
        assert [turn.source for turn in model.asked[-1]] == ["user", "bot", "user", "bot", "owner", "user"]


async def test_no_contacts_words_stand_in_anothers_prompt(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for user in ("anna", "otto"):
            await house.bot(user, chat_config={"allow_group_messages": True})
        for user in ("anna", "otto"):
            platform = house.platforms[user]
            for contact in ("bob", "eve"):
                for turn in range(3):
                    await platform.hear(contact, f"canary-{user}-{contact}-{turn}")
            await platform.hear("bob", f"canary-{user}-group", group="g1")
        for user in ("anna", "otto"):
            for contact, last in (("bob", "bob-2"), ("eve", "eve-2"), ("g1", "group")):
                texts = partial(house.platforms[user].texts, contact)
                wanted = f"re: canary-{user}-{last}"
                await until(lambda texts=texts, wanted=wanted: wanted in texts())  # type: ignore[misc]
        for user in ("anna", "otto"):
            for prompt in house.models[user].prompts():
                whose = prompt[-1].rsplit("-", 1)[0] if "group" not in prompt[-1] else prompt[-1]
                assert all(whose in text for text in prompt)


async def test_one_slow_conversation_does_not_hold_up_another(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform, model = house.platforms["anna"], house.models["anna"]
        model.hold["slow"] = asyncio.Event()
        await platform.hear("bob", "slow")
        await platform.hear("eve", "quick")
        await until(lambda: platform.texts() == ["re: quick"])
        model.hold["slow"].set()
        await until(lambda: platform.texts("bob") == ["re: slow"])


async def test_a_model_that_cannot_answer_now_is_asked_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        house.models["anna"].trouble = [ModelUnavailable(), ModelUnavailable(retry_after=1)]
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])


@pytest.mark.parametrize("error", [ModelRefused("The key is not valid."), ZeroDivisionError("bob's words")])
async def test_a_model_that_fails_leaves_the_contact_in_peace_and_tells_the_owner(
    tmp_path: Path, error: Exception
) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot()
        platform, model = house.platforms["anna"], house.models["anna"]
        model.trouble = [error]
        await platform.hear("bob", "one")
        await until(lambda: _state(house, bot.instance_id, "one", MessageState.FAILED))
        status = await bot.status()
        assert status.last_error is not None
        assert "bob's words" not in status.last_error
        await platform.hear("bob", "two")
        await until(lambda: platform.texts() == ["re: two"])


@pytest.mark.parametrize("everything", [False, True])
async def test_what_was_kept_for_us_is_answered_while_fresh_or_when_all_of_it_is_wanted(
    tmp_path: Path, everything: bool
) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(chat_config={"process_offline_messages": everything})
        platform = house.platforms["anna"]
        now = datetime.now(UTC)
        await platform.hear("bob", "old", offline=True, sent_at=now - timedelta(hours=1))
        await platform.hear("bob", "fresh", offline=True, sent_at=now - timedelta(minutes=4))
        wanted = ["re: old", "re: fresh"] if everything else ["re: fresh"]
        await until(lambda: platform.texts() == wanted)
        assert house.models["anna"].prompts()[-1][0] == "old"
        if not everything:
            assert next(row for row in await rows(house, bot.instance_id) if row.content == "old").reason == "too_old"


async def test_a_flood_is_bounded_and_what_fell_out_is_on_record(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(queue_config={"max_messages": 3})
        platform, model = house.platforms["anna"], house.models["anna"]
        model.hold["0"] = asyncio.Event()
        await platform.hear("bob", "0")
        await until(lambda: len(model.asked) == 1)
        for number in range(1, 7):
            await platform.hear("bob", str(number))
        model.hold["0"].set()
        await until(lambda: platform.texts() == ["re: 0", "re: 6"])
        evicted = [row for row in await rows(house, bot.instance_id) if row.state is MessageState.EVICTED]
        assert [row.content for row in evicted] == ["1", "2", "3", "4"]
        assert {row.reason for row in evicted} == {"max_messages"}


async def test_a_message_that_comes_while_the_queue_is_found_empty_is_not_forgotten(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(queue_config={"max_messages": 2})
        platform = house.platforms["anna"]
        for burst in range(40):
            for number in range(6):
                platform.queue.add_message(f"{burst} {number}", Sender("bob"))
            for _ in range(burst % 8):
                await asyncio.sleep(0)
            await platform.hear("bob", f"{burst} last")

            async def nothing_waits() -> bool:
                return (await bot.status()).waiting == 0

            await until(nothing_waits)


async def test_two_ids_that_turn_out_to_be_one_person_leave_no_message_behind(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform, model = house.platforms["anna"], house.models["anna"]
        await platform.hear("lid", "first")
        await until(lambda: len(platform.sent) == 1)
        model.hold["by number"] = asyncio.Event()
        await platform.hear("number", "by number")
        await until(lambda: len(model.asked) == 2)
        await platform.hear("number", "by number, later")
        await platform.queue.add_message("by both", Sender("lid", "", ("number",)))
        model.hold["by number"].set()
        await until(lambda: {"re: by both", "re: by number"} <= set(platform.texts()))
        await until(lambda: nothing_waits(house))
        assert len(set(platform.texts())) == len(platform.texts())


async def test_a_message_that_was_to_be_answered_with_one_that_is_no_longer_is_answered_alone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        groups = {"allow_group_messages": True}
        bot = await house.bot(chat_config=groups)
        platform, model = house.platforms["anna"], house.models["anna"]
        model.hold = {"first": asyncio.Event(), "carol asks": asyncio.Event()}
        await platform.hear("carol", "first", group="team")
        await until(lambda: len(model.asked) == 1)
        await platform.hear("bob", "bob asks", group="team")
        await platform.hear("carol", "carol asks", group="team")
        model.hold["first"].set()
        await until(lambda: len(model.asked) == 2)
        await house.bots.put(config_of("anna", chat_config=groups, respond_to_whitelist=["bob"]))
        model.hold["carol asks"].set()
        await until(lambda: nothing_waits(house))
        asked = {row.content: row.state for row in await rows(house, bot.instance_id)}
        assert (asked["bob asks"], asked["carol asks"]) == (MessageState.ANSWERED, MessageState.IGNORED)


async def test_what_a_merge_takes_elsewhere_while_the_store_fails_is_answered_all_the_same(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.bot()
        platform, model = house.platforms["anna"], house.models["anna"]
        await platform.hear("number", "before")
        await until(lambda: len(platform.sent) == 1)
        model.hold["question"] = asyncio.Event()
        await platform.hear("lid", "question")
        await until(lambda: len(model.asked) == 2)
        with changes_refused(tmp_path, "INSERT ON outbox"):
            both = Sender("number", "", ("lid",))
            await platform.queue.add_message("by the owner", Sender("me"), Source.OWNER, to=both)
            model.hold["question"].set()
            await until(lambda: len(model.asked) > 2)
        await until(lambda: platform.texts()[-1:] == ["re: question"])


async def _settled(house: House, instance_id: str) -> bool:
    return all(row.delivery in (None, DeliveryState.SENT) for row in await rows(house, instance_id))


async def _state(house: House, instance_id: str, text: str, state: MessageState) -> bool:
    return any(row.content == text and row.state is state for row in await rows(house, instance_id))
