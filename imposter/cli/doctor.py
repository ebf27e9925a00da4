"""The checks of everything a server needs, from outside. Each result is one line; a failure says how to fix it."""

import base64
import binascii
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from imposter.cli.client import Server
from imposter.cli.fake_names import OPENAI, WHATSAPP, address_of, unreachable
from imposter.cli.labels import CommandError, say
from imposter.contracts.errors import FieldProblem, StorageError
from imposter.secrets import KEY_BYTES, KEY_FILE
from imposter.settings import Settings, server_address, usable_settings, variable
from imposter.storage.database.engine import database_file
from imposter.storage.migrations import NEWEST
from imposter.storage.upkeep.inspection import folder_in_use, look

PYTHON = (3, 11)
NODE = 24
PATIENCE = 5.0
"""Seconds for a program or a server to answer."""
REACH = 3.0
"""Seconds for a host on the internet."""
SIDECAR = Path("chat_providers", "whatsapp_baileys_server")
INSTALL = "run script/setup (or: npm install --prefix chat_providers/whatsapp_baileys_server)"


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class CheckResult:
    level: Level
    what: str
    told: str


@dataclass(frozen=True, slots=True)
class Installation:
    root: Path
    settings: Settings
    problems: tuple[FieldProblem, ...]
    address: str

    def refused(self, field: str) -> bool:
        """Return whether that setting is unusable, which has already been reported."""
        return variable(field) in {problem.field for problem in self.problems}

    @property
    def database_url(self) -> str | None:
        return self.settings.database_url.get_secret_value() if self.settings.database_url else None


def examine(root: Path, address: str | None) -> bool:
    """Print all results. Return whether no check failed. Raises: CommandError (`address` is not valid)."""
    settings, problems = usable_settings()
    try:
        place = settings.server if address is None else server_address(address)
    except ValueError as error:
        raise CommandError(f"--server {error}") from None
    patient = Installation(root, settings, problems, place)
    healthy = True
    for check in CHECKS:
        for finding in check(patient):
            say(f"{finding.level:<5} {finding.what:<10} {finding.told}")
            healthy = healthy and finding.level is not Level.FAIL
    return healthy


def _settings(patient: Installation) -> Iterator[CheckResult]:
    for problem in patient.problems:
        yield CheckResult(Level.FAIL, "settings", f"{problem.field}: {problem.message}")
    if not patient.problems:
        yield CheckResult(Level.OK, "settings", "none is unknown or unusable")


def _python(_: Installation) -> Iterator[CheckResult]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON:
        yield CheckResult(Level.OK, "python", version)
    else:
        yield CheckResult(Level.FAIL, "python", f"{version} is too old: install 3.11 or newer, and run script/setup")


