"""The limit on files and connections that this process may have open at once."""

import resource
from contextlib import suppress

import structlog

log = structlog.get_logger()

ENOUGH = 65_536
"""Requested if there is no limit at all."""
FEW = 4_096
"""A lower limit is logged as a warning: each answer in progress needs a file."""


def most_open_files() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def allow_open_files() -> None:
    """Raise the limit as far as the system allows, and log a warning if it is still low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a lower limit than the one it reports
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if (most := most_open_files()) < FEW:
        log.warning("few files and connections may be open at a time, and answers wait where there are none left: "
                    "raise LimitNOFILE in systemd's unit, `ulimit -n` in the shell, or the container's nofile",
                    most=most)  # fmt: skip
