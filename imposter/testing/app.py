"""The command: `python -m imposter.testing FILE`."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from imposter.contracts.errors import ImposterError
from imposter.logs import configure_logs
from imposter.runtime.providers.discovery import ProviderFile
from imposter.settings import load_settings
from imposter.testing.check import Outcome, Result
from imposter.testing.load import find_provider, read_config
from imposter.testing.report import headline, lines_of, summary
from imposter.testing.runner import check_provider, deadline_of
from imposter.testing.subject import PATIENCE

FAILED, MISUSED = 1, 2
"""Exit statuses."""
GRACE = 5.0
"""Seconds after which a deadline on the event loop was not kept."""


def main(
    file: Annotated[Path, typer.Argument(help="The provider, such as chat_providers/mine.py; it may lie anywhere.")],
    config: Annotated[
        str | None, typer.Option(metavar="JSON", help="Its provider_config: a JSON object, or a file that holds one.")
    ] = None,
    harness: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A test harness: has its platform talk, or its vendor fail.")
    ] = None,
    patience: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long a check waits for a fact.")
    ] = PATIENCE,
    verbose: Annotated[bool, typer.Option(help="Show the log, too.")] = False,
) -> None:
    """Check a chat provider or a model provider against the rules that the server relies on.

    Exit status 0 where all of them hold, 1 where one does not, 2 where nothing could be checked.
    """
    configure_logs("debug" if verbose else "critical", "console")
    if not verbose:
        threading.excepthook = lambda _: None  # a provider's own thread may end badly once the check is over
    try:
        found = find_provider(file)
        results = check_provider(found, load_settings(), config=read_config(config), harness=harness, patience=patience)
    except ImposterError as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(MISUSED) from None
    if asyncio.run(_show(found, results, deadline_of(patience) + GRACE)):
        raise typer.Exit(FAILED)


async def _show(file: ProviderFile, results: AsyncIterator[Result], deadline: float) -> bool:
    """Write each result as it comes, and whether one failed."""
    seen: list[Result] = []
    _write(headline(file))
    watchdog = _watch(deadline)
    async for result in results:
        watchdog.cancel()
        seen.append(result)
        _write(lines_of(result))
        watchdog = _watch(deadline)
    watchdog.cancel()
    _write(summary(seen))
    return any(result.outcome is Outcome.FAILS for result in seen)


def _watch(deadline: float) -> threading.Timer:
    """End the program where the event loop hangs: then no deadline on it holds."""
    timer = threading.Timer(deadline, _give_up)
    timer.daemon = True
    timer.start()
    return timer


def _give_up() -> None:
    what = "An async method holds up the event loop and does not come back."
    cure = "Await what takes time, or make the method a plain one: that runs in a thread of its own."
    _write(lines_of(Result("No method holds up the event loop.", Outcome.FAILS, what, cure)))
    os._exit(FAILED)


def _write(lines: list[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def run() -> None:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(main)
    app(prog_name="python -m imposter.testing")
