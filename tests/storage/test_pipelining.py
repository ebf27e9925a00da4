"""PostgreSQL is asked for many jobs at once, in few round trips, and each job is as if it were alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from imposter.contracts.errors import StorageError
from imposter.domain.deliveries import DeliveryState
from imposter.storage.database import pipelining
from imposter.storage.database.engine import open_engine
from imposter.storage.database.jobs import Pending
from imposter.storage.database.round_trips import THEN_COMMIT, execute_together
from imposter.storage.database.writer import Writer
from tests.house import open_house, until
from tests.timeouts import FACT

ADD = text("INSERT INTO word VALUES (:word)")


@dataclass
class Line:
    """A way to PostgreSQL that counts: by connection, how often the client spoke after it had been answered."""

    url: str = ""
    questions: list[int] = field(default_factory=list)

    async def serve(self, folder: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        number, answered = len(self.questions), True
        self.questions.append(0)

        async def carry(source: asyncio.StreamReader, drain: asyncio.StreamWriter, *, asks: bool) -> None:
            nonlocal answered
            with suppress(OSError):
                while data := await source.read(1 << 16):
                    self.questions[number] += asks and answered
                    answered = not asks
                    drain.write(data)
            drain.close()

        try:
            await asyncio.gather(carry(reader, onward, asks=True), carry(there, writer, asks=False))
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            onward.transport.abort()
            writer.transport.abort()


@asynccontextmanager
async def counting(url: str) -> AsyncIterator[Line]:
    line = Line()
    folder = str(make_url(url).query["host"])
    listening = await asyncio.start_server(lambda *streams: line.serve(folder, *streams), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    line.url = (
        make_url(url)
        .set(host="127.0.0.1", port=port, query={"sslmode": "disable"})
        .render_as_string(hide_password=False)
    )
    try:
        yield line
    finally:
        listening.close()


@pytest.fixture
def line(postgres_database: str) -> Iterator[Line]:
    """On a loop of its own, so that a test may block."""
    opened, end, lines = Event(), Event(), list[Line]()

    async def serve() -> None:
        async with counting(postgres_database) as line:
            lines.append(line)
            opened.set()
            await asyncio.to_thread(end.wait)

    thread = Thread(target=asyncio.run, args=(serve(),), name="line")
    thread.start()
    assert opened.wait(FACT)
    yield lines[0]
    end.set()
    thread.join()


@pytest.fixture
def writer(line: Line, tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(open_engine(line.url, tmp_path).connect())) as writer:
        table = "CREATE TABLE word (text VARCHAR UNIQUE)"
        writer.submit(lambda connection: connection.exec_driver_sql(table)).result(FACT)
        yield writer


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine, too, a commit takes all that waits for it."""
    monkeypatch.setattr(pipelining, "LONGEST", 60.0)


def words(writer: Writer) -> list[str]:
    query = "SELECT text FROM word ORDER BY text"
    return writer.submit(lambda connection: list(connection.exec_driver_sql(query).scalars())).result(FACT)


def add(connection: Connection, *added: str, last: bool = False) -> None:
    for word in added:
        ends = last and word is added[-1]
        connection.execute(ADD, {"word": word}, execution_options=THEN_COMMIT if ends else {})


def together(writer: Writer, *jobs: tuple[str | None, Callable[[Connection], Any]]) -> list[Pending[Any]]:
    """Submitted so that they share a commit, each with its ordering key."""
    go, started = Event(), Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(FACT)

    held = writer.submit(hold)
    assert started.wait(FACT)
    pending = [writer.submit(job, key) for key, job in jobs]
    go.set()
    held.result(FACT)
    for each in pending:
        each.exception(FACT)
    return pending


async def test_a_message_of_a_known_contact_takes_four_round_trips(line: Line, tmp_path: Path) -> None:
    async with open_house(tmp_path, database=line.url) as house:
        bot = await house.bot("anna")
        anna = house.platforms["anna"]

        async def answered(count: int) -> bool:
            stored = await house.store.messages.page(bot.instance_id)
            return [message.delivery for message in stored].count(DeliveryState.SENT) == count

        for number in (1, 2):
            await anna.hear("ben", f"hello {number}")
            await until(lambda number=number: answered(number))  # type: ignore[misc]
        before = line.questions[0]  # of the connection that commits, which is opened first
        await anna.hear("ben", "hello once more")
        await until(lambda: answered(3))
        assert line.questions[0] - before == 4


def test_jobs_of_different_keys_share_each_round_trip(writer: Writer, line: Line) -> None:
    before = line.questions[0]
    together(writer, *((f"bot {n}", lambda c, n=n: add(c, f"{n} a", f"{n} b", f"{n} c")) for n in range(8)))
    assert line.questions[0] - before == 3 + 1
    assert len(words(writer)) == 24


