"""What deploy/ tells systemd and Compose to do, done without them: their own commands, environments and health checks.

Only folders, ports and the database's address are put in place of theirs. `systemd-analyze verify` reads the unit where
that program is installed; where it is not, the test that needs it says so and is skipped. No image is built: what the
Dockerfile installs with is `script/setup`, which has installed what runs here.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.acceptance.product import ROOT, free_port
from tests.house import until
from tests.postgres import BINARIES, NEWEST, PACKAGE, PostgresServer
from tests.timeouts import FACT

DEPLOY = ROOT / "deploy"
HOME = "/opt/imposter"
UNIT = "imposter@.service"
PORT = "8000"
SECRETS = {
    "IMPOSTER_SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "IMPOSTER_API_KEY": "fedcba9876543210fedcba9876543210",
    "POSTGRES_PASSWORD": "not-a-real-password",
}
FILLED_IN = SECRETS | {"SITE_ADDRESS": "localhost"}
DRAINED = 10.0
"""Seconds."""


@dataclass
class Plan:
    """How a server is to be run, for a port and a folder."""

    command: Sequence[str]
    environment: Mapping[str, str]
    healthy: Sequence[str]
    """The command that says so."""
    stop: signal.Signals
    seconds_to_stop: float


class Unit:
    """A unit file. Settings may be given more than once, which configparser does not know."""

    def __init__(self, text: str) -> None:
        lines = [line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#")]
        self._settings = [(name, value) for name, _, value in lines]

    def all(self, name: str) -> list[str]:
        return [value for given, value in self._settings if given == name]

    def __getitem__(self, name: str) -> str:
        [value] = self.all(name)
        return value


def by_systemd(port: int, folder: Path) -> Plan:
    unit = Unit((DEPLOY / UNIT).read_text().replace("%i", PORT).replace("%H", "a-host"))
    assert (unit["EnvironmentFile"], unit["WorkingDirectory"]) == ("/etc/imposter.env", HOME)
    assert unit["KillMode"] == "mixed", "the Node processes must not be told to end before the server"
    environment = example_environment() | dict(line.split("=", 1) for line in unit.all("Environment"))
    assert environment["IMPOSTER_DATA_DIR"] == f"/var/lib/{unit['StateDirectory']}"
    return Plan(
        [part.replace(PORT, str(port)) for part in shlex.split(unit["ExecStart"])],
        environment | {"IMPOSTER_DATA_DIR": str(folder), "IMPOSTER_NODE_NAME": f"a-host-{port}"},
        health_check(port),
        signal.Signals[unit["KillSignal"]],
        float(unit["TimeoutStopSec"]),
    )


def by_compose(port: int, folder: Path) -> Plan:
    server = compose()["services"]["server"]
    assert server["deploy"]["replicas"] > 1
    assert server["env_file"] == ".env"
    environment = example_environment() | {"IMPOSTER_NODE_NAME": f"container-{port}"} | server["environment"]
    assert any(mount.startswith(environment["IMPOSTER_DATA_DIR"]) for mount in server["tmpfs"])
    return Plan(
        [part.replace(PORT, str(port)) for part in dockerfile()["CMD"]],
        environment | {"IMPOSTER_DATA_DIR": str(folder)},
        health_check(port),
        signal.Signals[server["stop_signal"]],
        float(server["stop_grace_period"].removesuffix("s")),
    )


def health_check(port: int) -> list[str]:
    return [part.replace(PORT, str(port)) for part in dockerfile()["HEALTHCHECK"]]


def example_environment() -> dict[str, str]:
    """The example, filled in; what stays empty is for those who want it."""
    lines = (DEPLOY / "example.env").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert FILLED_IN.keys() <= example.keys()
    assert not any(example[name] for name in FILLED_IN), "an example must not hold a secret that somebody may keep"
    return example | SECRETS


def compose() -> dict[str, Any]:
    """The Compose file with the variables of the example environment filled in. A missing one is refused, as there."""

    def filled(match: re.Match[str]) -> str:
        assert match["message"], f"{match[0]} may be left out by mistake"
        return FILLED_IN[match["name"]]

    text = re.sub(r"\$\{(?P<name>\w+)(:\?(?P<message>[^}]+))?\}", filled, (DEPLOY / "compose.yaml").read_text())
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def dockerfile() -> dict[str, list[str]]:
    """The two commands that it has for whoever runs the image."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("CMD", "HEALTHCHECK"):
            found[word] = json.loads(rest[rest.index("[") :])
    return found


