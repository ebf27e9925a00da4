"""An exam: the bot is asked blind what its owner answered, and nobody hears of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ContactNotFound, EvaluationNotFound, InvalidState, ModelUnavailable
from imposter.contracts.messages import MessageKind, Sender, Source, Turn
from imposter.contracts.model import Answer
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.storage.learning.evaluations import EvaluationRow, EvaluationState
from imposter.storage.learning.voice import VoiceLine
from imposter.storage.reports.usage import UsageGroup
from tests.house import AT_ONCE, Calendar, House, open_house, until

ME = Sender("me", "Anna")
SMALL = {"context_config": {"max_messages": 50, "max_characters": 5000, "max_days": 30}}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, clock=Calendar()) as house:
        yield house


async def talked(house: House, *contacts: str, autonomy: str = "observe", **config: Any) -> str:
    """A bot whose owner answers two questions of each contact themselves; its instance_id."""
    behaviour = {"debounce_seconds": 0, "pace": "off", "autonomy": autonomy}
    bot = await house.bot("anna", behaviour_config=behaviour, **SMALL, **config)
    platform = house.platforms["anna"]
    for who in contacts:
        for number in (1, 2):
            await platform.hear(who, f"{who} asks {number}")
            await platform.queue.add_message(f"own answer {number} to {who}", ME, source=Source.OWNER, to=who)
    return bot.instance_id


async def ended(house: House, instance_id: str) -> EvaluationRow:
    async def has_ended() -> bool:
        return (await house.bot_service.exam(instance_id)).state is not EvaluationState.RUNNING

    await until(has_ended, "the exam ends")
    return await house.bot_service.exam(instance_id)


async def test_the_bot_answers_blind_and_nobody_hears_of_it(house: House) -> None:
    instance_id = await talked(house, "ben", "cleo")
    begun = await house.bot_service.begin_exam(instance_id, 20)
    assert (begun.total, begun.score) == (4, None)
    exam = await ended(house, instance_id)
    assert (exam.state, exam.done, exam.total) == (EvaluationState.DONE, 4, 4)
    pairs = {pair["asked"]: (pair["owner"], pair["bot"]) for pair in exam.body["pairs"]}
    assert pairs == {
        f"{who} asks {number}": (f"own answer {number} to {who}", f"re: {who} asks {number}")
        for who in ("ben", "cleo")
        for number in (1, 2)
    }
    prompts = sorted(house.models["anna"].prompts())
    assert prompts == [
        ["ben asks 1"],
        ["ben asks 1", "own answer 1 to ben", "ben asks 2"],
        ["cleo asks 1"],
        ["cleo asks 1", "own answer 1 to cleo", "cleo asks 2"],
    ]
    assert exam.score is not None
    assert 0 < exam.score < 100
    assert house.platforms["anna"].attempts == []
    assert [row.source for row in await house.bot_service.messages(instance_id)].count(Source.BOT) == 0


async def test_the_newest_of_each_are_asked_and_one_alone_if_wanted(house: House) -> None:
    instance_id = await talked(house, "ben", "cleo", "dan")
    await house.bot_service.begin_exam(instance_id, 3)
    exam = await ended(house, instance_id)
    assert sorted(pair["asked"] for pair in exam.body["pairs"]) == ["ben asks 2", "cleo asks 2", "dan asks 2"]
    await house.bot_service.begin_exam(instance_id, 20, "cleo")
    exam = await ended(house, instance_id)
    assert {pair["contact"] for pair in exam.body["pairs"]} == {"cleo"}
    with pytest.raises(ContactNotFound):
        await house.bot_service.begin_exam(instance_id, 20, "nobody")


async def test_imported_chats_are_asked_too_and_once(house: House) -> None:
    instance_id = await talked(house, "ben")
    then = (await house.bot_service.messages(instance_id))[0].sent_at - timedelta(days=5)
    lines = [
        VoiceLine("early?", ("early!",), then, 60.0),
        VoiceLine("late?", ("late!", "and later"), then + timedelta(minutes=5), 60.0),
        VoiceLine("ben asks 1", ("own answer 1 to ben",), then + timedelta(days=4), 60.0),
    ]
    await house.store.voice.replace(instance_id, "ben", lines)
    await house.store.voice.replace(instance_id, "eve", [VoiceLine("eve?", ("eve!",), then, 1.0)])
    await house.bot_service.begin_exam(instance_id, 20)
    exam = await ended(house, instance_id)
    asked = sorted(pair["asked"] for pair in exam.body["pairs"])
    assert asked == ["ben asks 1", "ben asks 2", "early?", "eve?", "late?"]
    assert ["early?", "early!", "late?"] in house.models["anna"].prompts()
    assert ["eve?"] in house.models["anna"].prompts()


@pytest.mark.parametrize(
    "config",
    [
        {"contacts": [{"id": "ben", "autonomy": "off"}]},
        {"respond_to_whitelist": ["cleo"]},
    ],
)
async def test_who_may_not_be_shown_to_the_model_is_not(house: House, config: dict[str, Any]) -> None:
    instance_id = await talked(house, "ben", "cleo")
    await house.store.voice.replace(instance_id, "ben", [VoiceLine("old?", ("old!",), Calendar().now(), 1.0)])
    await talked(house, **config)
    await house.bot_service.begin_exam(instance_id, 20)
    exam = await ended(house, instance_id)
    assert {pair["contact"] for pair in exam.body["pairs"]} == {"cleo"}


async def test_without_anything_to_ask_it_says_what_to_do(house: House) -> None:
    bot = await house.bot()
    with pytest.raises(InvalidState, match="Import a chat"):
        await house.bot_service.begin_exam(bot.instance_id, 20)
    with pytest.raises(EvaluationNotFound):
        await house.bot_service.exam(bot.instance_id)


async def test_a_model_that_fails_is_asked_again_and_else_counts_as_silent(house: House) -> None:
    instance_id = await talked(house, "ben")
    house.models["anna"].trouble = [ModelUnavailable("busy"), KeyError("x")]
    await house.bot_service.begin_exam(instance_id, 20)
    exam = await ended(house, instance_id)
    assert sorted(pair["bot"] is None for pair in exam.body["pairs"]) == [False, True]
    house.models["anna"].trouble = [KeyError("x"), KeyError("x")]
    await house.bot_service.begin_exam(instance_id, 20)
    failed = await ended(house, instance_id)
    assert (failed.state, failed.score, failed.last_score) == (EvaluationState.FAILED, None, exam.score)


async def held_up(house: House, *contacts: str) -> tuple[str, asyncio.Event]:
    """A bot whose exam waits for the model; what lets it go on."""
    instance_id = await talked(house, *contacts)
    event = asyncio.Event()
    house.models["anna"].hold = {f"{who} asks {number}": event for who in contacts for number in (1, 2)}
    await house.bot_service.begin_exam(instance_id, 20)
    await until(lambda: bool(house.models["anna"].asked), "the model is asked")
    return instance_id, event


async def test_one_at_a_time_and_it_can_be_cancelled(house: House) -> None:
    instance_id, event = await held_up(house, "ben", "cleo")
    with pytest.raises(InvalidState, match="under way"):
        await house.bot_service.begin_exam(instance_id, 20)
    cancelled = await house.bot_service.cancel_exam(instance_id)
    assert (cancelled.state, cancelled.body["told"]) == (EvaluationState.CANCELLED, "It was cancelled.")
    assert (await house.bot_service.cancel_exam(instance_id)).state is EvaluationState.CANCELLED
    event.set()
    await house.bot_service.begin_exam(instance_id, 20)
    assert (await ended(house, instance_id)).done == 4


@pytest.mark.parametrize("how", ["stop", "model", "forget"])
async def test_what_takes_its_ground_away_ends_it(house: House, how: str) -> None:
    instance_id, event = await held_up(house, "ben", "cleo")
    if how == "stop":
        await house.bot_service.stop(instance_id)
    elif how == "model":
        await talked(house, model_config={"prefix": "other: "})
    else:
        await house.bot_service.forget(instance_id, "ben")
    exam = await house.bot_service.exam(instance_id)
    assert exam.state is EvaluationState.INTERRUPTED
    assert "cut short" in exam.body["told"]
    event.set()
    await house.bot_service.start(instance_id)
    await until(lambda: house.platforms["anna"].listening)
    await house.bot_service.begin_exam(instance_id, 20)
    exam = await ended(house, instance_id)
    assert exam.state is EvaluationState.DONE
    assert len(exam.body["pairs"]) == (2 if how == "forget" else 4)


async def test_contacts_are_answered_while_it_is_held(house: House) -> None:
    instance_id, _ = await held_up(house, "ben", "cleo")
    await talked(house, autonomy="auto")
    await house.platforms["anna"].hear("dan", "are you there?")
    await until(lambda: house.platforms["anna"].texts("dan") == ["re: are you there?"])
    assert (await house.bot_service.exam(instance_id)).state is EvaluationState.RUNNING


async def test_a_bot_answers_by_itself_once_it_has_passed(house: House) -> None:
    """The model here says `re:` and the question again."""
    behaviour = {**AT_ONCE, "auto_from_score": 90}
    instance_id = (await house.bot("anna", behaviour_config={**behaviour, "autonomy": "observe"}, **SMALL)).instance_id
    platform = house.platforms["anna"]
    for number in range(3):
        await platform.hear("ben", f"question {number}")
        await platform.queue.add_message(f"re: question {number}", ME, source=Source.OWNER, to="ben")
    await house.bot("anna", behaviour_config=behaviour, **SMALL)

    async def states() -> dict[str, tuple[str, str | None]]:
        return {row.content: (row.state, row.reason) for row in await house.bot_service.messages(instance_id)}

    async def is_drafted() -> bool:
        return (await states())["not yet"] == ("context", "drafted")

    await platform.hear("cleo", "not yet")
    await until(is_drafted, "the answer waits for the owner")
    await house.bot_service.begin_exam(instance_id, 20, "ben")
    assert (await ended(house, instance_id)).score == 100
    await platform.hear("dan", "and now")
    await until(lambda: platform.texts("dan") == ["re: and now"])
    assert platform.texts("cleo") == []


async def test_after_a_restart_it_still_has_passed(tmp_path: Path) -> None:
    behaviour = {**AT_ONCE, "auto_from_score": 90}
    async with open_house(tmp_path, clock=Calendar()) as house:
        instance_id = (await house.bot("anna", behaviour_config=behaviour, **SMALL)).instance_id
        number = await house.store.evaluations.begin(instance_id, 0)
        assert number is not None
        await house.store.evaluations.end(instance_id, number, EvaluationState.DONE, {}, 95.0)
    async with open_house(tmp_path, clock=Calendar()) as house:
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        await house.platforms["anna"].hear("ben", "are you there?")
        await until(lambda: house.platforms["anna"].texts("ben") == ["re: are you there?"])


async def test_unlinking_takes_it_along(house: House) -> None:
    instance_id, _ = await held_up(house, "ben")
    await house.bot_service.unlink(instance_id)
    with pytest.raises(EvaluationNotFound):
        await house.bot_service.exam(instance_id)


async def test_after_a_restart_it_is_said_to_be_cut_short(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=Calendar()) as house:
        instance_id, _ = await held_up(house, "ben")
    async with open_house(tmp_path, clock=Calendar()) as house:
        assert (await house.bot_service.exam(instance_id)).state is EvaluationState.INTERRUPTED
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        await house.bot_service.begin_exam(instance_id, 20)
        assert (await ended(house, instance_id)).state is EvaluationState.DONE


async def test_what_a_server_that_was_killed_held_is_cut_short(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=Calendar()) as house:
        instance_id = await talked(house, "ben")
        assert await house.store.evaluations.begin(instance_id, 2)  # and nobody is there to end it
    async with open_house(tmp_path, clock=Calendar()) as house:
        assert (await house.bot_service.exam(instance_id)).state is EvaluationState.INTERRUPTED


async def test_a_bot_that_is_stopped_is_to_be_started_first(house: House) -> None:
    instance_id = await talked(house, "ben")
    await house.bot_service.stop(instance_id)
    with pytest.raises(InvalidState, match="start it first"):
        await house.bot_service.begin_exam(instance_id, 20)


class Counting:
    """A model that says what each answer took."""

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        pass

    async def reply(self, turns: Sequence[Turn]) -> Answer:
        return Answer("ok", model="counted", prompt_tokens=100, completion_tokens=1)


async def test_what_it_takes_is_counted_and_bounded_by_the_budget(tmp_path: Path) -> None:
    counting = ProviderFile(ProviderKind.MODEL, "counting", provider=Counting)
    async with open_house(tmp_path, counting, clock=Calendar()) as house:
        instance_id = await talked(house, "ben", "cleo", model="counting")
        await house.bot_service.begin_exam(instance_id, 20)
        exam = await ended(house, instance_id)
        told = [exam.body[name] for name in ("models", "prompt_tokens", "completion_tokens")]
        assert told == [["counted"], 400, 4]
        [took] = (await house.store.usage.sums(instance_id, UsageGroup.CONTACT)).sums
        assert (took.key, took.calls, took.prompt_tokens) == ("", 4, 400)
        await talked(house, model="counting", budget_config={"tokens_per_day": 500})
        await house.bot_service.begin_exam(instance_id, 20)
        exam = await ended(house, instance_id)
        assert (exam.state, exam.body["told"]) == (
            EvaluationState.INTERRUPTED,
            "It was cut short: the budget is spent.",
        )
        with pytest.raises(InvalidState, match="budget is spent"):
            await house.bot_service.begin_exam(instance_id, 20)


async def test_what_is_deleted_afterwards_goes_from_all_that_it_was_shown_in(house: House) -> None:
    instance_id = await talked(house, "ben", "cleo")
    await house.bot_service.begin_exam(instance_id, 20)
    await ended(house, instance_id)
    first = next(row for row in await house.bot_service.messages(instance_id) if row.content == "ben asks 1")
    deletion = {"kind": MessageKind.DELETION, "changes": first.message_id, "answerable": False, "note": "revoke"}
    await house.platforms["anna"].queue.add_message("", "ben", **deletion)
    exam = await house.bot_service.exam(instance_id)
    assert {pair["contact"] for pair in exam.body["pairs"]} == {"cleo"}
    assert "ben asks 1" not in str(exam.body)
