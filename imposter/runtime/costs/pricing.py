"""The cost of model calls, by the prices in the config or by the price list that comes with the server."""

import asyncio
import math
from dataclasses import dataclass
from decimal import Decimal

from imposter.contracts.budget import DOLLARS, Budget, Price

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens of one or more calls of one model; None means unknown."""

    prompt: int | None
    completion: int | None
    cached: int | None = None
    """Tokens of `prompt` that the vendor had in its cache."""

    @property
    def counted(self) -> bool:
        return self.prompt is not None and self.completion is not None


@dataclass(frozen=True, slots=True)
class Pricing:
    """The prices of one bot. `address` is the model's address, by which the price list identifies the vendor."""

    budget: Budget
    address: str | None

    async def cost(self, model: str | None, tokens: TokenCount) -> int | None:
        """Return the cost in millionths of the budget's currency, rounded up; None if it is unknown."""
        price = self.budget.price_of(model)
        if price is not None:
            return _reckoned(price, tokens)
        if self.budget.currency != DOLLARS or self.address is None or not model or not tokens.counted:
            return None
        # In a thread: loading the list takes a quarter of a second, once.
        return await asyncio.to_thread(_listed, self.address, model, tokens)

    async def knows(self, model: str) -> bool:
        """Return whether the price of this model is known."""
        return await self.cost(model, TokenCount(1, 1)) is not None


def _reckoned(price: Price, tokens: TokenCount) -> int | None:
    cached_input = price.input if price.cached_input is None else price.cached_input
    if not (price.input or cached_input or price.output):
        return 0
    if tokens.prompt is None or tokens.completion is None:
        return None
    cached = min(tokens.cached or 0, tokens.prompt)
    parts = ((tokens.prompt - cached, price.input), (cached, cached_input), (tokens.completion, price.output))
    return math.ceil(sum(count * Decimal(str(each)) for count, each in parts))


def _listed(address: str, model: str, tokens: TokenCount) -> int | None:
    # Imported here because it costs 13 MB of memory, which a server should not pay if its bots name all prices or none.
    from genai_prices import Usage, calc_price
    from genai_prices.data_snapshot import get_snapshot

    prompt = tokens.prompt or 0
    usage = Usage(
        input_tokens=prompt, cache_read_tokens=min(tokens.cached or 0, prompt), output_tokens=tokens.completion or 0
    )
    try:
        # First by the address alone: the list caches failed lookups, and a server may report any model name.
        vendor = get_snapshot().find_provider(None, None, address).id
        return math.ceil(calc_price(usage, model, provider_id=vendor).total_price * MILLION)
    except (LookupError, ValueError):
        return None
