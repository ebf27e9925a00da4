"""A loss of power at any moment: what was promised before is there, and nothing is answered in two texts.

The server runs once, and all that it does to its folder is written down (power_loss.py). Of that, folders are made as
a disk could be found after the power went away at some place of it, and looked at. POWER_LOSS_SEED=<seed> brings one
choice back, for a run whose own course is never quite the same; that run's record is kept beside the failure.
"""

import asyncio
import os
import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imposter.clock import SystemClock
from imposter.contracts.errors import ImposterError
from imposter.secrets import KEY_FILE, Cipher, load_key
from imposter.storage import open_store
from imposter.storage.database.engine import DATABASE_FILE
from tests.acceptance.product import Product
from tests.chaos.power_loss import COMPILER, Disk, Record, Recorder, open_recorder
from tests.chaos.power_loss_world import bot, heard, product_on, program, two_texts
from tests.house import until
from tests.storage.traces import traces

pytestmark = [
    pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc) to build the recorder with"),
    pytest.mark.xdist_group("power loss"),  # the server runs once for all of them
]

GIVEN = os.environ.get("POWER_LOSS_SEED")
CUTS, RESTARTS = (1, 1) if GIVEN else (44, 3)
CONTROLS = range(30)
FORGOTTEN = "gone"
SAID = {"anna": 72, "ben": 4, "cara": 10, "fay": 6}
"""Messages that each bot gets."""


@dataclass(frozen=True, slots=True)
class Promise:
    """An answer of the API; it was asked for and given at these places of the record."""

    asked: int
    given: int
    what: str
    about: tuple[Any, ...]


@dataclass
class Course:
    """What a server did until its end, and said."""

    recorder: Recorder
    program: Path
    promises: list[Promise] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records: list[Record] = []

    def moment(self, chance: random.Random) -> int:
        """A place where the power goes: after any step, or right after one that somebody outside could see."""
        if chance.random() < 0.5:
            return chance.choice(self.records).end
        return chance.choice([record for record in self.records if record.kind in "AO"]).end

    def told(self, until: int) -> list[list[str]]:
        """What the world outside heard by then, each line in its words."""
        lines = [each.data.decode() for each in self.records if each.kind == "O" and each.end <= until]
        return [line.split() for line in lines]

    def given(self, until: int, what: str) -> list[Promise]:
        return [promise for promise in self.promises if promise.what == what and promise.given <= until]

    def asked(self, until: int, what: str) -> set[str]:
        """What may have happened by then."""
        return {promise.about[0] for promise in self.promises if promise.what == what and promise.asked <= until}


class Asker:
    """Asks one thing after the other, and remembers what it was promised."""

    def __init__(self, product: Product, course: Course) -> None:
        self._product = product
        self._course = course
        self._place = 0

    async def ask(self, method: str, path: str, what: str, *about: Any, body: Any = None) -> Any:
        self._news()
        asked = self._place
        answer = await self._product.api.request(method, path, json=body)
        assert answer.is_success, answer.text
        [given] = [each.end for each in self._news() if each.kind == "A"]
        found = answer.json() if answer.content else None
        self._course.promises.append(Promise(asked, given, what, about or (found,)))
        return found

    def _news(self) -> list[Record]:
        news = list(self._course.recorder.records(self._place))
        self._place = news[-1].end if news else self._place
        return news

    async def until(self, path: str, holds: Any) -> Any:
        return await self._product.until(lambda: self.ask("GET", path, "shown"), holds)


async def live(course: Course, product: Product) -> None:
    """A server's day."""
    asker, journal = Asker(product, course), course.recorder.journal
    bots = [
        bot(journal, "anna", "a b c d e f", 12, 0.02),
        bot(journal, "ben", "g h i j", 1, autonomy="draft"),
        bot(journal, "cara", "k l", 5),
        bot(journal, "fay", f"{FORGOTTEN} stays", 3),
    ]
    ids = {}
    for config in bots:
        [made] = await asker.ask("PUT", "/chatbot", "bot", config["user_id"], body=[config])
        ids[config["user_id"]] = f"/chatbot/{made['instance_id']}"
    found = await asker.until(f"{ids['ben']}/drafts", lambda page: len(page["drafts"]) == 4)
    numbers = [draft["number"] for draft in found["drafts"]]
    for number in numbers[:2]:
        await asker.ask("POST", f"{ids['ben']}/drafts/{number}/send", "draft", number, "sent")
    await asker.ask("POST", f"{ids['ben']}/drafts/{numbers[2]}/drop", "draft", numbers[2], "dropped")

    def all_answered(page: dict[str, Any]) -> bool:
        return len(_answered(page)) == 6

    await asker.until(f"{ids['fay']}/messages", all_answered)
    await asker.ask("DELETE", f"{ids['fay']}/contacts/{FORGOTTEN}", "forgotten", FORGOTTEN)
    await asker.ask("POST", f"{ids['anna']}/messages", "said", "I say so", body={"contact": "a", "text": "I say so"})
    await asker.ask("DELETE", ids["cara"], "deleted", "cara")
    await asker.ask("POST", f"{ids['ben']}/pause", "paused", "ben", body={"contact": "g", "minutes": 60})
    await asker.ask("POST", "/backup", "copied")
    await asker.ask("GET", f"{ids['anna']}/messages?limit=200", "shown")

    def all_said() -> bool:
        course.records = list(course.recorder.records())
        return sum(line[0] == "took" and "-anna-" in line[1] for line in course.told(1 << 62)) == SAID["anna"]

    await until(all_said)
    await asker.ask("GET", f"{ids['anna']}/messages?limit=200", "shown")


