"""What one bot's model took, and whether there is money left to ask it.

The sums are read from the Store once for a day and kept up from then on: the bot has one owner, so nobody else spends.
A call counts from the moment it is over; it is written down with what ends that turn. What nobody can reckon counts as
spent: a bound that is not known to hold does not let anything through.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from imposter.contracts.budget import Budget, WhenSpent
from imposter.contracts.model import Answer
from imposter.contracts.status import BudgetStatus
from imposter.domain.usage import Usage
from imposter.runtime.costs.pricing import MILLION, Pricing, TokenCount
from imposter.runtime.metrics import Counts
from imposter.storage import Store
from imposter.storage.reports.usage import NOBODY

MOST_TOKENS = 10**9
"""Of one call. A vendor may say any number, and the sums have to fit into the database."""
BUDGET_SPENT = "budget_spent"
"""Why a message is not answered."""


@dataclass(slots=True)
class _SpentToday:
    """In one chat, today."""

    cost: int = 0
    """In millionths."""
    tokens: int = 0

    def add(self, cost: int, tokens: int) -> None:
        self.cost += cost
        self.tokens += tokens


@dataclass(slots=True)
class _Sums:
    """Money is in millionths."""

    day: date
    today: int = 0
    month: int = 0
    tokens: int = 0
    unpriced: set[str] = field(default_factory=set)
    """Models asked today of which nobody knows what that cost."""
    uncounted: bool = False
    """Whether nobody knows how many tokens it were."""
    of_contacts: defaultdict[str, _SpentToday] = field(default_factory=lambda: defaultdict(_SpentToday))
    told: set[str] = field(default_factory=set)
    """Bounds of which the owner has heard today that they are reached."""


class BudgetTracker:
    """For one run of a bot. `tell` gets a sentence for the owner, once a day for each bound that is reached.

    `terms` gives the budget, and the address of the model.
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
        """What was taken while the sums are read."""
        self._loading = asyncio.Lock()
        self._terms = terms
        self._seen = terms()
        self._prices: dict[str | None, Pricing] = {}
        """By the model's address."""
        self._sums: _Sums | None = None

    @property
    def _budget(self) -> Budget | None:
        """Of a new budget, or of a model elsewhere, what was spent before is added up anew."""
        terms = self._terms()
        if terms != self._seen:
            self._seen, self._prices, self._sums = terms, {}, None
        return terms[0]

    @property
    def _address(self) -> str | None:
        return self._terms()[1]

    async def load(self) -> None:
        """Take over what was spent before. Raises: StorageError."""
        if self._budget is not None and self._budget.bounds:
            await self._loaded(self._budget)

    async def over(self, conversation: str) -> WhenSpent | None:
        """What to do instead of asking the model about this; None: it may be asked. Raises: StorageError."""
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
        """A model was asked about this conversation. Gives what is to be written down of it, if anything.

        `address`: the model's.
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
        """What is to be written with the commit that ends this turn."""
        return tuple(self._unwritten.get(conversation, ()))

    def written(self, conversation: str, used: Sequence[Usage]) -> None:
        """These are in the store."""
        if used:
            rest = self._unwritten.pop(conversation, [])[len(used) :]
            if rest:
                self._unwritten[conversation] = rest

    def merged(self, survivor: str, absorbed: Sequence[str]) -> None:
        """These are one conversation from now on, as they are in the store."""
        if self._sums is not None:
            for name in absorbed:
                gone = self._sums.of_contacts.pop(name, _SpentToday())
                self._sums.of_contacts[survivor].add(gone.cost, gone.tokens)

    def forget(self, conversation: str) -> None:
        """Who speaks there is to be a stranger; what they cost the bot, it has cost."""
        if self._sums is not None:
            self._sums.of_contacts.pop(conversation, None)

    @property
    def status(self) -> BudgetStatus | None:
        """None where there is money left, or no bound."""
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
        """What is written just now may count twice until the next time, and never not at all."""
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
    """As it was reckoned then; by today's prices where it was not, or in another currency."""
    if usage.currency == prices.budget.currency:
        return usage.cost
    tokens = TokenCount(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
    return await prices.cost(usage.model or None, TokenCount(None, None) if usage.uncounted else tokens)


def _reached(budget: Budget, sums: _Sums) -> tuple[str, str] | None:
    """The bound that is reached for the whole bot, and that in words."""
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
