"""Where one server's part ends and another's begins: a commit whose answer was lost, a stop, a lease that is over."""

import asyncio
import signal
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from imposter.contracts.errors import StorageError
from imposter.secrets import KEY_FILE, make_private_folder
from tests.acceptance.product import ROOT, Product
from tests.cluster.cluster import dummy
from tests.cluster.programs import changed, copied
from tests.cluster.servers import LEASE, Server, Servers, config, lose_commit, open_servers
from tests.house import KEY, until

OWNER_CHANGES = "UPDATE bots SET owner"
NEVER = """\
    async def logout(self) -> None:
        log.info("is logging out")
        await asyncio.Event().wait()

"""


@pytest.fixture
async def servers(stored_database: str, tmp_path: Path) -> AsyncIterator[Servers]:
    async with open_servers(stored_database, tmp_path) as servers:
        yield servers


@pytest.fixture
async def pair(servers: Servers) -> tuple[Server, Server]:
    return await servers.start("one"), await servers.start("two")


Pair = tuple[Server, Server]

# A commit whose answer was lost


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("at", ["who gives", "who takes"])
async def test_a_bot_runs_once_after_the_commit_was_lost_that_made_it_another_servers(
    servers: Servers, at: str, *, after: bool
) -> None:
    one = await servers.start("one")
    users = [await one.put(user) and user for user in ("anna", "ben")]
    losing = partial(lose_commit, behind=OWNER_CHANGES, after=after)
    if at == "who gives":
        lost = losing(one.line)
        await servers.start("two")
    else:
        seen: list[Event] = []
        await servers.start("two", lambda line: seen.append(losing(line)))
        [lost] = seen
    await until(lost.is_set)
    await servers.run_once_each(*users)
    await until(lambda: sorted(name for user in users for name in servers.world.linked(user)) == ["one", "two"])


async def test_a_put_whose_answer_was_lost_makes_one_bot_however_often_it_is_sent(servers: Servers, pair: Pair) -> None:
    one, two = pair
    lost = one.lose_commit("INSERT INTO bots")
    answer = await one.api.put("/chatbot", json=[config("anna")])
    assert lost.is_set()
    assert answer.status_code == 503
    made = {await server.put("anna") for server in (one, two, one)}
    assert len(made) == 1
    await servers.run_once_each("anna")
    assert await two.users() == ["anna"]


async def test_a_bot_whose_deletion_was_not_answered_stays_deleted(servers: Servers, pair: Pair) -> None:
    one, two = pair
    before = await one.put("anna")
    await servers.run_once_each("anna")
    lost = one.lose_commit("DELETE FROM bots")
    assert (await one.api.delete(f"/chatbot/{before}")).status_code == 503
    assert lost.is_set()
    assert (await one.api.delete(f"/chatbot/{before}")).status_code in (204, 404)
    assert servers.world.linked("anna") == []
    for server in pair:
        await until(partial(is_unknown, server, before))
        assert (await server.api.delete(f"/chatbot/{before}")).status_code == 404
    assert await two.put("anna") != before
    await servers.run_once_each("anna")


# A provider that is stopping


async def test_who_asks_for_the_status_of_a_bot_that_is_being_stopped_gets_it(servers: Servers, pair: Pair) -> None:
    one, two = pair
    bot, other = await one.put("anna"), await one.put("ben")
    await until(lambda: says(two, bot, "connected"))
    servers.world.hold_status()
    before = len(servers.world.asked)
    asking = [asyncio.create_task(one.api.get(f"/chatbot/{bot}/status"), name="asking") for _ in range(2)]
    await until(lambda: len(servers.world.asked) > before)
    assert (await one.api.post(f"/chatbot/{bot}/stop")).json()["status"] == "stopped"
    for answer in await asyncio.gather(*asking):
        assert answer.json()["status"] == "stopped", answer.text
    await until(lambda: says(two, bot, "stopped"))
    assert (await two.api.post(f"/chatbot/{other}/stop")).json()["status"] == "stopped"
    await until(lambda: says(two, other, "stopped"))


# A bot that was let go


