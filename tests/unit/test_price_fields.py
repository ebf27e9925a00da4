from typing import Any

import pytest

from imposter.web.pages.price_fields import put_price, without_price


def config(model: str | None = "our-7b", **budget: Any) -> dict[str, Any]:
    settings = {} if model is None else {"model": model}
    return {"llm_provider_config": {"provider_config": settings}} | ({"budget_config": budget} if budget else {})


PRICE = {"input": 0.5, "output": 1.25}


@pytest.mark.parametrize(
    ("budget", "fields", "rest"),
    [
        ({}, {}, None),
        ({"prices": {"our-7b": PRICE}}, {"price_input": "0.5", "price_output": "1.25"}, None),
        ({"daily": 1, "prices": {"our-7b": PRICE}}, {"price_input": "0.5", "price_output": "1.25"}, {"daily": 1}),
        (
            {"prices": {"our-7b": PRICE, "*": PRICE}},
            {"price_input": "0.5", "price_output": "1.25"},
            {"prices": {"*": PRICE}},
        ),
        # What the fields cannot say stays where it was.
        (
            {"prices": {"our-7b": PRICE | {"cached_input": 0.1}}},
            {},
            {"prices": {"our-7b": PRICE | {"cached_input": 0.1}}},
        ),
    ],
)
def test_the_fields_say_what_the_config_says(
    budget: dict[str, Any], fields: dict[str, str], rest: dict[str, Any] | None
) -> None:
    assert without_price(config(**budget)) == (fields, rest)
    item = config() | ({"budget_config": rest} if rest else {})
    assert put_price(item, fields) == []
    assert item.get("budget_config", {}) == budget


def test_a_model_without_a_name_is_any_model() -> None:
    item = config(None)
    assert put_price(item, {"price_input": "0", "price_output": "0"}) == []
    assert item["budget_config"] == {"prices": {"*": {"input": 0, "output": 0}}}


@pytest.mark.parametrize("budget", [[1], 5, {"prices": [1]}])
def test_what_is_no_budget_is_left_to_who_checks_it(budget: Any) -> None:
    item = config() | {"budget_config": budget}
    assert put_price(item, {"price_input": "1", "price_output": "2"}) == []
    assert item["budget_config"] == budget


@pytest.mark.parametrize("sent", [{"price_input": "1"}, {"price_input": "one", "price_output": "2"}])
def test_half_a_price_is_named(sent: dict[str, str]) -> None:
    item = config()
    [problem] = put_price(item, sent)
    assert problem.field == "budget_config.prices"
    assert "budget_config" not in item
