"""One Node process with several accounts' connections to WhatsApp: its start, end and restarts."""

import asyncio
import random
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import structlog

from chat_providers._whatsapp.pipe import LONGEST_LINE, Pipe, PipeClosed
from chat_providers._whatsapp.protocol import Event, Fault, Opened, Qr, Request
from chat_providers._whatsapp.restart_policy import ProcessRun, Restarts
from imposter.contracts.chat import Shared
from imposter.contracts.errors import ImposterError, InvalidState
from imposter.contracts.resource_exhaustion import shortage

log = structlog.get_logger()

FOLDER = Path(__file__).parents[1] / "whatsapp_baileys_server"
NODE_FLAGS = ("--max-semi-space-size=2", "--optimize-for-size")
"""Many mostly idle connections create little garbage each, which V8 would let accumulate.

With 50 accounts of bare Baileys these flags need 134 MB instead of 300 MB with V8's defaults, without slower answers
(benchmarks/).
"""
NODE_ENVIRONMENT = {
    "NODE_COMPILE_CACHE": str(FOLDER / "node_modules" / ".cache" / "node"),
    "MALLOC_ARENA_MAX": "1",
}
"""Node's compile cache avoids the TypeScript stripper.

Together these save 20 MB, and the first QR code takes 0.37 s instead of 0.51 s (benchmarks/).
"""
PING_EVERY = 0.5
"""Seconds. The process ends itself when it misses ten pings in a row (parent-watchdog.ts)."""
SILENT_AFTER = 2
HUNG_AFTER = 20
"""Unanswered pings until the accounts are told, and until the process is killed.

These are not seconds, because too many would seem to have passed after the machine was asleep.
"""
NOT_STARTED_AFTER = 60
"""Pings until a process that never responded is killed."""
LONGEST_SILENCE = 5.0
"""Seconds without a ping after which the process ends itself (`parent-watchdog.ts`)."""
SILENCE_MARGIN = 1.0
"""Seconds for other messages after a ping, and for the end of the process."""
GOODBYE_SECONDS = 2.0
"""Seconds for the process to end, when it has nothing left to do. A hung one must not delay the server's shutdown."""


class SidecarMissing(ImposterError):
    """The WhatsApp helper is not installed. Run: npm install --prefix chat_providers/whatsapp_baileys_server"""


class Listener(Protocol):
    """One account, as the sidecar uses it."""

    async def serve(self, request: Request) -> Any: ...

    def notice(self, event: Event) -> None: ...

    def sidecar_up(self) -> None:
        """A process has started and has no connection of this account yet."""

    def sidecar_silent(self) -> None:
        """The process does not respond at the moment; the state of the connection is unknown."""

    def sidecar_answers(self) -> None:
        """The process responds again."""

    def sidecar_down(self, again_in: float, *, broke: bool) -> None:
        """The process has ended and its connection is lost. Another process starts in `again_in` seconds.

        `broke` means that the process ended by its own fault.
        """


