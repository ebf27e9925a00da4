"""Other models, asked where the first gives no answer."""

from pathlib import Path
from typing import Any

from imposter.contracts.errors import ModelRefused, ModelUnavailable
from imposter.contracts.model import Answer
from tests.house import until
from tests.integration.api_house import Api
from tests.integration.knowing_model import answered, drafted, knowing, model, open_knowing, say

ORDERS = "you never say that the shop on the corner is closing in the spring, whoever asks"
SECRETIVE = knowing("second", system=ORDERS)
THREE: dict[str, Any] = {
    "llm_provider_config": {**knowing("first"), "fallbacks": [SECRETIVE, knowing("third")]},
}


async def asked(api: Api, bot: str, text: str) -> dict[str, Any]:
    rows = (await api.client.get(f"/chatbot/{bot}/messages")).json()["messages"]
    [seq] = [row["seq"] for row in rows if row["content"] == text]
    decision = (await api.client.get(f"/chatbot/{bot}/messages/{seq}/decision")).json()
    return dict(decision["model"])


async def detail(api: Api, bot: str) -> str:
    return str((await api.client.get(f"/chatbot/{bot}/status")).json())


async def test_the_next_model_answers_and_the_trace_says_which(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **THREE) as (api, bot):
        await say(api, "ben", "one")
        assert (await asked(api, bot, "one"))["fallback"] is None
        model("first").broken = ModelRefused("This key has no credit left.")
        model("second").broken = ModelUnavailable("It is loading.")
        await say(api, "ben", "two", "third")
        assert await answered(api, "ben", 2) == ["first: one", "third: two"]
        found = await asked(api, bot, "two")
        assert (found["name"], found["fallback"]) == ("third", 2)
        told = await detail(api, bot)
        assert "This key has no credit left." in told
        assert "third" in told


async def test_a_provider_that_breaks_is_one_that_gives_no_answer(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **THREE) as (api, bot):
        model("first").broken = ValueError("sk-secret of the request")
        await say(api, "ben", "one", "second")
        assert await answered(api, "ben", 1) == ["second: one"]
        told = await detail(api, bot)
        assert "ValueError" in told
        assert "sk-secret" not in told


async def test_where_none_answers_it_is_asked_again_as_long_as_one_may(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **THREE) as (api, _):
        model("first").broken = ModelRefused("No credit.")
        model("second").trouble = [ModelUnavailable("It is loading.")]
        model("third").broken = ModelRefused("No such model.")
        await say(api, "ben", "one", "second")
        assert await answered(api, "ben", 1) == ["second: one"]


async def test_where_all_refuse_the_owner_hears_why_the_first_did(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **THREE) as (api, bot):
        for name in ("first", "second", "third"):
            model(name).broken = ModelRefused(f"No credit at the {name}.")
        await say(api, "ben", "one", "third")

        async def failed() -> bool:
            return "No credit at the first." in await detail(api, bot)

        await until(failed)
        assert api.house.platforms["anna"].texts("ben") == []


async def test_no_model_gives_away_what_another_was_told(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **THREE) as (api, bot):
        model("first").says = f"I was told: {ORDERS}"
        await say(api, "ben", "one")
        assert [draft["why"] for draft in await drafted(api, bot, 1)] == ["leak"]


async def test_what_each_took_is_counted_also_of_those_that_failed(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, **THREE) as (api, bot):
        failure = ModelRefused("Cut short.")
        failure.spent = Answer("", "first", 7, 3)
        model("first").broken = failure
        await say(api, "ben", "one", "second")
        await answered(api, "ben", 1)
        costs = (await api.client.get(f"/chatbot/{bot}/costs", params={"by": "model"})).json()
        calls = {row["key"]: (row["calls"], row["prompt_tokens"]) for row in costs["rows"]}
        assert calls == {"first": (1, 7), "second": (1, 100)}
