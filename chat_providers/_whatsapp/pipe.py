"""JSON lines between this process and the sidecar. The framing is explained in protocol.ts."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

from chat_providers._whatsapp.protocol import EVENT, REQUEST, Event, Request
from imposter.contracts.errors import InvalidState

log = structlog.get_logger()

LONGEST_LINE = 2**26
"""Bytes. A new connection stores some 800 keys at once, about 0.2 MB."""

Serve = Callable[[str, Request], Awaitable[Any]]
"""(account, request) -> the value of the response. Exceptions are reported as failures."""


class PipeClosed(Exception):
    """The sidecar is not running, or ended before it responded."""


class SidecarFailure(Exception):
    """A failure that the sidecar reported.

    `code` is a FailureCode of protocol.ts. `number` is WhatsApp's own code, if there is one.
    """

    def __init__(self, code: str, detail: str, number: int | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.number = number


class Pipe:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        serve: Serve,
        notice: Callable[[str, Event], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._serve = serve
        self._notice = notice
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.heard_at = 0.0
        """Time at which the other side last sent anything, by the event loop's clock."""

    async def run(self) -> None:
        """Read until the other side closes the connection."""
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.TaskGroup() as tasks:
                while line := await self._line():
                    self.heard_at = now()
                    try:
                        self._take(json.loads(line), tasks)
                    except (ValueError, LookupError, TypeError, RecursionError) as error:
                        # a process serves a hundred accounts, and the line concerns only one of them
                        log.error("a line of the whatsapp helper cannot be read", error=type(error).__name__)
        finally:
            for future in self._waiting.values():
                future.cancel()

    async def _line(self) -> bytes:
        """Return the next line, skipping those that are too long. Empty at the end."""
        while True:
            try:
                return await self._reader.readline()
            except ValueError:  # the rest of the long line is returned as a line of its own, which is invalid
                log.error("a line of the whatsapp helper is too long", longest=LONGEST_LINE)

    async def call(self, account: str, body: dict[str, Any], *, patience: float) -> Any:
        """Send a request and return the response.

        Raises: PipeClosed, SidecarFailure, TimeoutError (no response after `patience` seconds).
        """
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._write({"call": number, "account": account, "body": body})
        try:
            done, _ = await asyncio.wait([future], timeout=patience)
        finally:
            del self._waiting[number]
        if not done:
            raise TimeoutError
        if future.cancelled():
            raise PipeClosed
        return future.result()

    def post(self, account: str, body: dict[str, Any]) -> None:
        """Send a request without waiting for the response."""
        self._write({"call": next(self._numbers), "account": account, "body": body})

    def _take(self, line: dict[str, Any], tasks: asyncio.TaskGroup) -> None:
        if "answer" in line:
            self._settle(line)
        elif "call" in line:
            number, account, body = line["call"], line["account"], line["body"]
            tasks.create_task(self._answer(number, account, body), name=f"whatsapp:{account}")
        else:
            self._notice(line["account"], EVENT.validate_python(line["notice"]))

    def _settle(self, line: dict[str, Any]) -> None:
        future = self._waiting.get(line["answer"])
        if future is None or future.done():
            return
        if error := line.get("error"):
            future.set_exception(SidecarFailure(error["code"], error["detail"], error.get("number")))
        else:
            future.set_result(line.get("value"))

    async def _answer(self, number: int, account: str, body: object) -> None:
        answer: dict[str, Any]
        try:
            value = await self._serve(account, REQUEST.validate_python(body))
        except InvalidState as error:  # expected while a bot stops; repeated until the connection is closed
            answer = {"error": {"code": "failed", "detail": str(error)}}
        except Exception as error:  # noqa: BLE001 - this task ends here; the sidecar repeats what may still succeed
            log.warning("request of the whatsapp helper failed", bot=account, error=type(error).__name__)
            code = "refused" if isinstance(error, ValueError) else "failed"
            answer = {"error": {"code": code, "detail": type(error).__name__}}
        else:
            answer = {"value": value}
        with suppress(PipeClosed):
            self._write({"answer": number, **answer})

    def _write(self, line: dict[str, Any]) -> None:
        if self._writer.is_closing():
            raise PipeClosed
        self._writer.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
