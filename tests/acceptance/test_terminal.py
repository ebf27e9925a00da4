"""`python -m imposter` as its user has it: a process of its own, beside the real server."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import bot
from tests.acceptance.product import ROOT, Product, free_port, running
from tests.acceptance.test_main_job import linked
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.timeouts import FACT

Phone = Callable[[], str]
KEY = "canary-of-the-terminal-0123456789"
WRONG = "another-canary-0123456789"
PASSWORD = "canary-password-77"
EVIL = "Eve\x1b[2J\x9b31m\u202e\x07\r\n\tadmin"


class Terminal:
    """One command, while it runs and afterwards."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.out = ""

    async def line_with(self, words: str) -> str:
        """The next line that has these words."""
        assert self._process.stdout is not None
        async with asyncio.timeout(FACT):
            while line := (await self._process.stdout.readline()).decode():
                self.out += line
                if words in line:
                    return line
        raise AssertionError(f"no {words!r} in {self.out} {await self.end()}")

    def terminate(self) -> None:
        self._process.terminate()

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    async def end(self) -> tuple[int, str, str]:
        """Its exit status, and what it said on stdout (from here on) and stderr."""
        async with asyncio.timeout(FACT):
            out, err = await self._process.communicate()
        assert "Traceback" not in err.decode(), err.decode()
        return self._process.returncode or 0, (out or b"").decode(), err.decode()


