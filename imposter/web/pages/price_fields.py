"""The price of a bot's model as two form fields, and back into the config. Pure."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from imposter.contracts.errors import FieldProblem

ANY = "*"
NAMES = ("input", "output")
"""Keys of a price. Its form fields have the prefix `price_`."""
PATH = "budget_config.prices"


def without_price(config: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Return the price fields for a config, and its budget without that price.

    The budget is None if nothing else is in it.
    """
    budget = dict(config.get("budget_config") or {})
    prices = dict(budget.get("prices") or {})
    price = prices.get(_model(config))
    if not isinstance(price, dict) or set(price) != set(NAMES):
        return {}, budget or None
    del prices[_model(config)]
    budget.pop("prices")
    budget |= {"prices": prices} if prices else {}
    return {f"price_{name}": repr(price[name]) for name in NAMES}, budget or None


def put_price(item: MutableMapping[str, Any], sent: Mapping[str, str]) -> list[FieldProblem]:
    """Write the price that was filled in into the config and return the errors in it."""
    given = {name: sent.get(f"price_{name}", "").strip() for name in NAMES}
    if not any(given.values()):
        return []
    try:
        price = {name: float(text.replace(",", ".")) for name, text in given.items()}
    except ValueError:
        return [FieldProblem(PATH, "needs two numbers, 0 where it costs nothing")]
    budget = item.get("budget_config") or {}
    prices = budget.get("prices") or {} if isinstance(budget, dict) else None
    if not isinstance(prices, dict):
        return []  # the check of the config reports what is wrong
    budget = {**budget, "prices": {**prices, _model(item): price}}
    item["budget_config"] = budget
    return []


def _model(config: Mapping[str, Any]) -> str:
    """Return the name under which the model is requested, or `ANY` if the provider has none."""
    settings = config["llm_provider_config"].get("provider_config") or {}
    name = settings.get("model")
    return name if isinstance(name, str) and name else ANY
