"""Limits on the cost of a bot's models, and the handling of messages over a limit. Days and months are in UTC."""

from enum import StrEnum
from math import ceil
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from imposter.contracts.base_model import StrictModel, printable

DOLLARS = "USD"
ANY = "*"
SHARE = 0.25
"""The default share of a bot's daily limit that one chat may use, so that no contact can use up all of it."""


class WhenSpent(StrEnum):
    """The handling of messages over the budget. The model is not asked in either case."""

    STOP = "stop"
    """Give no answer."""
    DRAFT = "draft"
    """Leave the answer to the owner, as a draft without text."""


class Price(StrictModel):
    """The price of a million tokens."""

    input: float = Field(ge=0, le=1_000_000)
    cached_input: float | None = Field(
        default=None, ge=0, le=1_000_000, description="Of what the vendor had read before; left out: as `input`."
    )
    output: float = Field(ge=0, le=1_000_000)


Model = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(printable)]
Money = Annotated[float, Field(ge=0, le=1_000_000_000)]
Tokens = Annotated[int, Field(ge=0, le=10**15)]


class Budget(StrictModel):
    """Limits on cost and tokens. A limit that is left out does not apply."""

    currency: str = Field(default=DOLLARS, pattern="^[A-Z]{3}$", description="Of all money here; ISO 4217.")
    prices: Annotated[dict[Model, Price], Field(max_length=200)] = Field(
        default={},
        description="By a model's name, as its vendor tells it, or how that begins, the longest counts; `*`: any other "
        "model. In dollars, what is left out is looked up in the price list that comes with the server.",
    )
    daily: Money | None = Field(default=None, description="For one day.")
    monthly: Money | None = Field(default=None, description="For one month.")
    per_contact_daily: Money | None = Field(
        default=None,
        description="For one day, in one chat; left out: a quarter of `daily`, if more than one may write.",
    )
    tokens_per_day: Tokens | None = Field(default=None, description="Read and written.")
    per_contact_tokens_per_day: Tokens | None = Field(
        default=None, description="In one chat; left out: a quarter of `tokens_per_day`, if more than one may write."
    )
    when_spent: Annotated[WhenSpent, Field(strict=False)] = Field(
        default=WhenSpent.STOP, description="`stop` gives no answer, `draft` leaves it to the owner."
    )

    @model_validator(mode="after")
    def _can_be_reckoned(self) -> Self:
        if self.bounds_money and not self.prices and self.currency != DOLLARS:
            raise ValueError(f"prices must say what the model costs in {self.currency}: the price list is in USD")
        return self

    @property
    def bounds_money(self) -> bool:
        return any(bound is not None for bound in (self.daily, self.monthly, self.per_contact_daily))

    @property
    def bounds_tokens(self) -> bool:
        return self.tokens_per_day is not None or self.per_contact_tokens_per_day is not None

    @property
    def bounds(self) -> bool:
        return self.bounds_money or self.bounds_tokens

    @property
    def bounds_contacts(self) -> bool:
        return self.per_contact_daily is not None or self.per_contact_tokens_per_day is not None

    def shared(self) -> Self:
        """Return a copy in which each total limit also has a limit for one chat."""
        money, tokens = self.per_contact_daily, self.per_contact_tokens_per_day
        if money is None and self.daily is not None:
            money = self.daily * SHARE
        if tokens is None and self.tokens_per_day is not None:
            tokens = ceil(self.tokens_per_day * SHARE)
        return self.model_copy(update={"per_contact_daily": money, "per_contact_tokens_per_day": tokens})

    def price_of(self, model: str | None) -> Price | None:
        """Return the price of `model`; None if `prices` has no entry for it."""
        named = [name for name in self.prices if name != ANY and model is not None and model.startswith(name)]
        return self.prices.get(max(named, key=len, default=ANY))
