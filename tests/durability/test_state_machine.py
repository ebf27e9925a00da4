"""Queue, pipeline and outbox through whatever may happen to them, in any order.

In-process on the real Store; time and the world outside are in the test's hand (`outside.py`). HYPOTHESIS_PROFILE=soak
looks further and elsewhere each time.
"""

import asyncio
import os
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from imposter.contracts.messages import Source
from imposter.domain.claims import Superseded
from imposter.domain.dead_letters import DeadLetterKind
from imposter.domain.messages import MessageState, StoredMessage
from imposter.domain.pauses import TAKEOVER
from imposter.runtime.commands import RetryDeadLetters
from tests.durability.outside import MODEL_TROUBLE, Fate, Outside, OutsidePlatform
from tests.house import HASTE, Calendar, House, config_of, open_house, until
from tests.postgres import drop_database, new_database

CONTACTS = ("ann", "ben")
BREATHS = 8
"""Calls of the Store that every rule waits for at its end, so that things go on, but seldom to their end."""
ROOM = {"max_messages": 1000, "max_characters": 100_000, "max_days": 3650}

T = TypeVar("T")


class Server(RuleBasedStateMachine):
    """One story, on an empty database."""

    postgres_url: ClassVar[str | None] = None
    """Of the server that holds the databases; without it they are SQLite's."""

    def __init__(self) -> None:
        super().__init__()
        self._database = new_database(self.postgres_url) if self.postgres_url else None
        self._folder = tempfile.TemporaryDirectory(prefix="state-machine-")
        self._runner = asyncio.Runner()
        self._clock = Calendar()
        self._outside = Outside()
        self._numbers = count(1)
        self._said: list[tuple[str, str]] = []
        """Contact and message id."""
        self._undelivered: list[tuple[str, int]] = []
        """Contact and number of what a run could not take in any more."""
        self._retried: set[int] = set()
        """The seqs of what was a dead letter: it has lost its place among the others."""
        self._taken_over: set[str] = set()
        """Contacts whom the owner wrote to: what was not out then need not come."""
        self._life: AbstractAsyncContextManager[House] | None = None
        self._house: House | None = None

    # What happens

    @initialize()
    def begins(self) -> None:
        self._run(self._open())

    @rule(contact=some.sampled_from(CONTACTS), messages=some.integers(1, 3))
    def writes(self, contact: str, messages: int) -> None:
        for number in (next(self._numbers) for _ in range(messages)):
            self._run(self._hear(contact, number))

    @precondition(lambda self: self._said)
    @rule(data=some.data())
    def is_delivered_again(self, data: some.DataObject) -> None:
        contact, message_id = data.draw(some.sampled_from(self._said))
        with self._superseded_at_most():
            self._run(self._platform.hear(contact, f"{contact} says it again", message_id=message_id))

    @rule(contact=some.sampled_from(CONTACTS))
    def owner_writes(self, contact: str) -> None:
        number = next(self._numbers)
        with self._superseded_at_most():
            self._run(self._platform.overhear(contact, f"{contact} is told {number}", f"own-{number}"))
            self._taken_over.add(contact)

    @rule(trouble=some.sampled_from(MODEL_TROUBLE), times=some.integers(1, 5))
    def model_fails(self, trouble: type[Exception], times: int) -> None:
        self._outside.model_trouble += [trouble] * times  # type: ignore[list-item]

    @rule()
    def model_hangs(self) -> None:
        self._outside.thinking = self._outside.thinking or asyncio.Event()

    @rule(fates=some.lists(some.sampled_from(Fate), min_size=1, max_size=6))
    def sends_go_wrong(self, fates: list[Fate]) -> None:
        self._outside.fates += fates

    @rule()
    def sends_hang(self) -> None:
        self._outside.sending = self._outside.sending or asyncio.Event()

    @rule()
    def whatever_hangs_goes_on(self) -> None:
        self._run(self._pause_between_bots(after=self._outside.release))

    @rule()
    def link_breaks(self) -> None:
        self._outside.connected = False

    @rule()
    def link_is_back(self) -> None:
        self._outside.connected = True
        self._run(self._pause_between_bots(after=self._platform.reconnect))

    @rule()
    def crashes(self) -> None:
        self._run(self._crash())
        self._run(self._open())

    @rule()
    def is_restarted(self) -> None:
        self._outside.release()  # stopping lets an answer arrive that is on its way
        self._run(self._close())
        self._run(self._open())

    @precondition(lambda self: self._outside.only is None)
    @rule()
    def another_run_takes_over(self) -> None:
        """What this one has in the making comes to nothing, until it is restarted."""
        self._run(self._take_over())

    @precondition(lambda self: self._outside.only is None)
    @rule()
    def owner_retries(self) -> None:
        self._run(self._retry())

    @rule(hours=some.integers(-48, 48))
    def clock_jumps(self, hours: int) -> None:
        self._clock.pass_by(hours=hours)

    @invariant()
    def still_in_trouble(self) -> None:
        if self._house is not None:
            self._run(self._pause_between_bots())

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert not self._outside.wrong

    # What must be true in the end

    def teardown(self) -> None:
        try:
            if self._house is not None:
                self._outside.heal()
                if self._outside.only is not None:
                    self.crashes()
                self._clock.pass_by(days=365)  # the owner's silences are over, however often the clock was set back
                self._run(self._come_to_rest())
                self._check(self._run(self._rows()))
                self.nothing_is_wrong()
                self._run(self._close())
        finally:
            self._runner.close()
            self._folder.cleanup()
            if self.postgres_url and self._database:
                drop_database(self.postgres_url, self._database)

    async def _come_to_rest(self) -> None:
        self._platform.reconnect()
        await until(self._at_rest, "everything is answered")
        while await self._retry():
            await until(self._at_rest, "everything retried is answered")

    async def _at_rest(self) -> bool:
        return not await self._home.store.messages.unfinished(self._instance_id)

    def _check(self, rows: list[StoredMessage]) -> None:
        questions = [row for row in rows if row.source is Source.CONTACT]
        assert sorted((row.conversation, row.message_id) for row in questions) == sorted(self._said)
        silenced = {row.seq for row in questions if (row.state, row.reason) == (MessageState.CONTEXT, TAKEOVER)}
        assert {row.conversation for row in questions if row.seq in silenced} <= self._taken_over
        assert {row.state for row in questions if row.seq not in silenced} <= {MessageState.ANSWERED}
        parts = sorted((row.answers, row.seq, row) for row in rows if row.answers is not None)
        asked = {row.joined or row.seq for row in questions if row.seq not in silenced}
        assert {answers for answers, _, _ in parts} == asked
        made = {answers: {row.received_at for its, _, row in parts if its == answers} for answers, _, _ in parts}
        assert all(len(times) == 1 for times in made.values()), "two answers to one message"
        for contact in CONTACTS:
            phone = self._outside.phones.get(contact, {})
            mine = {row.message_id: row for _, _, row in parts if row.conversation == contact}
            withdrawn = {row.message_id for row in mine.values() if row.delivery_reason == TAKEOVER}
            assert not withdrawn or contact in self._taken_over
            sent = {message_id: row.content for message_id, row in mine.items()}
            assert phone.items() <= sent.items()
            assert sent.keys() - phone.keys() <= withdrawn
            came = [mine[message_id] for message_id in phone]
            order = [row.answers or 0 for row in came if not {row.seq, row.answers} & self._retried]
            assert order == sorted(order)
            for answers in made:
                its = [row.seq for row in came if row.answers == answers]
                assert its == sorted(its), "the parts of an answer in another order"

    # How it is done

    @property
    def _home(self) -> House:
        assert self._house is not None
        return self._house

    @property
    def _platform(self) -> OutsidePlatform:
        assert self._outside.platform is not None
        return self._outside.platform

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def _hear(self, contact: str, number: int) -> None:
        """What is not taken in is delivered again to the run that has the bot."""
        with self._superseded_at_most():
            await self._platform.hear(contact, f"{contact} says {number}", message_id=f"in-{number}")
            self._said.append((contact, f"in-{number}"))
            return
        self._undelivered.append((contact, number))

    @contextmanager
    def _superseded_at_most(self) -> Iterator[None]:
        """A run that another took over from takes nothing in, which the platform sees."""
        try:
            yield
        except Superseded:
            assert self._outside.only is not None

    async def _open(self) -> None:
        self._outside.release()
        self._outside.only = None
        self._outside.platform = None
        self._life = open_house(
            Path(self._folder.name), *self._outside.files(), database=self._database, clock=self._clock
        )
        self._house = await self._life.__aenter__()
        limits = HASTE | {"answer_within_minutes": None}
        config = config_of(chat="outside", model="outside", queue_config=ROOM, limits_config=limits)
        bot = await self._house.bots.put(config)
        self._instance_id = bot.instance_id
        await until(lambda: self._outside.platform is not None and self._outside.platform.listening)
        undelivered, self._undelivered = self._undelivered, []
        for contact, number in undelivered:
            await self._hear(contact, number)

    async def _close(self) -> None:
        assert self._life is not None
        await self._life.__aexit__(None, None, None)
        self._house = None

    async def _crash(self) -> None:
        """Nothing in the making comes to an end; what a dead process lets go of is let go."""
        making = [task for task in asyncio.all_tasks() if task.get_name().startswith("conversation:")]
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        await self._close()

    async def _take_over(self) -> None:
        await self._home.store.bots.claim(self._instance_id)
        self._outside.only = frozenset(row.message_id for row in await self._rows() if row.answers is not None)

    async def _retry(self) -> int:
        store = self._home.store
        letters = await store.dead_letters.page(self._instance_id, limit=10_000)
        rows = {row.seq: row for row in await self._rows()}
        for letter in letters:
            self._retried |= {letter.seq, rows[letter.seq].answers or letter.seq}
            if letter.kind is DeadLetterKind.MESSAGE:
                together = rows[letter.seq].joined or letter.seq
                self._retried |= {row.seq for row in rows.values() if (row.joined or row.seq) == together}
        return (await self._home.bots.execute(self._instance_id, RetryDeadLetters())).letters

    async def _rows(self) -> list[StoredMessage]:
        return await self._home.store.messages.page(self._instance_id, limit=100_000)

    async def _pause_between_bots(self, after: Any = None) -> None:
        if after is not None:
            after()
        for _ in range(BREATHS):
            await self._home.store.messages.waiting_count(self._instance_id)
            await self._home.store.messages.waiting_of([self._instance_id])  # what only reads has a line of its own


settings.register_profile(
    "durability",
    derandomize=True,
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    phases=[Phase.generate],  # to shrink a story in which something never comes takes a deadline for every try
    suppress_health_check=list(HealthCheck),
)
settings.register_profile("soak", settings.get_profile("durability"), derandomize=False, max_examples=1000)

profile = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "durability"))


def test_every_story_ends_well_on_sqlite() -> None:
    run_state_machine_as_test(Server, settings=profile)


def test_every_story_ends_well_on_postgresql(postgres_url: str) -> None:
    """A third of the stories: one takes three times as long as on SQLite, its database is made and removed with it."""
    on_postgresql = type("ServerOnPostgreSQL", (Server,), {"postgres_url": postgres_url})
    run_state_machine_as_test(on_postgresql, settings=settings(profile, max_examples=profile.max_examples // 3))
