"""How many files and connections this process may have open at a time."""

import resource
from contextlib import suppress

import structlog

log = structlog.get_logger()

ENOUGH = 65_536
"""What is asked for where there is no bound at all."""
FEW = 4_096
"""Fewer are worth a line in the log: each answer that is being made takes one."""


def most_open_files() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def allow_open_files() -> None:
    """Raise the bound as far as the system lets this process; the log says where that is not far."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a bound below the one that it tells
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if (most := most_open_files()) < FEW:
        log.warning("few files and connections may be open at a time, and answers wait where there are none left: "
                    "raise LimitNOFILE in systemd's unit, `ulimit -n` in the shell, or the container's nofile",
                    most=most)  # fmt: skip