class Server:
    """One that runs as it was planned."""

    def __init__(self, plan: Plan, port: int, output: Path) -> None:
        self._plan = plan
        self._port = port
        self._output = output
        self._process: asyncio.subprocess.Process | None = None
        self._environment = {"PATH": os.environ["PATH"], **plan.environment}
        self.api = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {SECRETS['IMPOSTER_API_KEY']}"}
        )

    async def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = await self._run(self._plan.command, output)
        try:
            async with asyncio.timeout(FACT):
                while not (await self.says_healthy() and await self._is_ready()):
                    assert self._process.returncode is None, self._output.read_text()[-3000:]
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not healthy:\n{self._output.read_text()[-3000:]}") from None

    @asynccontextmanager
    async def half_a_request(self) -> AsyncIterator[None]:
        """Meanwhile, a client does not say all that it began to say."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"PUT /chatbot HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n")
        writer.write(f"Authorization: Bearer {SECRETS['IMPOSTER_API_KEY']}\r\n\r\n[".encode())
        await writer.drain()
        assert (await self.api.get("/healthz")).status_code == 200  # asked later, so what came before was heard
        yield
        writer.close()

    async def stop(self) -> None:
        """As the plan says. Raises: TimeoutError, where it takes longer than it is said to."""
        assert self._process is not None
        assert self._plan.seconds_to_stop > DRAINED
        self._process.send_signal(self._plan.stop)
        async with asyncio.timeout(DRAINED):
            await self._process.wait()

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self.api.aclose()

    async def says_healthy(self) -> bool:
        """By the plan's own check."""
        check = await self._run(self._plan.healthy, asyncio.subprocess.DEVNULL)
        return await check.wait() == 0

    async def _is_ready(self) -> bool:
        try:
            return (await self.api.get("/readyz")).status_code == 200
        except httpx2.TransportError:
            return False

    async def _run(self, command: Sequence[str], output: Any) -> asyncio.subprocess.Process:
        program, *arguments = command
        return await asyncio.create_subprocess_exec(
            ROOT / program.removeprefix(f"{HOME}/"),
            *arguments,
            cwd=ROOT,
            env=self._environment,
            stdout=output,
            stderr=output,
        )


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def two_servers(
    plan: Callable[[int, Path], Plan], folder: Path, postgres: PostgresServer
) -> AsyncIterator[list[Server]]:
    url = postgres.new_database()
    servers = []
    async with AsyncExitStack() as stack:
        for name in ("one", "two"):
            port = free_port()
            planned = plan(port, folder / name)
            assert planned.environment["IMPOSTER_DATABASE_URL"].startswith("postgresql://imposter:")
            planned.environment = {**planned.environment, "IMPOSTER_DATABASE_URL": url}
            server = Server(planned, port, folder / f"{name}.log")
            stack.push_async_callback(server.close)
            servers.append(server)
        await asyncio.gather(*(server.start() for server in servers))
        yield servers


@pytest.mark.parametrize("plan", [by_systemd, by_compose])
async def test_two_servers_run_as_planned_and_one_ends_in_time(
    plan: Callable[[int, Path], Plan], tmp_path: Path, postgres: PostgresServer
) -> None:
    async with two_servers(plan, tmp_path, postgres) as (one, two):
        chat = {"provider_name": "dummy", "provider_config": {"messages": []}}
        model = {"provider_name": "fakeLlm", "provider_config": {}}
        made = await one.api.put(
            "/chatbot", json=[{"user_id": "anna", "chat_provider_config": chat, "llm_provider_config": model}]
        )
        assert made.status_code == 200, made.text
        bot = f"/chatbot/{made.json()[0]['instance_id']}"

        async def is_connected() -> bool:
            return bool((await two.api.get(f"{bot}/status")).json()["status"] == "connected")

        async def owner() -> str | None:
            name: str | None = (await two.api.get(bot)).json()["node"]
            return name

        await until(is_connected)
        first, last = [node["name"] for node in (await two.api.get("/nodes")).json()]
        before = await owner()
        assert before in (first, last)
        async with one.half_a_request():
            await one.stop()
        assert not await one.says_healthy()
        await until(is_connected)
        assert len((await two.api.get("/nodes")).json()) == 1
        assert await owner() != before


def test_every_way_to_start_it_gives_requests_the_same_time_to_end() -> None:
    ways = [ROOT / "script" / "server", ROOT / "README.md", DEPLOY / UNIT, DEPLOY / "Dockerfile"]
    assert {tuple(re.findall(r"--timeout-graceful-shutdown\W+(\d+)", way.read_text())) for way in ways} == {("2",)}


def test_the_database_is_healthy_by_its_own_check(postgres: PostgresServer) -> None:
    check = compose()["services"]["database"]["healthcheck"]["test"]
    assert check[0] == "CMD"
    package = find_spec(PACKAGE)
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / BINARIES[NEWEST] / "bin" / check[1]
    arguments = [part.replace("127.0.0.1", str(postgres.socket.parent)) for part in check[2:]]
    assert subprocess.run([program, *arguments], check=False).returncode == 0
    postgres.halt()
    assert subprocess.run([program, *arguments], check=False).returncode != 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT
    unit.write_text((DEPLOY / UNIT).read_text().replace(HOME, str(ROOT)))
    seen = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (seen.returncode, seen.stderr) == (0, "")
