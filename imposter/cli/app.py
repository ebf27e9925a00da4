"""The commands. Each imports its modules only when it runs, so that the others start faster."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from imposter.cli.labels import plain
from imposter.contracts.errors import ImposterError

ROOT = Path(__file__).parents[2]
app = typer.Typer(
    help="My WhatsApp Imposter in the terminal.\n\nThe key of a server that has one is read from IMPOSTER_API_KEY.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(help="The user_id, or how the instance_id begins.")]
Address = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Where the server is: else IMPOSTER_SERVER, else this machine."),
]
Contact = Annotated[
    str | None, typer.Option(metavar="X", help="Any id or number of one person or group. Without it: all chats.")
]


def main() -> None:
    """Run the command line. Exit with status 1 for an error in one sentence, 2 for an unknown command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="python -m imposter")
    except ImposterError as error:
        sys.stderr.write(f"{plain(str(error))}\n")
        sys.exit(1)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="0.0.0.0 is all networks.")] = "127.0.0.1",
) -> None:
    """Start the server, like script/server but without installing anything."""
    os.chdir(ROOT)
    words = ["-m", "uvicorn", "main:app", "--host", host, "--port", str(port), "--timeout-graceful-shutdown", "2"]
    os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - our own program, and no shell


@app.command()
def bots(
    server: Address = None,
    json: Annotated[bool, typer.Option("--json", help="GET /chatbot as it is.")] = False,
) -> None:
    """List all bots and their status."""
    from imposter.cli import bots
    from imposter.cli.client import connect

    with connect(server) as found:
        (bots.show_json if json else bots.show)(found)


@app.command()
def link(
    name: Name,
    phone: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Ask for a code to type on this phone, not for a QR code.")
    ] = None,
    server: Address = None,
) -> None:
    """Link a bot: show its code until a phone has scanned it."""
    from imposter.cli import link
    from imposter.cli.client import connect

    with connect(server) as found:
        link.link(found, name, phone)


@app.command()
def pause(
    name: Name,
    contact: Contact = None,
    minutes: Annotated[float | None, typer.Option(help="Without it: until it is resumed.")] = None,
    server: Address = None,
) -> None:
    """Pause a bot, in one chat or in all."""
    from imposter.cli import bots
    from imposter.cli.client import connect

    with connect(server) as found:
        bots.pause(found, name, contact, minutes)


@app.command()
def resume(name: Name, contact: Contact = None, server: Address = None) -> None:
    """Resume a bot where it was paused.

    This ends your own pauses, and those for the safety of its account.
    """
    from imposter.cli import bots
    from imposter.cli.client import connect

    with connect(server) as found:
        bots.resume(found, name, contact)


@app.command()
def why(
    message: Annotated[int, typer.Argument(min=1, help="Its seq, as GET .../messages shows it.")],
    bot: Annotated[str | None, typer.Option(metavar="NAME", help="Not needed where there is only one.")] = None,
    server: Address = None,
) -> None:
    """Explain why a message was answered or not."""
    from imposter.cli import why
    from imposter.cli.client import connect

    with connect(server) as found:
        why.explain(found, message, bot)


@app.command()
def doctor(server: Address = None) -> None:
    """Check everything that a server needs, and say what to fix.

    Nothing is changed, and the server may be running or not. The exit status is 1 if a check fails.
    """
    os.chdir(ROOT)  # the folder from which a server resolves relative paths
    from imposter.cli.doctor import examine

    if not examine(ROOT, server):
        raise typer.Exit(1)