async def begin(*words: str, server: str = "", program: str = "", screen: str = "", **more: str) -> Terminal:
    """`program`: a folder to be run from elsewhere; `screen`: a terminal's device, for what goes to stdout."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    device = os.open(screen, os.O_WRONLY | os.O_NOCTTY) if screen else asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *([program] if program else ["-m", "imposter"]), *words,
        cwd="/" if program else ROOT,
        stdout=device, stderr=asyncio.subprocess.PIPE,
        # As a terminal starts it: what runs in the background of a script inherits that Ctrl-C is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        env={**kept, "PYTHONUTF8": "1", **({"IMPOSTER_SERVER": server} if server else {}), **more},
    )  # fmt: skip
    if screen:
        os.close(device)
    return Terminal(process)


def read_on(device: int) -> None:
    """Until nobody has the other end any more."""
    with suppress(OSError):
        while os.read(device, 65536):
            pass


async def give(product: Product, *words: str, **more: str) -> tuple[int, str, str]:
    return await (await begin(*words, server=str(product.api.base_url), **more)).end()


def talker(user_id: str, content: str = "hello") -> dict[str, Any]:
    """A bot on the dummy platform that somebody writes to once."""
    return bot(user_id) | {
        "chat_provider_config": {
            "provider_name": "dummy",
            "provider_config": {"messages": [{"content": content}], "rate": 50, "count": 1},
        },
        "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}},
    }


def of_doctor(said: str) -> dict[str, list[str]]:
    """What it found of each thing: `ok ...`, `warn ...` or `FAIL ...`."""
    found: dict[str, list[str]] = {}
    for line in said.splitlines():
        found.setdefault(line[6:16].strip(), []).append(f"{line[:5].strip()} {line[17:]}")
    return found


@pytest.fixture
def backend() -> str:
    """Which database the server has is nothing to the terminal."""
    return "sqlite"


async def test_all_bots_are_listed_with_where_they_stand(product: Product) -> None:
    ids = await product.put(talker("anna"), bot("bob"))
    await product.until_message(ids[0], state="answered")
    await product.qr(ids[1])
    await product.api.post(f"/chatbot/{ids[0]}/pause", json={"minutes": 5})
    code, out, err = await give(product, "bots")
    assert (code, err) == (0, "")
    anna, bob = (next(line for line in out.splitlines() if line.startswith(name)) for name in ("anna", "bob"))
    assert anna.split() == ["anna", ids[0][:8], "connected", "paused", "0"]
    assert "waits for its phone" in bob
    assert "normal" in bob
    code, out, _ = await give(product, "bots", "--json")
    assert code == 0
    assert [each["instance_id"] for each in json.loads(out)] == ids


async def test_it_says_what_to_do_where_there_is_no_bot_or_not_this_one(product: Product) -> None:
    assert "no bots yet" in (await give(product, "bots"))[1]
    code, _, err = await give(product, "link", "anna")
    assert (code, err) == (1, "No bot is called anna: the server has no bots yet.\n")
    await product.put(bot("anna"), bot("bob"))
    code, _, err = await give(product, "pause", "carla")
    assert (code, err) == (1, "No bot is called carla: there are anna, bob.\n")
    code, _, err = await give(product, "why", "1")
    assert (code, err) == (1, "Name the bot with --bot: there are anna, bob.\n")


async def test_the_code_is_shown_and_shown_again_until_it_is_scanned(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    [instance_id] = await product.put(bot())
    old = await product.qr(instance_id)
    terminal = await begin("link", instance_id[:6], server=str(product.api.base_url))
    await terminal.line_with("A new code comes")
    assert "█" in terminal.out
    await network.end_pairing(old)
    await terminal.line_with("A new code comes")
    me = phone()
    await network.scan(await product.qr(instance_id), me)
    code, out, err = await terminal.end()
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"anna is linked and connected, as {me}\S*\.", out.splitlines()[-1])


async def test_on_a_terminal_the_code_is_drawn_in_its_own_colours_and_counts_down(product: Product) -> None:
    [instance_id] = await product.put(bot())
    await product.qr(instance_id)
    ours, its = os.openpty()
    terminal = await begin("link", "anna", server=str(product.api.base_url), screen=os.ttyname(its))
    os.close(its)
    seen = b""
    async with asyncio.timeout(FACT):
        while len(set(re.findall(rb"A new code comes in \d+ s\.", seen))) < 2:
            seen += await asyncio.to_thread(os.read, ours, 65536)
    reader = asyncio.create_task(asyncio.to_thread(read_on, ours))  # a screen that nobody reads holds up who writes
    terminal.interrupt()
    code, _, err = await terminal.end()
    await reader
    os.close(ours)
    assert (code, err) == (130, "")
    assert seen.count(b"\x1b[2J\x1b[H") == 1, "drawn once while it holds"
    assert seen.count(b"\x1b[97;40m") > 20


async def test_a_stopped_bot_is_started_and_one_that_wants_a_passkey_is_not_waited_for(
    product: Product, network: WhatsAppNetwork
) -> None:
    [instance_id] = await product.put(bot())
    await product.api.post(f"/chatbot/{instance_id}/stop")
    terminal = await begin("link", "anna", server=str(product.api.base_url))
    await terminal.line_with("Scan it on the phone")
    await network.ask_for_passkey(await product.qr(instance_id))
    code, _, err = await terminal.end()
    assert code == 1
    assert err.startswith("anna needs a passkey. ")


async def test_a_code_to_type_links_a_phone_that_cannot_scan(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me = phone()
    await product.put(bot())
    terminal = await begin("link", "anna", "--phone", f"+{me}", server=str(product.api.base_url))
    line = await terminal.line_with("Code: ")
    assert "█" not in terminal.out
    await network.enter_code(me, line.removeprefix("Code: ").strip().replace("-", ""))
    code, out, err = await terminal.end()
    assert (code, err) == (0, "")
    assert "anna is linked and connected" in out


async def test_a_number_that_nobody_can_have_is_refused_before_a_code_is_asked_for(product: Product) -> None:
    await product.put(bot())
    terminal = await begin("link", "anna", "--phone", "0151 2345678", server=str(product.api.base_url))
    code, _, err = await terminal.end()
    assert code == 1
    assert err == "--phone has no country code: write it with its country code, such as +49 151 2345678.\n"


async def test_what_is_paused_and_resumed_is_so_in_the_status(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "hello")
    await network.wait_inbox(friend, 1)

    async def level() -> str:
        return str((await product.status(instance_id))["safety"]["level"])

    code, out, _ = await give(product, "pause", instance_id)
    assert (code, await level()) == (0, "paused")
    assert out == f"user of {me} is silent in all chats, until you resume it.\n"
    assert (await give(product, "resume", instance_id))[0] == 0
    assert await level() == "normal"
    code, out, _ = await give(product, "pause", instance_id, "--contact", f"+{friend}", "--minutes", "30")
    assert (code, await level()) == (0, "slowed")
    assert out == f"user of {me} is silent in the chat with +{friend}, for 30 minutes.\n"
    await network.say(me, friend, "still there?")
    await product.until_message(instance_id, content="still there?", reason="paused")
    code, out, _ = await give(product, "resume", instance_id, "--contact", f"+{friend}")
    assert (code, await level()) == (0, "normal")
    for wrong in (["--contact", "+4915100000000000"], ["--minutes", "nan"], ["--minutes", "-1"], ["--contact", ""]):
        code, _, err = await give(product, "pause", instance_id, *wrong)
        assert code == 1
        assert err.count("\n") == 1
    assert await level() == "normal"


async def test_why_shows_the_sentence_the_times_and_the_gates(product: Product) -> None:
    [instance_id] = await product.put(talker("anna"))
    message = await product.until_message(instance_id, content="hello", state="answered")
    await product.until_message(instance_id, answers=message["seq"], delivery="sent")
    code, out, err = await give(product, "why", str(message["seq"]))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].endswith(": hello")
    assert lines[1] == "Answered."
    assert [line.split("  ")[-1] for line in lines[4:9]] == [
        "sent, by its sender's clock",
        "received",
        "waited long enough",
        "the model was asked",
        "decided",
    ]
    gates = [line.split()[1:3] for line in lines[lines.index("") + 9 :] if line.startswith(("✓", "✗", "·", "…"))]
    assert gates[0] == ["author", "passed"]
    assert gates[-1] == ["delivery", "passed"]
    code, _, err = await give(product, "why", "99999", "--bot", "anna")
    assert code == 1
    assert "no such message" in err


async def test_a_contacts_name_and_words_cannot_steer_the_terminal(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, f"words{EVIL}", name=EVIL)
    rows = await product.until(lambda: product.messages(instance_id), lambda rows: len(rows) > 1)
    assert "\x1b[2J" in rows[0]["content"], "it reached the record"
    code, out, _ = await give(product, "why", str(rows[0]["seq"]))
    assert code == 0
    assert out.splitlines()[0].count("admin") == 2
    assert not set(out) & set("\x1b\x9b\u202e\x07\r\t")


async def test_with_a_key_only_the_environment_lets_one_in(tmp_path: Path, outside: dict[str, str]) -> None:
    async with running(tmp_path, outside) as product:
        await product.put(talker("anna"))
        await product.stop()
    locked = Product(tmp_path, outside | {"IMPOSTER_API_KEY": KEY})
    locked.api.headers["Authorization"] = f"Bearer {KEY}"
    try:
        await locked.start()
        code, out, _ = await give(locked, "bots", IMPOSTER_API_KEY=KEY)
        assert code == 0
        assert "anna" in out
        code, _, err = await give(locked, "bots")
        assert code == 1
        assert err.endswith("wants a key: set IMPOSTER_API_KEY as it is set for the server.\n")
        code, out, err = await give(locked, "bots", IMPOSTER_API_KEY=WRONG)
        assert (code, out) == (1, "")
        assert "does not take the key in IMPOSTER_API_KEY" in err
        assert WRONG not in err
        more = {"IMPOSTER_API_KEY": WRONG, "IMPOSTER_DATA_DIR": str(locked.data)}
        code, out, _ = await give(locked, "doctor", **more)
        assert code == 1
        assert of_doctor(out)["server"][0].startswith("FAIL ")
        assert WRONG not in out
    finally:
        await locked.kill()
        await locked.api.aclose()


async def test_where_no_server_answers_one_sentence_says_so() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    for words in (["bots"], ["link", "anna"], ["why", "1"], ["pause", "anna"], ["resume", "anna"]):
        code, out, err = await (await begin(*words, "--server", address)).end()
        assert (code, out) == (1, "")
        assert err.startswith(f"No server answers at {address}: ")
        assert err.count("\n") == 1
    code, _, err = await (await begin("bots", "--server", "ftp://me:pw@host")).end()
    assert (code, err) == (1, "--server must be an address such as http://127.0.0.1:8000\n")
    code, _, err = await (await begin("bots", IMPOSTER_SERVR=address)).end()
    assert (code, err) == (1, "IMPOSTER_SERVR: is no setting; did you mean IMPOSTER_SERVER?\n")


async def test_the_server_is_started_from_any_folder(tmp_path: Path) -> None:
    port = free_port()
    data = {"IMPOSTER_DATA_DIR": str(tmp_path / "data")}
    program = str(ROOT / "imposter")
    terminal = await begin("serve", "--port", str(port), program=program, **data)
    try:
        code, out = 1, ""
        async with asyncio.timeout(FACT):
            while "ok    server" not in out:
                code, out, _ = await (
                    await begin("doctor", "--server", f"http://127.0.0.1:{port}", program=program, **data)
                ).end()
        assert code == 0, out
        found = of_doctor(out)
        assert "in use by a running server" in found["data"][0]
        assert "a running server has it open" in found["database"][0]
    finally:
        terminal.terminate()
        await terminal.end()


async def test_the_doctor_finds_nothing_wrong_and_makes_nothing(tmp_path: Path, postgres_database: str) -> None:
    server = f"http://127.0.0.1:{free_port()}"
    data = tmp_path / "data"
    for database in ({}, {"IMPOSTER_DATABASE_URL": postgres_database}):
        terminal = await begin("doctor", server=server, IMPOSTER_DATA_DIR=str(data), OPENAI_API_KEY=KEY, **database)
        code, out, err = await terminal.end()
        assert (code, err) == (0, "")
        assert KEY not in out
        found = of_doctor(out)
        assert all(found[what][0].startswith("ok ") for what in ("python", "node", "packages", "data", "database"))
        assert "no tables yet" in found["database"][0]
        assert found["server"][0].startswith(f"warn No server answers at {server}: ")
        assert not data.exists()


async def test_the_doctor_looks_into_a_database_that_no_server_has_open(tmp_path: Path) -> None:
    async with running(tmp_path) as product:
        await product.put(talker("anna"))
        await product.stop()
    before = {path.name: path.stat().st_mtime_ns for path in product.data.iterdir()}
    code, out, _ = await (await begin("doctor", IMPOSTER_DATA_DIR=str(product.data))).end()
    found = of_doctor(out)
    assert code == 0, out
    assert re.search(r"its tables are (\d+), this version's are \1$", found["database"][0])
    assert found["data"][0].endswith("not in use")
    assert {path.name: path.stat().st_mtime_ns for path in product.data.iterdir()} == before
    async with running(tmp_path):
        pass  # and killed
    _, out, _ = await (await begin("doctor", IMPOSTER_DATA_DIR=str(product.data))).end()
    assert "which the next start puts right" in of_doctor(out)["database"][0]
    (product.data / "secret.key").unlink()
    code, out, _ = await (await begin("doctor", IMPOSTER_DATA_DIR=str(product.data))).end()
    assert code == 1
    assert of_doctor(out)["secret key"][0].startswith("FAIL ")


async def test_the_doctor_names_what_is_broken_and_the_cure_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = {
        "IMPOSTER_NODE": str(tmp_path / "no-node"),
        "IMPOSTER_DATA_DIR": str(tmp_path / "file" / "data"),
        "IMPOSTER_DATABASE_URL": f"postgresql://me:{PASSWORD}@127.0.0.1:{free_port()}/bots",
        "IMPOSTER_APIKEY": KEY,
        "OPENAI_BASE_URL": "nowhere",
    }
    code, out, err = await (await begin("doctor", **broken)).end()
    assert (code, err) == (1, "")
    found = of_doctor(out)
    assert any("IMPOSTER_NODE: is no program that can be run" in told for told in found["settings"])
    assert any("did you mean IMPOSTER_API_KEY" in told for told in found["settings"])
    assert found["data"][0].startswith("FAIL ")
    assert "IMPOSTER_DATA_DIR" in found["data"][0]
    assert found["database"][0].startswith("FAIL IMPOSTER_DATABASE_URL: ")
    assert "PostgreSQL does not run there" in found["database"][0]
    assert found["network"][0].startswith("FAIL OPENAI_BASE_URL")
    assert PASSWORD not in out
    assert KEY not in out


@pytest.mark.parametrize("url", ["mysql://me:{}@host/bots", "postgresql://me:{}@host:port/bots", "{}"])
async def test_the_doctor_repeats_no_database_url_that_is_none(tmp_path: Path, url: str) -> None:
    data = {"IMPOSTER_DATA_DIR": str(tmp_path / "data"), "IMPOSTER_DATABASE_URL": url.format(PASSWORD)}
    code, out, _ = await (await begin("doctor", **data)).end()
    found = of_doctor(out)
    assert code == 1
    assert found["database"][0].startswith("FAIL IMPOSTER_DATABASE_URL must look like ")
    assert "secret key" not in found
    assert PASSWORD not in out


async def test_the_doctor_tells_a_password_that_is_wrong_and_does_not_say_it(
    tmp_path: Path, postgres_database: str
) -> None:
    data = {
        "IMPOSTER_DATA_DIR": str(tmp_path / "data"),
        "IMPOSTER_DATABASE_URL": re.sub(r"//[^/]*@", f"//{PASSWORD}:{PASSWORD}@", postgres_database),
    }
    assert PASSWORD in data["IMPOSTER_DATABASE_URL"]
    code, out, _ = await (await begin("doctor", **data)).end()
    assert code == 1
    assert of_doctor(out)["database"][0].startswith("FAIL IMPOSTER_DATABASE_URL: it does not open: ")
    assert PASSWORD not in out


async def test_the_doctor_tells_a_program_that_is_not_node(tmp_path: Path) -> None:
    pretender = tmp_path / "node"
    for says, verdict in (("v18.1.0", "FAIL"), ("v99.0.0", "warn"), ("hello", "FAIL")):
        pretender.write_text(f"#!/bin/sh\necho {says}\n")
        pretender.chmod(0o700)
        _, out, _ = await (
            await begin("doctor", IMPOSTER_NODE=str(pretender), IMPOSTER_DATA_DIR=str(tmp_path / "data"))
        ).end()
        assert of_doctor(out)["node"][0].startswith(f"{verdict} {pretender}")
