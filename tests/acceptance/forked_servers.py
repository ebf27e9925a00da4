"""Servers that are forked from a process which has imported the program: importing it is most of what a start takes.

Each then does what `python -m uvicorn main:app` does, with an environment, a folder and an output of its own. As a
program it is that process: it reads one request a line on its standard input, and ends all servers when that ends.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

AVAILABLE = sys.platform == "linux"
"""Elsewhere a process may have threads as soon as it has imported something, and must not be forked."""
ROOT = Path(__file__).parents[2]


class Forked:
    """A process, as asyncio shows those that it started itself. It belongs to no event loop."""

    def __init__(self) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self.started = threading.Event()

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


class Forkery:
    """The process that servers are forked from."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._numbers = count()
        self._asked: dict[int, Forked] = {}
        self._running: dict[int, Forked] = {}
        threading.Thread(target=self._listen, name="forked servers", daemon=True).start()
        atexit.register(self._close)

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], output: Path) -> Forked:
        """`uvicorn` with these arguments."""
        server, number = Forked(), next(self._numbers)
        self._asked[number] = server
        request = {"number": number, "arguments": arguments, "environment": dict(environment), "output": str(output)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        server.started.wait()
        return server

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "number" in told:
                server = self._running[told["pid"]] = self._asked.pop(told["number"])
                server.pid = told["pid"]
                server.started.set()
            else:
                self._running.pop(told["pid"]).returncode = told["status"]

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@cache
def forkery() -> Forkery:
    """This process's."""
    return Forkery()


def _serve(request: Mapping[str, Any]) -> None:
    """In the child: become the server."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environment"])
    output = os.open(request["output"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    import uvicorn.main

    sys.argv = ["uvicorn", *request["arguments"]]
    uvicorn.main.main(prog_name="uvicorn")


def _main() -> None:
    import uvicorn.main

    import main

    assert main.app
    assert uvicorn.main
    assert threading.active_count() == len(os.listdir("/proc/self/task")) == 1, "a process with threads is forked"
    said = os.dup(1)
    os.dup2(2, 1)
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, and they end the servers
    children: set[int] = set()
    rest = b""
    while True:
        readable, _, _ = select.select([0, woken], [], [])
        if woken in readable:
            os.read(woken, 4096)
            _tell_of_the_dead(children, said)
        if 0 not in readable:
            continue
        read = os.read(0, 1 << 16)
        if not read:
            break
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if (pid := os.fork()) == 0:
                _serve(request)
                sys.exit()
            children.add(pid)
            _say(said, number=request["number"], pid=pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)  # nothing is left to be done, and to take all modules down takes seconds


def _tell_of_the_dead(children: set[int], said: int) -> None:
    for pid in [*children]:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            _say(said, pid=pid, status=os.waitstatus_to_exitcode(status))


def _say(said: int, **facts: int) -> None:
    os.write(said, json.dumps(facts).encode() + b"\n")


if __name__ == "__main__":
    _main()
