"""What a bot's model costs: counted, told, and bounded."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ModelRefused
from imposter.contracts.messages import MessageKind, Turn
from imposter.contracts.model import Answer
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.storage.reports.usage import UsageGroup
from imposter.web.api import examples
from tests.house import Calendar, House, config_of, open_house, until
from tests.integration.api_house import ROOT, open_api
from tests.integration.behaviour_house import PROMPT, open_anna
from tests.integration.safety_house import HandClock
from tests.integration.test_api_decisions import CountingModel, Owner, gates, open_owner

DAY = 86_400.0
PRICES = {"counting": {"input": 10_000, "output": 0}}
"""An answer of 21 tokens read and 5 written costs 0.21."""


def budget(**bounds: Any) -> dict[str, Any]:
    return {"prices": PRICES, "per_contact_daily": 1000, **bounds}


async def say(owner: Owner, *texts: str, to: str = "bob") -> None:
    for text in texts:
        await owner.hear(text, to)
        await owner.settle()


async def costs(owner: Owner, query: str = "") -> Any:
    response = await owner.api.client.get(f"/chatbot/{owner.bot.instance_id}/costs{query}")
    assert response.status_code == 200, response.text
    return response.json()


async def bound_by(owner: Owner, **bounds: Any) -> None:
    """The same bot, with another budget."""
    await owner.api.create(
        "anna", chat="platform", model="counting", behaviour_config=PROMPT, limits_config={}, budget_config=bounds
    )


async def test_tokens_count_without_a_budget_and_their_price_is_nobodys_guess(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT) as owner:
        await say(owner, "one", "two")
        await say(owner, "three", to="carol")
        by_day = await costs(owner)
        assert (by_day["from"], by_day["to"], by_day["by"]) == ("2026-03-01", "2026-03-01", "day")
        total = {
            "calls": 3,
            "prompt_tokens": 63,
            "cached_tokens": 0,
            "completion_tokens": 15,
            "uncounted": 0,
            "unpriced": 3,
            "money": {},
        }
        assert by_day["total"] == total
        assert by_day["rows"] == [{"key": "2026-03-01"} | total]
        by_contact = (await costs(owner, "?by=contact"))["rows"]
        assert [(row["key"], row["calls"]) for row in by_contact] == [("bob", 2), ("carol", 1)]
        assert [row["key"] for row in (await costs(owner, "?by=model"))["rows"]] == ["counting-1"]
        assert (await costs(owner, "?by=contact&limit=1"))["rows"] == by_contact[:1]
        assert (await costs(owner, "?from=2026-02-01&to=2026-02-28"))["rows"] == []


async def test_a_call_whose_question_was_edited_meanwhile_is_reckoned(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget(daily=100)) as owner:
        await say(owner, "one")
        CountingModel.hold = asyncio.Event()
        await owner.platform.hear("bob", "my PIN is " + "4711" * 100, message_id="Q1")
        await until(lambda: CountingModel.waiting == 1, "the model is asked")
        edit = {"kind": MessageKind.EDIT, "changes": "Q1", "answerable": False, "note": "edit"}
        await owner.platform.queue.add_message("two", "bob", **edit)
        await until(lambda: CountingModel.waiting == 2, "it is asked anew")
        CountingModel.hold.set()
        await owner.settle()
        assert owner.platform.texts() == ["re: one", "re: two"]
        total = (await costs(owner))["total"]
        assert (total["calls"], total["uncounted"], total["unpriced"]) == (3, 0, 0)
        assert total["prompt_tokens"] > 2 * 21 + 100, "some four characters are a token"
        assert total["completion_tokens"] > 2 * 5


async def test_a_day_is_spent_and_the_next_one_is_not(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget(daily=0.4)) as owner:
        await say(owner, "one", "two", "three", "four")
        assert owner.platform.texts() == ["re: one", "re: two"]
        why = await owner.why("three")
        assert why["explanation"] == "Not answered: what the model may cost was spent (budget_config)."
        assert gates(why, "stopped") == ["budget"]
        model = (await owner.why("two"))["model"]
        assert (model["cost"], model["currency"]) == (0.21, "USD")
        status = await owner.bot.status()
        assert status.budget is not None
        assert status.budget.until.isoformat() == "2026-03-02T00:00:00+00:00"
        assert (
            status.last_error
            == status.budget.reason
            == (
                "The budget of this day is spent: 0.42 of 0.4 USD. The model is not asked until 2026-03-02 00:00 UTC, "
                "unless budget_config is changed."
            )
        )
        assert (await costs(owner))["total"]["money"] == {"USD": 0.42}
        owner.clock.pass_by(DAY / 2)
        assert (await owner.bot.status()).budget is None
        await say(owner, "five")
        assert owner.platform.texts() == ["re: one", "re: two", "re: five"]
        assert [row["key"] for row in (await costs(owner))["rows"]] == ["2026-03-02", "2026-03-01"]


async def test_a_month_is_spent_until_its_end(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget(monthly=0.2)) as owner:
        await say(owner, "one")
        owner.clock.pass_by(20 * DAY)
        await say(owner, "two")
        assert owner.platform.texts() == ["re: one"]
        owner.clock.pass_by(11 * DAY)
        await say(owner, "three")
        assert owner.platform.texts() == ["re: one", "re: three"]


async def test_one_contact_spends_nothing_of_anothers(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget(per_contact_daily=0.2)) as owner:
        await say(owner, "one", "two")
        await say(owner, "three", to="carol")
        assert owner.platform.texts() == ["re: one", "re: three"]
        assert (await owner.bot.status()).budget is None
        assert str((await owner.bot.status()).last_error).startswith("A chat has spent its budget of this day: 0.21")


@pytest.mark.parametrize("bounds", [{"daily": 0.8, "prices": PRICES}, {"tokens_per_day": 100}])
async def test_by_default_one_chat_spends_a_quarter_of_the_day_at_most(tmp_path: Path, bounds: dict[str, Any]) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=bounds) as owner:
        await say(owner, "one", "two")
        await say(owner, "three", to="carol")
        assert owner.platform.texts() == ["re: one", "re: three"]
        assert str((await owner.bot.status()).last_error).startswith("A chat has spent its ")
        for step in ("stop", "start"):
            await owner.api.client.post(f"/chatbot/{owner.bot.instance_id}/{step}")
        await until(lambda: owner.platform.listening and owner.bot.state == "connected")
        await say(owner, "four")
        await say(owner, "five", to="dave")
        assert owner.platform.texts() == ["re: five"], "the platform is another one now"


async def test_who_alone_may_be_answered_may_spend_all(tmp_path: Path) -> None:
    bounds: dict[str, Any] = {"budget_config": {"daily": 0.4, "prices": PRICES}, "respond_to_whitelist": ["bob"]}
    async with open_owner(tmp_path, PROMPT, **bounds) as owner:
        await say(owner, "one", "two", "three")
        assert owner.platform.texts() == ["re: one", "re: two"]
        assert "0.42 of 0.4" in str((await owner.bot.status()).last_error)


async def test_what_there_is_no_money_for_is_left_to_the_owner_and_the_model_is_not_asked(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await anna.configure(PROMPT, budget_config={"daily": 0, "when_spent": "draft"})
        await anna.hear("coming?")
        await anna.settle()
        assert anna.model.asked == []
        assert "your budget is spent" in anna.notes()[0]
        await anna.say_to_herself("I am", quotes=anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["I am"]
        status = await anna.bot.status()
        assert status.budget is not None
        assert "What comes is left to you until" in status.budget.reason


async def test_a_start_forgets_nothing_of_what_is_spent(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget(daily=0.2, per_contact_daily=0.2)) as owner:
        await say(owner, "one")
        for step in ("stop", "start"):
            await owner.api.client.post(f"/chatbot/{owner.bot.instance_id}/{step}")
        await until(lambda: owner.platform.listening and owner.bot.state == "connected")
        assert (await owner.bot.status()).budget is not None
        await say(owner, "two")
        await say(owner, "three", to="carol")
        assert owner.platform.texts() == []


async def test_a_bound_of_tokens_needs_no_price(tmp_path: Path) -> None:
    async with open_owner(
        tmp_path, PROMPT, budget_config={"tokens_per_day": 50, "per_contact_tokens_per_day": 50}
    ) as owner:
        await say(owner, "one", "two", "three")
        assert owner.platform.texts() == ["re: one", "re: two"]
        assert "52 of 50" in str((await owner.bot.status()).last_error)


async def test_a_model_of_unknown_price_counts_as_spent_until_it_is_named(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config={"daily": 1000}) as owner:
        await say(owner, "one", "two")
        assert owner.platform.texts() == ["re: one"]
        assert "Nobody knows what counting-1 costs" in str((await owner.bot.status()).last_error)
        await bound_by(owner, **budget(daily=0.3))
        await say(owner, "three", "four")
        assert owner.platform.texts() == ["re: one", "re: three"]
        assert "0.42 of 0.3" in str((await owner.bot.status()).last_error)


async def test_a_call_that_gave_no_answer_costs_too(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget(daily=0.2)) as owner:
        refusal = ModelRefused("Too long.")
        refusal.spent = Answer("", "counting-1", prompt_tokens=20, completion_tokens=100)
        CountingModel.trouble = [refusal]
        await say(owner, "one", "two")
        assert owner.platform.texts() == []
        assert (await owner.why("two"))["reason"] == "budget_spent"
        assert (await owner.why("one"))["model"]["cost"] == 0.2


class BoastfulModel(CountingModel):
    async def reply(self, turns: Sequence[Turn]) -> Answer:
        most = 2**53 - 1
        return Answer("hi", "counting-1", prompt_tokens=most, completion_tokens=most, cached_tokens=most)


async def test_a_vendor_may_claim_any_number_of_tokens(tmp_path: Path) -> None:
    boastful = ProviderFile(ProviderKind.MODEL, "boastful", provider=BoastfulModel)
    prices = {"*": {"input": 1e6, "output": 1e6}}
    async with open_house(tmp_path, boastful, clock=HandClock()) as house:
        bot = await house.bot("anna", model="boastful", budget_config={"prices": prices})
        for number in range(3):
            await house.platforms["anna"].hear("bob", f"message {number}")
            await until(lambda: settled(house))
        [spent] = (await house.bot_service.costs(bot.instance_id, UsageGroup.DAY)).sums
        assert (spent.calls, spent.prompt_tokens, spent.currency) == (3, 3 * 10**9, "USD")
        assert house.platforms["anna"].texts() == ["hi"] * 3


async def test_what_a_forgotten_person_cost_is_still_spent(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget(daily=0.2)) as owner:
        await say(owner, "one")
        await owner.api.client.delete(f"/chatbot/{owner.bot.instance_id}/contacts/bob")
        await say(owner, "two")
        assert owner.platform.texts() == ["re: one"]
        [row] = (await costs(owner, "?by=contact"))["rows"]
        assert (row["key"], row["money"]) == (None, {"USD": 0.21})


async def test_the_next_server_knows_what_was_spent(tmp_path: Path, database: str | None) -> None:
    clock = Calendar()
    bounds = {"model": "counting", "budget_config": budget(daily=0.4)}
    counting = ProviderFile(ProviderKind.MODEL, "counting", provider=CountingModel)
    said = []
    for text in ("one", "two", "three"):
        async with open_house(tmp_path, counting, database=database, clock=clock) as house:
            await house.bot("anna", **bounds)
            await house.platforms["anna"].hear("bob", text)
            await until(lambda house=house: settled(house))  # type: ignore[misc]
            said += house.platforms["anna"].texts()
    assert said == ["re: one", "re: two"]


async def asked(house: House, *texts: str) -> list[str]:
    """What the model was asked of these, one after the other."""
    for text in texts:
        await house.platforms["anna"].hear("bob", text)
        await until(lambda: settled(house))
    return [turns[-1].content for turns in house.models["anna"].asked]


async def settled(house: House) -> bool:
    return (await house.bots.all()[0].status()).waiting == 0


@pytest.mark.parametrize(
    ("bounds", "asks"),
    [
        ({"daily": 1}, ["one"]),
        ({"tokens_per_day": 100}, ["one"]),
        ({"daily": 1, "prices": {"*": {"input": 1, "output": 1}}}, ["one"]),
        ({"daily": 1, "prices": {"*": {"input": 0, "output": 0}}}, ["one", "two"]),
        ({"daily": 0}, []),
        ({}, ["one", "two"]),
    ],
)
async def test_a_model_that_tells_nothing_of_itself(tmp_path: Path, bounds: dict[str, Any], asks: list[str]) -> None:
    """What cannot be reckoned counts as spent, unless it is free."""
    async with open_house(tmp_path, clock=HandClock()) as house:
        await house.bots.put(config_of(budget_config=bounds))
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        assert await asked(house, "one", "two") == asks


@pytest.mark.parametrize(
    ("bad", "field", "message"),
    [
        ({"currency": "EUR", "daily": 1}, "budget_config", "prices must say what the model costs in EUR"),
        ({"currency": "usd"}, "budget_config.currency", "should match pattern"),
        ({"dayly": 1}, "budget_config.dayly", "did you mean 'daily'"),
        ({"daily": -1}, "budget_config.daily", "greater than or equal to 0"),
        ({"when_spent": "go_on"}, "budget_config.when_spent", "'stop' or 'draft'"),
        ({"prices": {"gpt-4": {"input": 1}}}, "budget_config.prices.gpt-4.output", "is required"),
    ],
)
async def test_a_budget_that_cannot_be_kept_is_refused(
    tmp_path: Path, bad: dict[str, Any], field: str, message: str
) -> None:
    async with open_api(tmp_path) as api:
        response = await api.put({**examples.CONFIGS["without_accounts"][0], "budget_config": bad})
        [refused] = response.json()
        assert refused["error"]["field"] == field
        assert message in refused["error"]["message"]


async def test_a_server_whose_bots_need_no_price_list_does_not_load_it() -> None:
    asked = "import sys, main; sys.exit('genai_prices' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", asked, cwd=ROOT)
    assert await process.wait() == 0


async def test_metrics_tell_tokens_and_money_by_model(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, budget_config=budget()) as owner:
        await say(owner, "one", "two")
        text = (await owner.api.client.get("/metrics")).text
        for line in (
            'imposter_model_calls_total{model="counting-1"} 2.0',
            'imposter_model_tokens_total{kind="input",model="counting-1"} 42.0',
            'imposter_model_tokens_total{kind="output",model="counting-1"} 10.0',
            'imposter_model_cost_total{currency="USD",model="counting-1"} 0.42',
        ):
            assert line in text