def _node(patient: Installation) -> Iterator[CheckResult]:
    if patient.refused("node"):
        return
    node = str(patient.settings.node)
    if shutil.which(node) is None:
        yield CheckResult(Level.FAIL, "node", f"{node} is not there: run script/setup, or name one with IMPOSTER_NODE")
        return
    try:
        asked = subprocess.run([node, "--version"], capture_output=True, timeout=PATIENCE, check=True, text=True)  # noqa: S603 - the operator's own
        version = asked.stdout.strip()
        major = int(version.removeprefix("v").partition(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        yield CheckResult(Level.FAIL, "node", f"{node} does not run as Node.js: unset IMPOSTER_NODE, or name another")
        return
    if major < NODE:
        yield CheckResult(Level.FAIL, "node", f"{node} is {version}, and {NODE} is needed: unset IMPOSTER_NODE")
    elif major > NODE:
        yield CheckResult(Level.WARN, "node", f"{node} is {version}; the tests are run with {NODE}")
    else:
        yield CheckResult(Level.OK, "node", f"{version}, {node}")


def _packages(patient: Installation) -> Iterator[CheckResult]:
    folder = patient.root / SIDECAR
    installed = folder / "node_modules" / ".package-lock.json"  # npm's own record
    if not (folder / "node_modules" / "baileys").is_dir() or not installed.exists():
        yield CheckResult(Level.FAIL, "packages", f"the WhatsApp helper's are not installed: {INSTALL}")
        return
    try:
        wanted, there = (_versions(file) for file in (folder / "package-lock.json", installed))
    except (OSError, ValueError, KeyError):
        yield CheckResult(Level.FAIL, "packages", f"what is installed for the WhatsApp helper is damaged: {INSTALL}")
        return
    wrong = sorted(path for path, version in wanted.items() if there.get(path) != version)
    if wrong:
        name = wrong[0].rpartition("node_modules/")[2]
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        yield CheckResult(Level.FAIL, "packages", f"{name}{more} of the WhatsApp helper are not as locked: {INSTALL}")
    else:
        yield CheckResult(Level.OK, "packages", f"the WhatsApp helper's {len(wanted)} are as locked")


def _versions(lock: Path) -> dict[str, str]:
    """Return the versions by path, without packages for tests or for other machines."""
    packages = json.loads(lock.read_text())["packages"]
    needed = {path: about for path, about in packages.items() if path and not about.get("dev")}
    return {path: about["version"] for path, about in needed.items() if not about.get("optional")}


def _data(patient: Installation) -> Iterator[CheckResult]:
    folder = patient.settings.data_dir
    cure = "name another with IMPOSTER_DATA_DIR, or have it belong to who runs the server"
    try:
        if not folder.exists():
            parent = next(each for each in folder.parents if each.exists())
            if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
                yield CheckResult(Level.OK, "data", f"{folder} is not there yet; the first start makes it")
            else:
                yield CheckResult(Level.FAIL, "data", f"{folder} cannot be made, as {parent} takes no folder: {cure}")
            return
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield CheckResult(Level.FAIL, "data", f"{folder} is no folder that may be read and written: {cure}")
            return
        mode = folder.stat().st_mode & 0o777
        used = "in use by a running server" if folder_in_use(folder) else "not in use"
    except OSError as error:
        yield CheckResult(Level.FAIL, "data", f"{folder} cannot be looked at ({error.strerror}): {cure}")
        return
    if mode & 0o077:
        told = f"{folder} is open to others on this machine ({mode:o}), {used}: chmod 700 {folder}"
        yield CheckResult(Level.WARN, "data", told)
    else:
        yield CheckResult(Level.OK, "data", f"{folder}, {used}")


def _database(patient: Installation) -> Iterator[CheckResult]:
    try:
        seen = look(patient.database_url, patient.settings.data_dir)
    except StorageError as error:
        named = patient.database_url is None or str(error).startswith("IMPOSTER_DATABASE_URL")
        yield CheckResult(Level.FAIL, "database", f"{'' if named else 'IMPOSTER_DATABASE_URL: '}{error}")
        return
    if seen.unread:
        told = f"not looked into, as {seen.unread}"
    elif seen.empty:
        told = f"no tables yet; the first start makes them ({NEWEST})"
    elif seen.old:
        told = f"its tables are {seen.revision}; the next start brings them to {NEWEST} (back up first: script/backup)"
    else:
        told = f"its tables are {seen.revision}, this version's are {NEWEST}"
    yield CheckResult(Level.OK, "database", f"{seen.where}: {told}")


def _secret_key(patient: Installation) -> Iterator[CheckResult]:
    settings = patient.settings
    if patient.refused("secret_key"):
        return
    if settings.secret_key is not None:
        yield CheckResult(Level.OK, "secret key", "IMPOSTER_SECRET_KEY is set; keep a copy of it elsewhere")
        return
    path = settings.data_dir / KEY_FILE
    try:
        file = database_file(patient.database_url, settings.data_dir)
    except StorageError:  # an invalid URL, which has already been reported
        return
    try:
        begun = file is not None and file.exists() and file.stat().st_size > 0
        if not path.exists():
            if begun:
                told = f"{path} is missing, and the database is closed without it: put it back from a backup"
                yield CheckResult(Level.FAIL, "secret key", told)
            elif file is None:
                told = f"{path} is not there: servers that share a database need the same key (IMPOSTER_SECRET_KEY)"
                yield CheckResult(Level.WARN, "secret key", told)
            else:
                yield CheckResult(Level.OK, "secret key", "not there yet; the first start makes it in the data folder")
            return
        whole = len(base64.b64decode(path.read_bytes().strip(), validate=True)) == KEY_BYTES
        open_to_others = path.stat().st_mode & 0o077
    except binascii.Error:
        whole, open_to_others = False, 0
    except OSError:
        yield CheckResult(Level.FAIL, "secret key", f"{path} cannot be read: have it belong to who runs the server")
        return
    if not whole:
        yield CheckResult(Level.FAIL, "secret key", f"{path} is damaged: put back a copy of it")
    elif open_to_others:
        yield CheckResult(Level.WARN, "secret key", f"{path} can be read by others on this machine: chmod 600 {path}")
    else:
        yield CheckResult(Level.OK, "secret key", f"{path}; keep a copy of it elsewhere")


def _keys(patient: Installation) -> Iterator[CheckResult]:
    if not patient.refused("api_key"):
        if patient.settings.api_key is None:
            told = (
                "IMPOSTER_API_KEY is not set: only programs of the server's own user, and root's, on its own machine "
                "are served"
            )
        else:
            told = "IMPOSTER_API_KEY is set: whoever has it is served, from anywhere"
        yield CheckResult(Level.OK, "api key", told)
    if patient.settings.secret("OPENAI_API_KEY") is None:
        told = "OPENAI_API_KEY is not set: each openAi bot needs an api_key in its config"
        yield CheckResult(Level.WARN, "model key", told)
    else:
        yield CheckResult(Level.OK, "model key", "OPENAI_API_KEY is set, for openAi bots without one of their own")


def _network(patient: Installation) -> Iterator[CheckResult]:
    url = patient.settings.secret("OPENAI_BASE_URL")
    model = address_of(url.get_secret_value()) if url else OPENAI
    if model is None:
        yield CheckResult(
            Level.FAIL, "network", "OPENAI_BASE_URL is no address: write it as https://host/v1, or unset it"
        )
    for address, reason in unreachable([WHATSAPP, model] if model else [WHATSAPP], REACH).items():
        host, port = address
        if reason is None:
            yield CheckResult(Level.OK, "network", f"{host}:{port} can be reached")
        else:
            told = f"{host}:{port} cannot be reached ({reason}): look at the network, its firewall and its DNS"
            yield CheckResult(Level.WARN, "network", f"{told}; behind a proxy this may be as it should")


def _server(patient: Installation) -> Iterator[CheckResult]:
    if patient.refused("server") or patient.refused("api_key"):
        return
    key = patient.settings.api_key
    with Server(patient.address, key.get_secret_value() if key else None, PATIENCE) as server:
        try:
            version = server.get("/healthz", dict[str, str]).get("version", "?")
        except CommandError as trouble:
            yield CheckResult(Level.WARN, "server", str(trouble))
            return
        try:
            server.text("/readyz")
        except CommandError as trouble:
            yield CheckResult(Level.FAIL, "server", str(trouble))
            return
    yield CheckResult(Level.OK, "server", f"version {version} at {patient.address} is ready")


CHECKS: tuple[Callable[[Installation], Iterator[CheckResult]], ...] = (
    _settings,
    _python,
    _node,
    _packages,
    _data,
    _database,
    _secret_key,
    _keys,
    _network,
    _server,
)