def _answered(page: dict[str, Any]) -> dict[str, str]:
    return {row["message_id"]: row["content"] for row in page["messages"] if row["state"] == "answered"}


@pytest.fixture(scope="module")
async def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    workshop = tmp_path_factory.mktemp("power")
    course = Course(open_recorder(workshop), program(workshop / "program"))
    data = course.recorder.folder / "data"
    product = product_on(data, workshop, course.program, course.recorder.environment)
    try:
        await product.start()
        await live(course, product)
        await product.stop()
    finally:
        await product.kill()
        await product.api.aclose()
    course.records = list(course.recorder.records())
    return course


@pytest.fixture
def seed() -> int:
    return int(GIVEN or random.SystemRandom().randrange(1_000_000))


def lose_power(course: Course, seed: int, to: Path, *, lies: str | None = None) -> int:
    """Make the folder `to`. Returns when that was."""
    chance = random.Random(seed)
    when = course.moment(chance)
    disk = Disk(course.recorder.folder, lies=lies)
    for record in course.records:
        if record.end <= when:
            disk.take(record)
    to.parent.mkdir(exist_ok=True)
    disk.lose_power(to, chance)
    return when


async def broken_promises(course: Course, when: int, data: Path) -> list[str]:
    """In words."""
    file = data / DATABASE_FILE
    try:
        async with open_store(None, data, Cipher(load_key(None, data, file)), now=SystemClock().now):
            with closing(sqlite3.connect(file)) as connection:
                connection.row_factory = sqlite3.Row
                found = list(_missing(course, when, data, connection))
    except (ImposterError, sqlite3.Error) as error:
        return [f"it does not open: {error}"]
    if course.given(when, "forgotten") and (left := traces(None, data, f"word-fay-{FORGOTTEN}")):
        found.append(f"what was forgotten stands in {left}")
    return found


def _missing(course: Course, when: int, data: Path, connection: sqlite3.Connection) -> Iterator[str]:
    health = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if health != ["ok"]:
        yield f"the database is damaged: {health}"
        return
    rows = {row["message_id"]: row for row in connection.execute("SELECT * FROM messages")}
    users = {row["user_id"] for row in connection.execute("SELECT * FROM bots")}
    drafts = {row["number"]: row["state"] for row in connection.execute("SELECT * FROM drafts")}
    may_be_gone = course.asked(when, "forgotten") | course.asked(when, "deleted")
    for line in course.told(when):
        if may_be_gone & set(re.split(r"[ -]", " ".join(line))):
            continue
        match line:
            case ["took", word]:
                if word not in rows:
                    yield f"{word} was accepted, and is not there"
            case ["sent", message_id, _, *text]:
                if message_id not in rows or rows[message_id]["content"] != " ".join(text):
                    yield f"{text} was sent as {message_id}, and is not there"
    for promise in course.given(when, "shown"):
        for message_id, content in _answered(promise.about[0]).items() if "messages" in promise.about[0] else ():
            row = rows.get(message_id)
            if not may_be_gone & set(content.split("-")) and (row is None or row["state"] != "answered"):
                yield f"{content} was shown as answered, and is not"
    yield from (f"bot {p.about[0]}" for p in course.given(when, "bot") if p.about[0] not in users | may_be_gone)
    yield from (f"deleted: {p.about[0]}" for p in course.given(when, "deleted") if p.about[0] in users)
    yield from (f"draft {p.about}" for p in course.given(when, "draft") if drafts.get(p.about[0]) != p.about[1])
    if course.given(when, "forgotten") and (left := [row["content"] for row in rows.values() if _is_gone(row)]):
        yield f"forgotten, and there: {left}"
    said = {row["content"] for row in rows.values() if row["source"] == "owner"}
    yield from (f"said: {p.about[0]}" for p in course.given(when, "said") if p.about[0] not in said)
    if course.given(when, "paused") and not connection.execute("SELECT * FROM pauses").fetchall():
        yield "paused"
    if course.given(when, "copied"):
        yield from _faults_of_copy(data)