async def test_a_bot_that_was_let_go_is_not_brought_back_by_what_was_asked_before(servers: Servers) -> None:
    alone = await servers.start("alone")
    bot = await alone.put("anna")
    await servers.run_once_each("anna")
    [link] = servers.world.links
    held = servers.world.hold_stops()
    other = config("anna", chat_config={"other": True})
    changing = asyncio.create_task(alone.api.put("/chatbot", json=[other]), name="changing")
    await until(lambda: link.stopped)
    starting = asyncio.create_task(alone.api.post(f"/chatbot/{bot}/start"), name="starting")
    await servers.expire(alone)
    await until(lambda: any(later.listening for later in servers.world.links[1:]))  # it has the bot again
    held.set()
    for answer in await asyncio.gather(changing, starting):
        assert answer.status_code in (200, 409, 503), answer.text
    assert (await alone.api.post(f"/chatbot/{bot}/start")).status_code == 200
    await servers.run_once_each("anna")
    # And nobody is about to begin.
    assert not [task.get_name() for task in asyncio.all_tasks() if task.get_name() == f"start:{bot}"]


async def test_a_bot_that_is_being_given_away_is_not_brought_back_by_who_starts_it(servers: Servers) -> None:
    one = await servers.start("one")
    users = {user: await one.put(user) for user in ("anna", "ben")}
    await servers.run_once_each(*users)
    held = servers.world.hold_stops()
    healed = Event()
    lost = one.lose_commit(OWNER_CHANGES, after=False, hold=healed)
    await servers.start("two")
    await until(lambda: any(link.stopped for link in servers.world.links))
    [given] = [link.user_id for link in servers.world.links if link.stopped]
    starting = asyncio.create_task(one.house.bot_service.start(users[given]), name="starting")
    await asyncio.sleep(0)  # now it waits for the end of that
    held.set()
    await until(lost.is_set)
    healed.set()
    with suppress(StorageError):  # where it shared the commit that was lost
        await starting
    await servers.run_once_each(*users)


async def test_a_provider_that_was_opened_for_an_errand_is_let_go_too(servers: Servers, pair: Pair) -> None:
    one, _ = pair
    bot = await one.put("anna")
    await one.api.post(f"/chatbot/{bot}/stop")
    held = servers.world.hold_logouts()
    unlinking = asyncio.create_task(one.api.post(f"/chatbot/{bot}/unlink"), name="unlinking")
    await until(lambda: len(servers.world.logging_out) == 1)
    [opened] = servers.world.logging_out
    await servers.expire(one)
    await until(lambda: opened.stopped)
    held.set()
    assert (await unlinking).status_code in (200, 409, 503)


# PUT and DELETE of one user


async def test_a_put_while_the_bot_is_being_deleted_makes_a_new_one(servers: Servers, pair: Pair) -> None:
    one, two = pair
    before = await one.put("anna")
    await servers.run_once_each("anna")
    held = servers.world.hold_logouts()
    deleting = asyncio.create_task(one.api.delete(f"/chatbot/{before}"), name="deleting")
    await until(lambda: len(servers.world.logging_out) == 1)
    putting = [asyncio.create_task(server.put("anna"), name="putting") for server in (one, two)]
    await until(lambda: taken(servers))
    held.set()
    assert (await deleting).status_code == 204
    after = set(await asyncio.gather(*putting))
    assert len(after) == 1
    assert before not in after
    await servers.run_once_each("anna")
    assert await two.users() == ["anna"]


async def test_puts_and_deletions_of_one_user_at_once_leave_one_bot_or_none(servers: Servers, pair: Pair) -> None:
    one, _ = pair
    for turn in range(6):
        before = await one.put("anna")
        answers = await asyncio.gather(
            *(server.api.put("/chatbot", json=[config("anna")]) for server in pair),
            *(server.api.delete(f"/chatbot/{before}") for server in pair),
        )
        assert [answer.status_code for answer in answers[:2]] == [200, 200], turn
        assert {answer.status_code for answer in answers[2:]} <= {204, 404}, turn
        assert 204 in {answer.status_code for answer in answers[2:]}, turn
        bots = await servers.ask("SELECT instance_id FROM bots")
        assert len(bots) <= 1
        assert (before,) not in bots
        if bots:
            await servers.run_once_each("anna")
        else:
            await until(lambda: servers.world.linked("anna") == [])


# A command that is under way


