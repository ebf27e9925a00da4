"""What the machine tells: its facts, and the memory and CPU of processes, from Linux' /proc (proc(5))."""

import os
import platform
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.fakes.whatsapp_network import NODE

_TICKS = os.sysconf("SC_CLK_TCK")
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """MB. `pss` counts a page that several processes share once in all."""

    rss: float
    pss: float


def facts() -> dict[str, object]:
    """For the reader of a result: where and with what it was made."""
    cpu = _field(Path("/proc/cpuinfo"), "model name")
    memory = int(_field(Path("/proc/meminfo"), "MemTotal").split()[0]) * 1024
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1024**3, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "node": subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout.strip(),
        "load": os.getloadavg(),
    }


def memory(*pids: int) -> Memory:
    """The sum over these processes."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup") for pid in pids]
    rss, pss = (sum(int(_field(path, name).split()[0]) for path in rollups) * 1024 / _MB for name in ("Rss", "Pss"))
    return Memory(rss, pss)


def cpu_seconds(pid: int) -> float:
    """What this process has used so far in all its threads, in user and system time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def children(pid: int) -> list[int]:
    """The processes that this one started; whatever thread it was."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def family(pid: int) -> list[int]:
    """This process and all below it."""
    return [pid, *(each for child in children(pid) for each in family(child))]


class Busy:
    """How many cores others used meanwhile."""

    others = 0.0


@contextmanager
def watching_others() -> Iterator[Busy]:
    """What runs inside must have ended all its processes when it leaves: only ended children are known to be ours."""
    busy = Busy()
    began, everybody, ours = monotonic(), _everybodys_cpu(), _our_cpu()
    yield busy
    used = (_everybodys_cpu() - everybody) - (_our_cpu() - ours)
    busy.others = max(0.0, used / (monotonic() - began))


def _everybodys_cpu() -> float:
    user, nice, system, _idle, _iowait, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
    return (user + nice + system + irq + softirq) / _TICKS


def _our_cpu() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _field(path: Path, name: str) -> str:
    lines = path.read_text().splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(name))
