"""What a call costs, by the config and by the price list."""

from typing import Any

import pytest

from imposter.contracts.budget import Budget
from imposter.runtime.costs.pricing import Pricing, TokenCount

OPENAI = "https://api.openai.com/v1"
THOUSAND = TokenCount(1000, 1000)


def prices(address: str | None = None, currency: str = "USD", **named: tuple[float, float]) -> Pricing:
    table = {name.replace("_", "-"): {"input": read, "output": written} for name, (read, written) in named.items()}
    return Pricing(Budget.model_validate({"currency": currency, "prices": table}), address)


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("gpt-4", 3000),
        ("gpt-4-0613", 3000),
        ("gpt-4-turbo-2024", 30),
        ("gpt-5", None),
        ("a-gpt-4", None),
        (None, None),
    ],
)
async def test_the_longest_name_that_it_begins_with_counts(model: str | None, cost: int | None) -> None:
    assert await prices(gpt_4=(1, 2), gpt_4_turbo=(0.01, 0.02)).cost(model, THOUSAND) == cost


async def test_a_star_is_any_model_that_has_no_name_of_its_own() -> None:
    budget = Budget.model_validate({"prices": {"*": {"input": 1, "output": 1}, "gpt": {"input": 0, "output": 3}}})
    costs = [await Pricing(budget, None).cost(model, THOUSAND) for model in ("llama", None, "gpt-4")]
    assert costs == [2000, 2000, 3000]


@pytest.mark.parametrize(
    ("price", "tokens", "cost"),
    [
        ({"input": 0.15, "output": 0.6}, TokenCount(1000, 100), 210),
        ({"input": 0.15, "output": 0.6}, TokenCount(1, 0), 1),
        ({"input": 10, "cached_input": 1, "output": 0}, TokenCount(100, 5, 40), 640),
        ({"input": 10, "output": 0}, TokenCount(100, 5, 40), 1000),
        ({"input": 10, "cached_input": 1, "output": 0}, TokenCount(100, 5, 400), 100),
        ({"input": 1, "output": 1}, TokenCount(100, None), None),
        ({"input": 1, "output": 1}, TokenCount(None, 100), None),
        ({"input": 0, "output": 0}, TokenCount(None, None), 0),
    ],
)
async def test_cost_is_reckoned_exactly_and_never_too_low(
    price: dict[str, Any], tokens: TokenCount, cost: int | None
) -> None:
    budget = Budget.model_validate({"prices": {"gpt": price}})
    assert await Pricing(budget, OPENAI).cost("gpt", tokens) == cost


@pytest.mark.parametrize(
    ("of", "model", "known"),
    [
        (prices(OPENAI), "gpt-4o-2024-08-06", True),
        (prices(OPENAI), "no-such-model", False),
        (prices(OPENAI), None, False),
        (prices(OPENAI, currency="EUR"), "gpt-4o", False),
        (prices("http://127.0.0.1:11434/v1"), "gpt-4o", False),
        (prices(None), "gpt-4o", False),
    ],
)
async def test_the_list_knows_a_vendor_by_its_address_alone(of: Pricing, model: str | None, known: bool) -> None:
    assert (await of.cost(model, THOUSAND) is not None) is known


async def test_the_list_has_prices_of_the_right_order() -> None:
    """Whatever they are today: tokens that were read before cost no more, and money is in millionths."""
    listed = prices(OPENAI)
    full, cached = [await listed.cost("gpt-4o", TokenCount(10_000, 1000, cached)) for cached in (0, 10_000)]
    assert full is not None
    assert cached is not None
    assert cached < full
    assert 1_000 < full < 1_000_000


async def test_what_the_config_says_goes_before_the_list() -> None:
    assert await prices(OPENAI, gpt_4o=(1, 1)).cost("gpt-4o", THOUSAND) == 2000
