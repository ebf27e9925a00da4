"""The usage of one bot's model, and the check of its budget before a call.

The sums are read from the store once a day and updated in memory from then on: only this server makes calls for the
bot. A call counts from the moment it is over; it is stored with the commit that ends its turn. A cost that cannot be
computed counts as if the budget were spent, because the limit could not be guaranteed otherwise.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from imposter.contracts.budget import Budget, WhenSpent
from imposter.contracts.model import Answer
from imposter.contracts.status import BudgetStatus
from imposter.domain.reasons import Reason
from imposter.domain.usage import NOBODY, Usage
from imposter.runtime.costs.pricing import MILLION, Pricing, TokenCount
from imposter.runtime.metrics import Counts
from imposter.storage import Store

MOST_TOKENS = 10**9
"""Maximum tokens of one call. A vendor may report any number, and the sums have to fit into the database."""
BUDGET_SPENT = Reason.BUDGET_SPENT
"""Reason of a message that is not answered."""


@dataclass(slots=True)
class _SpentToday:
    """The usage of one chat today."""

    cost: int = 0
    """In millionths."""
    tokens: int = 0

    def add(self, cost: int, tokens: int) -> None:
        self.cost += cost
        self.tokens += tokens


@dataclass(slots=True)
class _Sums:
    """The usage of the whole bot. Money is in millionths."""

    day: date
    today: int = 0
    month: int = 0
    tokens: int = 0
    unpriced: set[str] = field(default_factory=set)
    """Models used today whose price is unknown."""
    uncounted: bool = False
    """Whether a call of today has an unknown number of tokens."""
    of_contacts: defaultdict[str, _SpentToday] = field(default_factory=lambda: defaultdict(_SpentToday))
    told: set[str] = field(default_factory=set)
    """Limits reached today that the owner has been told of."""


class BudgetTracker:
    """The budget of one run of a bot.

    `tell` is given a sentence for the owner, once a day for each limit that is reached.
    `terms` returns the budget and the address of the model.
    """

    def __init__(
        self,
        instance_id: str,
        *,
        terms: Callable[[], tuple[Budget | None, str | None]],
        store: Store,
        now: Callable[[], datetime],
        counts: Counts,
        tell: Callable[[str], None],
    ) -> None:
        self._instance_id = instance_id
        self._store = store
        self._now = now
        self._counts = counts
        self._tell = tell
        self._unwritten: dict[str, list[Usage]] = {}
        self._meanwhile: list[tuple[str, Usage]] | None = None
        """Usage of calls that ended while the sums were being read."""
        self._loading = asyncio.Lock()
        self._terms = terms
        self._seen = terms()
        self._prices: dict[str | None, Pricing] = {}
        """Prices by the model's address."""
        self._sums: _Sums | None = None

    @property
    def _budget(self) -> Budget | None:
        """The current budget. If the budget or the model's address changes, the sums are read again."""
        terms = self._terms()
        if terms != self._seen:
            self._seen, self._prices, self._sums = terms, {}, None
        return terms[0]

    @property
    def _address(self) -> str | None:
        return self._terms()[1]

    async def load(self) -> None:
        """Load the sums. Raises: StorageError."""
        if self._budget is not None and self._budget.bounds:
            await self._loaded(self._budget)

    async def over(self, conversation: str) -> WhenSpent | None:
        """Return what to do instead of asking the model; None if it may be asked. Raises: StorageError."""
        budget = self._budget
        if budget is None or not budget.bounds:
            return None
        sums = await self._loaded(budget)
        found = _reached(budget, sums) or _reached_by(budget, sums.of_contacts.get(conversation, _SpentToday()))
        if found is None:
            return None
        bound, why = found
        if bound not in sums.told:
            sums.told.add(bound)
            self._tell(f"{why} {_instead(budget, _end(bound, sums.day))}")
        return budget.when_spent

    async def took(self, conversation: str, answer: Answer, address: str | None = None) -> Usage | None:
        """Count a call of a model for this conversation. Return the usage to be stored, if any.

        `address` is the model's address.
        """
        day = self._now().astimezone(UTC).date()
        tokens = TokenCount(*map(_believed, (answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens)))
        if self._budget is None and not tokens.counted:
            return None
        cost: int | None = None
        if self._budget is not None:
            prices = self._prices.setdefault(address, Pricing(self._budget, address))
            cost = await prices.cost(answer.model, tokens)
        usage = Usage(
            day=day.isoformat(),
            model=answer.model or "",
            uncounted=0 if tokens.counted else 1,
            prompt_tokens=tokens.prompt or 0,
            cached_tokens=min(tokens.cached or 0, tokens.prompt or 0),
            completion_tokens=tokens.completion or 0,
            currency="" if cost is None or self._budget is None else self._budget.currency,
            cost=cost or 0,
        )
        self._unwritten.setdefault(conversation, []).append(usage)
        if self._meanwhile is not None:
            self._meanwhile.append((conversation, usage))
        if self._budget is not None and self._sums is not None and self._sums.day == day:
            _count(self._budget, self._sums, conversation, usage, cost)
        self._counts.used(usage)
        return usage

    def unwritten(self, conversation: str) -> Sequence[Usage]:
        """Return the usage to be stored with the commit that ends this turn."""
        return tuple(self._unwritten.get(conversation, ()))

    def written(self, conversation: str, used: Sequence[Usage]) -> None:
        """Record that this usage is stored."""
        if used:
            rest = self._unwritten.pop(conversation, [])[len(used) :]
            if rest:
                self._unwritten[conversation] = rest

    def merged(self, survivor: str, absorbed: Sequence[str]) -> None:
        """Merge the usage of conversations that became one in the store."""
        if self._sums is not None:
            for name in absorbed:
                gone = self._sums.of_contacts.pop(name, _SpentToday())
                self._sums.of_contacts[survivor].add(gone.cost, gone.tokens)

    def forget(self, conversation: str) -> None:
        """Forget the usage of one conversation. It still counts for the bot."""
        if self._sums is not None:
            self._sums.of_contacts.pop(conversation, None)

    @property
    def status(self) -> BudgetStatus | None:
        """The status of the budget; None if it is not spent or has no limit."""
        budget, sums = self._budget, self._sums
        if budget is None or sums is None or sums.day != self._now().astimezone(UTC).date():
            return None
        found = _reached(budget, sums)
        if found is None:
            return None
        bound, why = found
        until = _end(bound, sums.day)
        return BudgetStatus(reason=f"{why} {_instead(budget, until)}", until=until)

    async def _loaded(self, budget: Budget) -> _Sums:
        async with self._loading:
            day = self._now().astimezone(UTC).date()
            if self._sums is not None and self._sums.day == day:
                return self._sums
            meanwhile = self._meanwhile = [(name, each) for name, used in self._unwritten.items() for each in used]
            try:
                sums = await self._read(budget, day, meanwhile)
            finally:
                self._meanwhile = None
            if self._budget == budget:
                self._sums = sums
            return sums

    async def _read(self, budget: Budget, day: date, meanwhile: list[tuple[str, Usage]]) -> _Sums:
        """Read the sums. Usage that is being stored may count twice until the next read, but is never missed."""
        sums = _Sums(day)
        prices = Pricing(budget, self._address)
        for usage in await self._store.usage.since(self._instance_id, day.replace(day=1), day):
            _count(budget, sums, NOBODY, usage, await _cost(usage, prices))
        if budget.bounds_contacts:
            for conversation, usage in await self._store.usage.by_contact(self._instance_id, day):
                if conversation == NOBODY:
                    continue
                sums.of_contacts[conversation].add(await _cost(usage, prices) or 0, usage.tokens)
        while meanwhile:
            conversation, usage = meanwhile.pop()
            _count(budget, sums, conversation, usage, await _cost(usage, prices))
        return sums


