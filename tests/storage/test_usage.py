"""What models cost stays with its conversation, and becomes nobody's where that goes."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from imposter.domain.claims import Superseded
from imposter.domain.deliveries import Part
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.pauses import FOREVER, Pause
from imposter.domain.reasons import Reason
from imposter.domain.usage import Usage, UsageGroup, UsageTotal
from imposter.runtime.retention import delete_old
from imposter.storage.reports.usage import KEPT_DAYS
from tests.storage.desk import BOT, Desk
from tests.storage.test_retention import At
from tests.storage.traces import traces

TODAY = date(2026, 3, 1)
CANARY = "canary-4915198765432"
SETTLED = Verdict(MessageState.CONTEXT, Reason.MODEL_SILENT)


def took(day: date = TODAY, model: str = "gpt", cost: int = 700, currency: str = "USD") -> Usage:
    return Usage(
        day=day.isoformat(),
        model=model,
        prompt_tokens=100,
        cached_tokens=40,
        completion_tokens=20,
        currency=currency,
        cost=cost,
    )


async def ask(desk: Desk, *chat: str, used: tuple[Usage, ...] = (took(),)) -> None:
    """A message of that chat, and its answer."""
    seq = (await desk.receive("hello", *chat)).seq
    assert seq is not None
    await desk.store.messages.answer(desk.claim, [seq], [Part("hi", f"out-{seq}")], None, used)


async def costs(desk: Desk, by: UsageGroup = UsageGroup.CONTACT, last: date = TODAY) -> dict[str, int]:
    found = await desk.store.usage.sums(desk.bot, by, date(2020, 1, 1), last)
    return {each.key: each.cost for each in found.sums}


async def test_each_answer_adds_to_its_day_conversation_model_and_currency(desk: Desk) -> None:
    for _ in range(2):
        await ask(desk, "anna")
    await ask(desk, "ben", used=(took(model="other", cost=3), took(cost=0, currency="")))
    await ask(desk, "anna", used=(took(TODAY + timedelta(days=1), cost=5),))
    of_models = await desk.store.usage.sums(BOT, UsageGroup.MODEL)
    assert (of_models.first, of_models.last) == (TODAY, TODAY)
    assert set(of_models.sums) == {
        UsageTotal("gpt", "", 1, 0, 100, 40, 20, 0),
        UsageTotal("gpt", "USD", 2, 0, 200, 80, 40, 1400),
        UsageTotal("other", "USD", 1, 0, 100, 40, 20, 3),
    }
    tomorrow = TODAY + timedelta(days=1)
    assert await costs(desk, UsageGroup.DAY, tomorrow) == {"2026-03-01": 1403, "2026-03-02": 5}
    assert [each.cost for each in await desk.store.usage.since(BOT, tomorrow, tomorrow)] == [5]
    of_chats = {chat: used.cost for chat, used in await desk.store.usage.by_contact(BOT, TODAY) if used.currency}
    assert of_chats == {"anna": 1400, "ben": 3}


async def test_silence_costs_and_so_does_an_answer_that_came_too_late(desk: Desk) -> None:
    silent, late = (await desk.receive("silent")).seq, (await desk.receive("late", "ben")).seq
    assert silent is not None
    assert late is not None
    await desk.store.messages.settle(desk.claim, [silent], SETTLED, None, [took(cost=1)])
    await desk.store.pauses.begin(desk.claim, Pause("ben", "paused", FOREVER))
    assert await desk.store.messages.answer(desk.claim, [late], [Part("hi", "out")], None, [took(cost=2)]) == []
    assert await costs(desk) == {"anna": 1, "ben": 2}


async def test_a_run_that_is_over_writes_no_cost(desk: Desk) -> None:
    seq = (await desk.receive()).seq
    assert seq is not None
    await desk.store.bots.claim(BOT)
    for late in (
        desk.store.messages.answer(desk.claim, [seq], [Part("hi", "out")], None, [took()]),
        desk.store.messages.settle(desk.claim, [seq], SETTLED, None, [took()]),
    ):
        with pytest.raises(Superseded):
            await late
    assert await costs(desk) == {}


async def test_conversations_that_are_one_cost_together(desk: Desk) -> None:
    await ask(desk, "phone")
    await ask(desk, "lid", used=(took(), took(model="other", cost=1)))
    await desk.receive("both", "lid", "phone")
    assert await costs(desk) == {"phone": 1401}


async def test_a_forgotten_person_costs_as_nobody(desk: Desk, database: str | None, tmp_path: Path) -> None:
    await ask(desk, CANARY)
    await ask(desk, "anna", used=(took(cost=1),))
    making = (await desk.receive("hello", CANARY)).seq
    assert making is not None
    assert "usage" in traces(database, tmp_path / "data", CANARY) or database is None
    await desk.store.erasure.forget(BOT, CANARY, str)
    await desk.store.messages.answer(desk.claim, [making], [Part("hi", "late")], None, [took(cost=10)])
    assert await costs(desk) == {"": 710, "anna": 1}
    assert traces(database, tmp_path / "data", CANARY) == []


async def test_an_account_that_is_gone_leaves_its_cost_and_no_names(desk: Desk) -> None:
    await ask(desk, "anna")
    await ask(desk, "ben")
    await desk.store.state.clear(desk.claim)
    assert await costs(desk) == {"": 1400}


async def test_what_a_bot_cost_goes_with_it(desk: Desk) -> None:
    await ask(desk, CANARY)
    await desk.store.bots.delete(BOT)
    assert await costs(desk) == {}


async def test_old_costs_lose_their_names_and_go_in_the_end(desk: Desk) -> None:
    week = TODAY + timedelta(days=7)
    await ask(desk, "anna")
    await ask(desk, "ben", used=(took(), took(week, cost=1)))
    desk.time.pass_by(days=9)
    await delete_old(desk.store, At(desk.time), timedelta(days=3))
    assert await costs(desk, last=week) == {"": 1400, "ben": 1}
    desk.time.pass_by(days=KEPT_DAYS - 8)
    await delete_old(desk.store, At(desk.time), timedelta(days=3))
    assert await costs(desk, UsageGroup.DAY, week) == {week.isoformat(): 1}