@pytest.mark.parametrize("whose", ["asker", "doer"])
async def test_who_asked_hears_at_once_that_a_lease_was_lost(servers: Servers, pair: Pair, whose: str) -> None:
    doer, asker = pair
    bot = await doer.put("anna")
    held = servers.world.hold_logouts()
    asking = asyncio.create_task(asker.api.post(f"/chatbot/{bot}/unlink"), name="asking")
    await until(lambda: len(servers.world.logging_out) == 1)
    await servers.expire(asker if whose == "asker" else doer)
    answer = await asking
    assert answer.status_code == 503
    assert ("was cut off" if whose == "asker" else "it may have been done, or not") in answer.json()["detail"]
    held.set()


# Servers of their own, which can be killed and can be of a newer version


@pytest.fixture(scope="module")
def newer_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bots may have a mood, its dummy platform never logs anybody out, and it does not take long to leave."""
    program = copied(ROOT, tmp_path_factory.mktemp("newer") / "program")
    changed(
        program / "imposter/contracts/config.py", r"^class BotConfig\(StrictModel\):$", r"\g<0>\n    mood: str = 'calm'"
    )
    changed(program / "imposter/cluster/node.py", r"^LEAVING = .*$", "LEAVING = 0.5")
    changed(program / "chat_providers/dummy.py", r"^    async def get_status", f"{NEVER}\\g<0>")
    return program


@pytest.fixture
async def newer(servers: Servers, newer_program: Path) -> AsyncIterator[Product]:
    data = make_private_folder(servers.folder / "newer" / "data")
    (data / KEY_FILE).write_bytes(b64encode(KEY))
    environment = {
        "IMPOSTER_DATABASE_URL": servers.url,
        "IMPOSTER_NODE_NAME": "newer",
        "IMPOSTER_LEASE_SECONDS": str(LEASE.total_seconds()),
    }
    product = Product(data.parent, environment, newer_program)
    await product.start()
    yield product
    await product.kill()
    await product.api.aclose()


async def test_a_bot_that_only_a_newer_version_can_read_waits_for_a_server_of_it(
    servers: Servers, newer: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    old = await servers.start("old")
    [fancy] = await newer.put(dummy("fancy", mood="merry"))
    [plain] = await newer.put(dummy("plain"))
    await newer.until_status(fancy, "connected")
    await newer.stop()
    await until(lambda: says(old, plain, "connected"))
    answer = await old.api.get(f"/chatbot/{fancy}")
    assert answer.status_code == 409
    assert "ask a server of that version" in answer.json()["detail"]
    assert await old.users() == ["fancy", "plain"]
    assert not old.house.bots.has(fancy)
    await old.put("anna")
    await newer.start()
    await newer.until_status(fancy, "connected")
    assert (await newer.api.get(f"/chatbot/{fancy}")).json()["config"]["mood"] == "merry"
    # Nor was it tried again and again meanwhile.
    assert 1 <= capsys.readouterr().err.count("has a config that this version cannot read") <= 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_who_asked_hears_at_once_that_a_server_has_ended(
    servers: Servers, newer: Product, how: signal.Signals
) -> None:
    asker = await servers.start("asker")
    [bot] = await newer.put(dummy("anna"))
    await newer.until_status(bot, "connected")
    asking = asyncio.create_task(asker.api.post(f"/chatbot/{bot}/unlink"), name="asking")
    await until(lambda: "is logging out" in newer.output.read_text())
    await newer.stop(how)
    answer = await asking
    said = answer.json()["detail"]
    if how is signal.SIGKILL:
        assert (answer.status_code, "it may have been done, or not" in said) == (503, True)
    else:
        assert (answer.status_code, "was stopped meanwhile; ask again" in said) == (409, True)
    again = await asker.api.post(f"/chatbot/{bot}/unlink")
    assert (again.status_code, again.json()["status"]) == (200, "logged_out")


async def is_unknown(server: Server, bot: str) -> bool:
    return (await server.api.get(f"/chatbot/{bot}/status")).status_code == 404


async def says(server: Server, bot: str, wanted: str) -> bool:
    return await server.status(bot) == wanted


async def taken(servers: Servers) -> bool:
    return bool(await servers.ask("SELECT number FROM commands WHERE taken_by IS NOT NULL"))
