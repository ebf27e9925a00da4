"""The product as something that is hit: its processes, and the signals they get."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.acceptance.product import Product
from tests.durability.plan import Target

_SIDECAR = b"whatsapp_baileys_server"


class Victim(Product):
    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__(folder, environment)
        self._stopped: set[int] = set()

    def pids(self, target: Target) -> list[int]:
        """Of what is there: between two of its lives Node is not."""
        python = [] if target is Target.NODE else [self.pid]
        return python if target is Target.PYTHON else [*python, *self._nodes()]

    def hit(self, target: Target) -> None:
        for pid in self.pids(target):
            _send(pid, signal.SIGKILL)

    def freeze(self, target: Target) -> None:
        for pid in self.pids(target):
            self._stopped.add(pid)
            _send(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        while self._stopped:
            _send(self._stopped.pop(), signal.SIGCONT)

    async def gone(self) -> None:
        """Returns when Python has ended."""
        await self.ended()

    def _nodes(self) -> list[int]:
        try:
            children = [
                int(child)
                for task in Path(f"/proc/{self.pid}/task").iterdir()
                for child in (task / "children").read_text().split()
            ]
            return [child for child in children if _SIDECAR in Path(f"/proc/{child}/cmdline").read_bytes()]
        except OSError:
            return []  # one of them ended meanwhile


def _send(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it was faster
        os.kill(pid, what)