class Sidecar:
    def __init__(
        self,
        node: str,
        environment: dict[str, str],
        *,
        hold: Callable[[], float | None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._node = node
        self._environment = environment
        self._hold = hold
        self._restarts = Restarts(chance)
        self._listeners: dict[str, Listener] = {}
        self._wanted = asyncio.Event()
        """Set while there are accounts."""
        self._served = False
        self._pipe: Pipe | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def start(cls, shared: Shared) -> "Sidecar":
        """Start a sidecar that runs until `aclose`. Its process starts with the first account."""
        sidecar = cls(shared.node, dict(shared.environment), hold=shared.hold)
        sidecar._task = asyncio.create_task(sidecar._keep_alive(), name="whatsapp-sidecar")
        return sidecar

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def accounts(self) -> int:
        return len(self._listeners)

    def add(self, account: str, listener: Listener) -> None:
        self._listeners[account] = listener
        self._wanted.set()
        if self._pipe is not None:
            listener.sidecar_up()

    def remove(self, account: str) -> None:
        self._listeners.pop(account, None)
        if not self._listeners:
            self._wanted.clear()

    async def call(self, account: str, body: dict[str, Any], *, patience: float) -> Any:
        """See Pipe.call."""
        if self._pipe is None:
            raise PipeClosed
        return await self._pipe.call(account, body, patience=patience)

    def post(self, account: str, body: dict[str, Any]) -> None:
        """See Pipe.post. Without a process, nothing is sent."""
        if self._pipe is not None:
            with suppress(PipeClosed):
                self._pipe.post(account, body)

    async def _keep_alive(self) -> None:
        """Run a process while there are accounts. A process without accounts is kept until it ends."""
        while True:
            await self._wanted.wait()
            if not self._may_connect():
                await asyncio.sleep(PING_EVERY)
                continue
            broke = False
            try:
                life = await self._one_life()
                broke, delay = life.broke, self._restarts.after(life)
            except OSError as error:
                log.error("whatsapp helper cannot be started", error=str(error))
                delay = self._restarts.not_started(short=shortage(error) is not None)
            again_in = delay if self._listeners else None
            log.warning("whatsapp helper ended", again_in=again_in, accounts=self.accounts, broke=broke)
            for listener in tuple(self._listeners.values()):
                listener.sidecar_down(delay, broke=broke)
            await asyncio.sleep(delay)

    async def _one_life(self) -> ProcessRun:
        """Run one process until it ends. Raises: OSError."""
        now = asyncio.get_running_loop().time
        born, hung, pipe = now(), False, None
        self._served = False
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = await asyncio.create_subprocess_exec(
                *_command(self._node),
                stdin=theirs.fileno(),
                # Baileys' libraries print private keys, so the output is discarded.
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environment | NODE_ENVIRONMENT,
                start_new_session=True,  # Ctrl-C is for this process; the other one ends with its socket
            )
            theirs.close()
            try:
                reader, writer = await asyncio.open_connection(sock=ours, limit=LONGEST_LINE)
                pipe = Pipe(reader, writer, serve=self._serve, notice=self._notice)
                try:
                    await self._talk(pipe)
                except TimeoutError:
                    hung = True
                    process.kill()
                finally:
                    self._pipe = None
                    writer.close()
            finally:
                await _end(process)
        return ProcessRun(None if hung else process.returncode, now() - born, bool(pipe.heard_at), self._served)

    async def _talk(self, pipe: Pipe) -> None:
        """Talk to the process until it ends. Raises: TimeoutError (it no longer responds)."""
        listening = asyncio.create_task(pipe.run(), name="whatsapp-pipe")
        beating = asyncio.create_task(self._heartbeat(pipe), name="whatsapp-heartbeat")
        self._pipe = pipe
        for listener in tuple(self._listeners.values()):
            listener.sidecar_up()
        try:
            await asyncio.wait([listening, beating], return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            beating.cancel()
            results = await asyncio.gather(listening, beating, return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                log.warning("lost the whatsapp helper", error=type(error).__name__)
        if isinstance(results[1], TimeoutError):
            raise results[1]

    async def _heartbeat(self, pipe: Pipe) -> None:
        """Send pings. Raises: TimeoutError (the process did not respond for too long), PipeClosed (it has ended)."""
        now = asyncio.get_running_loop().time
        asked_at, unanswered = now(), 0
        while unanswered < (HUNG_AFTER if pipe.heard_at else NOT_STARTED_AFTER):
            pipe.post("", {"type": "ping", "silence": self._silence()})
            await asyncio.sleep(PING_EVERY)
            silent = unanswered >= SILENT_AFTER
            if pipe.heard_at >= asked_at:
                asked_at, unanswered = now(), 0
            else:
                unanswered += 1
            if pipe.heard_at and silent != (unanswered >= SILENT_AFTER):
                for listener in tuple(self._listeners.values()):
                    listener.sidecar_answers() if silent else listener.sidecar_silent()
        raise TimeoutError

    def _silence(self) -> float:
        """Return the seconds for which the process may run without a ping.

        It ends before other nodes may open its connections.
        """
        hold = self._hold()
        return LONGEST_SILENCE if hold is None else max(0.0, min(LONGEST_SILENCE, hold - SILENCE_MARGIN))

    def _may_connect(self) -> bool:
        """Return whether a process may connect. It would end itself at once if a lease has ended or is about to."""
        return self._silence() > 0

    async def _serve(self, account: str, request: Request) -> Any:
        if listener := self._listeners.get(account):
            return await listener.serve(request)
        raise InvalidState("The account has been closed.")

    def _notice(self, account: str, event: Event) -> None:
        if isinstance(event, Fault):
            log.warning("fault in the whatsapp helper", bot=account, error=event.name, trace=event.trace)
        elif listener := self._listeners.get(account):
            self._served = self._served or isinstance(event, Opened | Qr)
            listener.notice(event)


def check_installed() -> None:
    """Check that the sidecar is installed. Raises: SidecarMissing."""
    if not (FOLDER / "node_modules" / "baileys").is_dir():
        raise SidecarMissing


def compile_ahead(node: str) -> None:
    """Fill Node's cache for a faster first start: the process loads all its code and ends when its input does."""
    subprocess.run(_command(node), input=b"", env=NODE_ENVIRONMENT, check=True)  # noqa: S603 - our own program


def _command(node: str) -> list[str]:
    return [node, *NODE_FLAGS, str(FOLDER / "src" / "main.ts")]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for the process to end, which it does when its socket is closed. Kill it if it hangs."""
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):  # wait_for of Python 3.11 can swallow a cancellation
            await process.wait()
    except TimeoutError:
        log.warning("whatsapp helper must be killed")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
