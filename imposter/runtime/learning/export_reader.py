"""Reads an exported chat in a process of its own.

Whatever stands in it, the server goes on answering meanwhile, and what it may take of time and memory has a bound. The
process gets the file and the owner's name on its standard input, and nothing of the server's environment.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.voice.exchanges import Exchange, exchanges
from imposter.voice.export import MOST_NAMES, Export, SpeakerNotFound, UnreadableExport, read

MOST_SECONDS = 60
MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes of the process."""
MOST_ANSWERS = 20_000
"""The newest are taken; the Store keeps no more of one bot."""
LONGEST_LINE = 256 * 1024
"""Bytes that one answer takes in JSON, at most."""
AT_ONCE = 100
"""Answers taken over before others get their turn."""

_ROOT = Path(__file__).parents[3]
_TOO_MUCH = "takes too much time or memory to read: send the newest part of it"


async def read_export(data: bytes, owner: str | None) -> list[Exchange]:
    """What the owner of this name answered in it. Raises: InvalidConfig."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, cwd=_ROOT, env={}, limit=LONGEST_LINE,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(MOST_SECONDS):
            found = await _asked(process, data, owner)
    except (TimeoutError, ValueError, KeyError, TypeError):  # it said nothing, or not to the end
        raise InvalidConfig(FieldProblem("file", _TOO_MUCH)) from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if isinstance(found, FieldProblem):
        raise InvalidConfig(found)
    return found


async def _asked(process: asyncio.subprocess.Process, data: bytes, owner: str | None) -> list[Exchange] | FieldProblem:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - as they were asked for
    with suppress(ConnectionError):  # it ended early; what it said tells
        process.stdin.write(json.dumps(owner).encode() + b"\n")
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
    first = json.loads(await process.stdout.readline())
    if "field" in first:
        return FieldProblem(first["field"], first["message"])
    found = []
    for number in range(first["answers"]):
        found.append(_exchange(json.loads(await process.stdout.readline())))
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


def _exchange(said: list[Any]) -> Exchange:
    question, bubbles, at, after = said
    return Exchange(question, tuple(bubbles), datetime.fromisoformat(at), after)


def _exchanges(data: bytes, owner: str | None) -> list[Exchange]:
    """Raises: InvalidConfig."""
    try:
        export = read(data)
    except UnreadableExport as error:
        raise InvalidConfig(FieldProblem("file", str(error))) from None
    if owner is None:
        raise InvalidConfig(FieldProblem("owner", f"is missing: which of these are you? {_names(export)}"))
    try:
        found = list(exchanges(export.said(owner)))[-MOST_ANSWERS:]
    except SpeakerNotFound as error:
        raise InvalidConfig(FieldProblem("owner", str(error))) from None
    if len(export.names) > 2:  # of several who asked it is not known whom the owner answers
        return [replace(each, question="", after=None) for each in found]
    return found


def _names(export: Export) -> str:
    return ", ".join(repr(name) for name in export.names[:MOST_NAMES])


def _answers(data: bytes, owner: str | None) -> Iterator[Any]:
    try:
        found = _exchanges(data, owner)
    except InvalidConfig as error:
        [problem] = error.problems
        yield {"field": problem.field, "message": problem.message}
        return
    yield {"answers": len(found)}
    yield from ([each.question, each.bubbles, each.at.isoformat(), each.after] for each in found)


def _main() -> None:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    with suppress(ValueError, OSError):  # not every system knows this bound
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    owner = json.loads(sys.stdin.buffer.readline())
    for said in _answers(sys.stdin.buffer.read(), owner):
        sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    _main()
