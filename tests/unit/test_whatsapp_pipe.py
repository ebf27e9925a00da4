"""Lines of the helper's that nobody can read: its accounts are many, and go on."""

import asyncio
import json
import re
import socket
from typing import Any

from chat_providers._whatsapp import sidecar
from chat_providers._whatsapp.pipe import LONGEST_LINE, Pipe
from chat_providers._whatsapp.protocol import Event, Request, Typing
from tests.timeouts import FACT

TYPING = {"notice": {"type": "typing", "chats": ["ann"], "on": True}, "account": "i1"}
SHORT = 100_000
"""Bytes: the longest line here."""


async def nothing(account: str, request: Request) -> Any:
    return None


async def heard(*lines: bytes) -> list[tuple[str, Event]]:
    """What is told of these lines, and then the end."""
    ours, theirs = socket.socketpair()
    told: list[tuple[str, Event]] = []
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours, limit=SHORT)
        pipe = Pipe(reader, writer, serve=nothing, notice=lambda account, event: told.append((account, event)))
        running = asyncio.create_task(pipe.run())
        await asyncio.to_thread(theirs.sendall, b"".join(line + b"\n" for line in lines))
        theirs.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(FACT):
            await running
        writer.close()
    return told


async def test_a_line_that_is_too_long_takes_no_other_with_it() -> None:
    line = json.dumps(TYPING).encode()
    told = await heard(line, b'{"notice": "' + b"x" * (SHORT * 5) + b'"}', line)
    assert told == [("i1", Typing(type="typing", chats=["ann"], on=True))] * 2


async def test_a_line_that_is_none_of_ours_takes_no_other_with_it() -> None:
    line = json.dumps(TYPING).encode()
    strange = (b"", b"{", b"[1]", b'"text"', b"null", b"7", b"{}", b'{"notice": {"type": "new"}, "account": "i1"}')
    deep = b"[" * (SHORT // 2)
    assert len(await heard(line, *strange, b'{"call": 1}', b'{"answer": []}', deep, line)) == 2


def test_what_the_helper_sends_at_most_is_read() -> None:
    pipe_ts = sidecar.FOLDER / "src" / "pipe.ts"
    [power] = re.findall(r"LONGEST_LINE = 2 \*\* (\d+)", pipe_ts.read_text())
    assert 3 * 2 ** int(power) < LONGEST_LINE, "in UTF-16 units there, of three bytes at most"