def _count(budget: Budget, sums: _Sums, conversation: str, usage: Usage, cost: int | None) -> None:
    if usage.day[:7] == sums.day.isoformat()[:7]:
        sums.month += cost or 0
    if usage.day != sums.day.isoformat():
        return
    sums.today += cost or 0
    sums.tokens += usage.tokens
    sums.uncounted |= usage.uncounted > 0
    if cost is None:
        sums.unpriced.add(usage.model)
    if conversation and budget.bounds_contacts:
        sums.of_contacts[conversation].add(cost or 0, usage.tokens)


def _believed(count: int | None) -> int | None:
    return None if count is None else min(count, MOST_TOKENS)


async def _cost(usage: Usage, prices: Pricing) -> int | None:
    """Return the cost as it was computed then, or at today's prices if it was not, or was in another currency."""
    if usage.currency == prices.budget.currency:
        return usage.cost
    tokens = TokenCount(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
    return await prices.cost(usage.model or None, TokenCount(None, None) if usage.uncounted else tokens)


def _reached(budget: Budget, sums: _Sums) -> tuple[str, str] | None:
    """Return the limit that is reached for the whole bot, and a sentence about it."""
    money = budget.currency
    if budget.monthly is not None and sums.month >= budget.monthly * MILLION:
        return "monthly", f"The budget of this month is spent: {_said(sums.month)} of {budget.monthly:g} {money}."
    if budget.daily is not None and sums.today >= budget.daily * MILLION:
        return "daily", f"The budget of this day is spent: {_said(sums.today)} of {budget.daily:g} {money}."
    if budget.tokens_per_day is not None and sums.tokens >= budget.tokens_per_day:
        return "tokens", f"The tokens of this day are spent: {sums.tokens} of {budget.tokens_per_day}."
    if budget.bounds_tokens and sums.uncounted:
        return "uncounted", "The model does not tell how many tokens it takes, so tokens_per_day counts as spent."
    if budget.bounds_money and sums.unpriced:
        model = min(sums.unpriced) or "a model that does not tell its name"
        return "unpriced", (
            f"Nobody knows what {model} costs, so the budget counts as spent: name its price in budget_config.prices."
        )
    return None


def _reached_by(budget: Budget, spent: _SpentToday) -> tuple[str, str] | None:
    money, tokens = budget.per_contact_daily, budget.per_contact_tokens_per_day
    if money is not None and spent.cost >= money * MILLION:
        bound = f"{money:g} {budget.currency}"
        return "contact", f"A chat has spent its budget of this day: {_said(spent.cost)} of {bound}."
    if tokens is not None and spent.tokens >= tokens:
        return "contact_tokens", f"A chat has spent its tokens of this day: {spent.tokens} of {tokens}."
    return None


def _instead(budget: Budget, until: datetime) -> str:
    done = "What comes is left to you" if budget.when_spent is WhenSpent.DRAFT else "The model is not asked"
    return f"{done} until {until:%Y-%m-%d %H:%M} UTC, unless budget_config is changed."


def _end(bound: str, day: date) -> datetime:
    following = day + timedelta(days=1)
    if bound == "monthly":
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(following, time(), UTC)


def _said(cost: int) -> str:
    return f"{cost / MILLION:.6g}"
