"""Reads exported chats in a process of its own.

Whatever stands in them, the server goes on answering meanwhile, and what it may take of time and memory has a bound.
The process gets the files and what was asked on its standard input, and nothing of the server's environment.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.voice.exchanges import Exchange, exchanges
from imposter.voice.export import MOST_NAMES, Export, SpeakerNotFound, UnreadableExport
from imposter.voice.exports import SeveralChats, read
from imposter.voice.files import ExportFile

MOST_SECONDS = 60
MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes of the process."""
MOST_ANSWERS = 20_000
"""The newest are taken; the Store keeps no more of one bot."""
LONGEST_LINE = 256 * 1024
"""Bytes that one answer takes in JSON, at most."""
LONGEST_NAME = 100
AT_ONCE = 100
"""Answers taken over before others get their turn."""

_ROOT = Path(__file__).parents[3]
_TOO_MUCH = "takes too much time or memory to read: send the newest part of it"


@dataclass(frozen=True, slots=True)
class SpeakerFound:
    """Somebody who has lines in the file; no `member` where these were only pasted into it."""

    name: str
    lines: int
    member: bool


@dataclass(frozen=True, slots=True)
class LineNotRead:
    """A line that looks like a message and was not understood. `file` is empty where only one was sent."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was read and what was not."""

    app: str
    owner: str
    """As the file spells the name."""
    chat_with: Sequence[str]
    """Whose chat it is taken for; who says most first."""
    others: int
    """How many they are."""
    group: bool
    speakers: Sequence[SpeakerFound]
    counts: Mapping[str, int]
    """Lines by kind."""
    not_read: Sequence[LineNotRead]
    """The first of the lines that were not understood."""
    lines_not_read: int
    damaged_lines: int
    """With bytes in them that are no text, which are left out."""
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the owner answered, and how the files were read."""

    answers: list[Exchange]
    report: ImportReport


async def read_export(files: Sequence[tuple[str, bytes]], owner: str | None, chat: str | None = None) -> Reading:
    """What the owner of this name answered in the chat, which is in files by name. Raises: InvalidConfig."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, cwd=_ROOT, env={}, limit=LONGEST_LINE,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    asked = {"owner": owner, "chat": chat, "files": [[name[-200:], len(data)] for name, data in files]}
    try:
        async with asyncio.timeout(MOST_SECONDS):
            found = await _asked(process, asked, [data for _, data in files])
    except (TimeoutError, ValueError, KeyError, TypeError):  # it said nothing, or not to the end
        raise InvalidConfig(FieldProblem("file", _TOO_MUCH)) from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if isinstance(found, FieldProblem):
        raise InvalidConfig(found)
    return found


async def _asked(
    process: asyncio.subprocess.Process, asked: Mapping[str, Any], data: Sequence[bytes]
) -> Reading | FieldProblem:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - as they were asked for
    with suppress(ConnectionError):  # it ended early; what it said tells
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        for each in data:
            process.stdin.write(each)
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
    return Reading(found, _report_of(first["report"]))


def _exchange(said: list[Any]) -> Exchange:
    question, bubbles, at, after = said
    return Exchange(question, tuple(bubbles), datetime.fromisoformat(at), after)


def _report_of(said: dict[str, Any]) -> ImportReport:
    speakers = [SpeakerFound(**each) for each in said.pop("speakers")]
    return ImportReport(speakers=speakers, not_read=[LineNotRead(**each) for each in said.pop("not_read")], **said)


def _read(files: Sequence[ExportFile], owner: str | None, chat: str | None) -> tuple[list[Exchange], ImportReport]:
    """Raises: InvalidConfig."""
    try:
        export = read(files, chat)
    except UnreadableExport as error:
        raise InvalidConfig(FieldProblem("file", str(error))) from None
    except SeveralChats as error:
        raise InvalidConfig(FieldProblem("chat", str(error))) from None
    if owner is None:
        raise InvalidConfig(FieldProblem("owner", f"is missing: which of these are you? {_names(export)}"))
    try:
        found = list(exchanges(export.said(owner)))[-MOST_ANSWERS:]
    except SpeakerNotFound as error:
        raise InvalidConfig(FieldProblem("owner", str(error))) from None
    report = _report(export, owner, several=len(files) > 1)
    if report.group:  # of several who asked it is not known whom the owner answers
        found = [replace(each, question="", after=None) for each in found]
    return found, report


def _names(export: Export) -> str:
    return ", ".join(repr(name) for name in export.names[:MOST_NAMES])


def _report(export: Export, owner: str, *, several: bool) -> ImportReport:
    others = export.others(owner)
    times = [line.at for line in export.lines if not line.quoted] or [line.at for line in export.lines]
    return ImportReport(
        app=export.app,
        owner=export.called(owner)[:LONGEST_NAME],
        chat_with=[name[:LONGEST_NAME] for name in others[:MOST_NAMES]],
        others=len(others),
        group=len(others) > 1,
        speakers=[
            SpeakerFound(speaker.name[:LONGEST_NAME], speaker.lines, speaker.member)
            for speaker in export.speakers[:MOST_NAMES]
        ],
        counts=export.counts,
        not_read=[LineNotRead(each.file if several else "", each.number, each.text) for each in export.unread],
        lines_not_read=export.unread_lines,
        damaged_lines=export.damaged,
        first_at=min(times).isoformat(),
        last_at=max(times).isoformat(),
    )


def _answers(files: Sequence[ExportFile], owner: str | None, chat: str | None) -> Iterator[Any]:
    try:
        found, report = _read(files, owner, chat)
    except InvalidConfig as error:
        [problem] = error.problems
        yield {"field": problem.field, "message": problem.message}
        return
    yield {"answers": len(found), "report": asdict(report)}
    yield from ([each.question, each.bubbles, each.at.isoformat(), each.after] for each in found)


def _main() -> None:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    with suppress(ValueError, OSError):  # not every system knows this bound
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    asked = json.loads(sys.stdin.buffer.readline())
    files = [ExportFile(name, sys.stdin.buffer.read(size)) for name, size in asked["files"]]
    for said in _answers(files, asked["owner"], asked["chat"]):
        sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    _main()