def test_the_commit_goes_along_where_all_say_that_nothing_follows(writer: Writer, line: Line) -> None:
    before = line.questions[0]
    together(writer, *((f"bot {n}", lambda c, n=n: add(c, f"{n} a", f"{n} b", last=True)) for n in range(8)))
    assert line.questions[0] - before == 2
    before = line.questions[0]

    def one_trip(connection: Connection) -> int:
        added, counted = execute_together(
            connection, (ADD, {"word": "x"}), (text("SELECT count(*) FROM word"), {}), then_commit=True
        )
        count: int = counted.scalar_one()
        return added.rowcount * count

    [pending] = together(writer, ("bot", one_trip))
    assert (pending.result(), line.questions[0] - before) == (17, 1)


def test_jobs_of_one_key_are_done_in_their_order(writer: Writer) -> None:
    def follows(number: int) -> Callable[[Connection], None]:
        def job(connection: Connection) -> None:
            assert connection.execute(text("SELECT count(*) FROM word")).scalar_one() == number
            add(connection, str(number), last=True)

        return job

    for pending in together(writer, *(("bot", follows(number)) for number in range(10))):
        pending.result(FACT)
    assert len(words(writer)) == 10


@pytest.mark.parametrize("longest", [0.0, 60.0])
def test_what_there_is_no_time_for_is_done_with_the_next_commit(
    writer: Writer, longest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelining, "LONGEST", longest)
    seen: list[str] = []

    def job(name: str) -> Callable[[Connection], None]:
        def run(connection: Connection) -> None:
            add(connection, name, last=True)
            seen.append(name)

        return run

    names = [f"{key} {number}" for number in range(4) for key in ("a", "b", "alone", "c")]
    keyed = [(None if name.startswith("alone") else name[0], job(name)) for name in names]
    for pending in together(writer, *keyed):
        pending.result(FACT)
    assert words(writer) == sorted(names)
    for key in ("a", "b", "c", "alone"):
        assert [name for name in seen if name.startswith(key)] == [name for name in names if name.startswith(key)]


@pytest.mark.parametrize("error", ["its own", "the database's"])
def test_a_job_that_fails_is_undone_and_hurts_none_of_the_others(writer: Writer, error: str) -> None:
    def fails(connection: Connection) -> None:
        add(connection, "half")
        if error == "its own":
            raise ZeroDivisionError
        add(connection, "half")

    good, many, bad, behind, other, alone = together(
        writer,
        ("a", lambda c: add(c, "good", "too", last=True)),
        ("many", lambda c: c.execute(ADD, [{"word": "1 of many"}, {"word": "2 of many"}])),
        ("b", fails),
        ("b", lambda c: add(c, "behind", last=True)),
        ("c", lambda c: add(c, "other")),
        (None, lambda c: add(c, "alone")),
    )
    for each in (good, many, behind, other, alone):
        each.result(FACT)
    with pytest.raises(ZeroDivisionError if error == "its own" else StorageError):
        bad.result(FACT)
    assert words(writer) == ["1 of many", "2 of many", "alone", "behind", "good", "other", "too"]


def test_what_follows_after_the_commit_went_along_stands_by_itself(writer: Writer) -> None:
    def still_in_trouble(connection: Connection) -> None:
        add(connection, "first", last=True)
        add(connection, "second", "first")

    good, cut, after = together(
        writer,
        ("a", lambda c: add(c, "good", last=True)),
        ("b", still_in_trouble),
        ("b", lambda c: add(c, "after", last=True)),
    )
    good.result(FACT)
    after.result(FACT)
    with pytest.raises(StorageError):
        cut.result(FACT)
    assert words(writer) in (["after", "first", "good"], ["after", "good"])


def test_where_somebody_has_more_to_do_nothing_is_committed_before(writer: Writer) -> None:
    def looks_twice(connection: Connection) -> int:
        add(connection, "one")
        add(connection, "two")
        count: int = connection.execute(text("SELECT count(*) FROM word")).scalar_one()
        if count:
            raise ZeroDivisionError
        return count

    good, bad = together(writer, ("a", lambda c: add(c, "good", last=True)), ("b", looks_twice))
    good.result(FACT)
    with pytest.raises(ZeroDivisionError):
        bad.result(FACT)
    assert words(writer) == ["good"]


def test_a_connection_that_is_lost_amid_many_jobs_costs_at_most_the_one_that_lost_it(writer: Writer) -> None:
    def breaks(connection: Connection) -> None:
        add(connection, "broken")
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    jobs = [(f"bot {n}", lambda c, n=n: add(c, f"{n} a", f"{n} b")) for n in range(4)]
    *others, broken = together(writer, *jobs, ("breaks", breaks))
    with pytest.raises(StorageError):
        broken.result(FACT)
    for each in others:
        each.result(FACT)
    assert len(words(writer)) == 8