def _is_gone(row: sqlite3.Row) -> bool:
    return FORGOTTEN in (row["sender_id"], row["reply_to"], row["conversation"])


def _faults_of_copy(data: Path) -> Iterator[str]:
    copies = [path for path in data.glob("backups/*Z") if path.is_dir()]
    if not copies:
        yield "the copy is not there"
    for copy in copies:
        if (copy / KEY_FILE).read_bytes() != (data / KEY_FILE).read_bytes():
            yield "the copy's key is another"
        with closing(sqlite3.connect(copy / DATABASE_FILE)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                yield "the copy is damaged"


def told_of(course: Course, seed: int, when: int) -> str:
    return f"POWER_LOSS_SEED={seed}: the power went at {when} of {course.recorder.log}"


@pytest.mark.parametrize("cut", range(CUTS))
async def test_what_was_promised_outlasts_a_loss_of_power(course: Course, cut: int, seed: int, tmp_path: Path) -> None:
    when = lose_power(course, seed, tmp_path / "disk")
    assert await broken_promises(course, when, tmp_path / "disk" / "data") == [], told_of(course, seed, when)


@pytest.mark.parametrize("cut", range(RESTARTS))
async def test_nothing_is_answered_in_two_texts_afterwards(course: Course, cut: int, seed: int, tmp_path: Path) -> None:
    when = lose_power(course, seed, tmp_path / "disk")
    before = course.told(when)
    await _go_on(course, tmp_path)
    assert two_texts([*before, *heard(course.recorder.journal)]) == {}, told_of(course, seed, when)


async def _go_on(course: Course, folder: Path) -> None:
    """The server starts again on what is left; everybody says again what they do not know to be accepted."""
    course.recorder.journal.write_text("")
    product = product_on(folder / "disk" / "data", folder, course.program, {})
    try:
        await product.start()
        there = (await product.api.get("/chatbot")).json()
        words = sum(SAID[each["user_id"]] for each in there)
        await until(lambda: sum(line[0] == "took" for line in heard(course.recorder.journal)) == words)
        for each in there:
            await _until_at_rest(product, f"/chatbot/{each['instance_id']}/messages?limit=200")
        await product.stop()
    finally:
        await product.kill()
        await product.api.aclose()


async def _until_at_rest(product: Product, path: str) -> None:
    async def page() -> list[dict[str, Any]]:
        return list((await product.api.get(path)).json()["messages"])

    def is_at_rest(rows: list[dict[str, Any]]) -> bool:
        return not any(row["state"] == "waiting" or row["delivery"] == "pending" for row in rows)

    await product.until(page, is_at_rest)


@pytest.mark.parametrize("lies", [r"\.db(-wal|-journal)?$", "-wal$"], ids=["synchronous=OFF", "synchronous=NORMAL"])
async def test_a_disk_that_lies_is_found_out(course: Course, tmp_path: Path, lies: str) -> None:
    """As these settings of SQLite would have it: else the tests above would see no loss at all."""
    broken, cuts = [], _cuts_behind(course, "took")
    for seed in cuts:
        place = tmp_path / f"disk {seed}"
        when = lose_power(course, seed, place, lies=lies)
        broken.append(await broken_promises(course, when, place / "data"))
        await asyncio.to_thread(shutil.rmtree, place)
    assert sum(any("accepted" in fault for fault in faults) for faults in broken) > len(cuts) / 3, broken


async def test_a_disk_that_lies_has_things_answered_in_two_texts(course: Course, tmp_path: Path) -> None:
    for seed in _cuts_behind(course, "sent"):
        when = lose_power(course, seed, tmp_path / "disk", lies="-wal$")
        faults = await broken_promises(course, when, tmp_path / "disk" / "data")
        if "bot anna" not in faults and any("-anna-" in fault and "was sent" in fault for fault in faults):
            break
        await asyncio.to_thread(shutil.rmtree, tmp_path / "disk")
    await _go_on(course, tmp_path)
    assert two_texts([*course.told(when), *heard(course.recorder.journal)])


def _cuts_behind(course: Course, word: str) -> list[int]:
    """Seeds with which the world outside has heard this by then."""
    return [
        seed for seed in CONTROLS if any(line[0] == word for line in course.told(course.moment(random.Random(seed))))
    ]
