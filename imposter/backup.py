"""Backup of all data of a server, running or not: `script/backup [--server URL] [FOLDER]`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from imposter.contracts.errors import ImposterError, StorageError
from imposter.secrets import KEY_FILE, make_private_folder
from imposter.settings import Settings, load_settings
from imposter.storage.database.engine import InUse
from imposter.storage.upkeep.backup import BACKUPS, Dump, copy_stopped, dump_command

SERVER = "http://127.0.0.1:8000"
PATIENCE = 600.0
"""Seconds that a server has to copy its data."""


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        folder = None if asked.folder is None else usable(Path(asked.started_in, asked.folder))
        made = back_up(settings, asked.server)
        if folder is not None:
            made = move(made, folder)
    except (ImposterError, OSError) as error:
        sys.stderr.write(f"backup: {error}\n")
        return 1
    sys.stdout.write(f"{made}\n")
    if settings.secret_key is not None or not (made / KEY_FILE).exists():
        sys.stderr.write("backup: the secret key is not in it, but in IMPOSTER_SECRET_KEY: keep that as well\n")
    return 0


def usable(folder: Path) -> Path:
    """Return `folder`, created if it is missing. Called before the copy is made. Raises: StorageError."""
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} cannot take the copy: it is no folder; nothing was copied")
    try:
        make_private_folder(folder)
    except OSError as error:
        raise StorageError(f"{folder} cannot take the copy: {error.strerror}; nothing was copied") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(f"{folder} cannot take the copy: it may not be written to; nothing was copied")
    return folder


def back_up(settings: Settings, server: str | None) -> Path:
    """Make a backup and return its folder.

    The copy is made by `server` if it is given, else from the files, or by a running server that uses them.
    Raises: ImposterError, OSError.
    """
    if server is not None:
        return _ask(settings, server)
    url = settings.database_url.get_secret_value() if settings.database_url else None
    now = datetime.now(UTC)
    dump = dump_command(url, settings.data_dir, now)
    if dump is not None:
        return _dump(dump)
    try:
        return copy_stopped(url, settings.data_dir, now)
    except InUse:
        if settings.api_key is not None:  # any program at the default address would get the key
            raise StorageError(
                f"a server with a key is using {settings.data_dir}: name its address, as in --server {SERVER}, "
                "so that the key goes nowhere else"
            ) from None
        return _ask(settings, SERVER)


def move(made: Path, folder: Path) -> Path:
    """Move the backup. Raises: OSError."""
    try:
        return Path(shutil.move(made, folder / made.name))
    except OSError as error:
        raise OSError(f"{error}; the copy stays in {made}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/backup",
        description="Copies the database and the secret key into a new folder and prints its name. "
        "The server may run meanwhile. docs/backup.md tells how to restore it.",
    )
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", help="where to put it (default: backups in the data folder)"
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help=f"have this server make the copy (default: the one at {SERVER} where one runs, else the files are "
        "copied); a server with a key must be named",
    )
    parser.add_argument("--started-in", default="", help=argparse.SUPPRESS)
    return parser


def _dump(dump: Dump) -> Path:
    if shutil.which(dump.command[0]) is None:
        raise StorageError("the database is PostgreSQL and pg_dump is not installed here; docs/backup.md shows its use")
    try:
        subprocess.run(dump.command, check=True)  # noqa: S603 - the arguments are ours
        return dump.finish()
    except subprocess.CalledProcessError:
        raise StorageError("pg_dump could not make the copy") from None
    finally:
        dump.clean_up()


class _NoRedirects(HTTPRedirectHandler):
    """A handler that refuses redirects: the key must only go to the server that was named."""

    def redirect_request(self, *_args: Any) -> None:
        return None


def _ask(settings: Settings, server: str) -> Path:
    """Have the server that uses the folder make the copy: only its own connection may read the file."""
    if not server.startswith(("http://", "https://")):
        raise StorageError("--server must be an address such as http://127.0.0.1:8000")
    request = Request(f"{server.rstrip('/')}/backup", method="POST", data=b"")  # noqa: S310 - http only, see above
    if settings.api_key is not None:
        request.add_header("Authorization", f"Bearer {settings.api_key.get_secret_value()}")
    try:
        with build_opener(ProxyHandler({}), _NoRedirects()).open(request, timeout=PATIENCE) as answer:
            made = Path(json.load(answer)["folder"])
    except HTTPError as error:
        raise StorageError(f"the server at {server} refused: {_told(error)}") from None
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        raise StorageError(
            f"no server answers at {server}: name its address with --server, or stop the server that uses "
            f"{settings.data_dir} and leave --server out"
        ) from None
    if made.parent != settings.data_dir / BACKUPS:
        raise StorageError(
            f"the server at {server} is not the one that uses {settings.data_dir} (its copy is in {made}): name "
            "that one with --server, or set IMPOSTER_DATA_DIR as it is set for this one"
        )
    return made


def _told(error: HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"{error.code}"


if __name__ == "__main__":
    sys.exit(main())
