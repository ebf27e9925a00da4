"""What `imposter bots` says below its table."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from imposter.cli.bots import show
from imposter.cli.client import Server

BOT = {"instance_id": "a1b2c3d4", "user_id": "anna", "status": "connected", "since": "2026-01-31T12:00:00Z"}


@contextmanager
def serving(bots: list[dict[str, Any]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 - the base class's name
            body = json.dumps(bots).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("unreadable", "told"),
    [
        (1, "anna: 1 message could not be read here; look at it on your phone."),
        (2000, "anna: 2,000 messages could not be read here; look at them on your phone."),
    ],
)
def test_what_could_not_be_read_is_counted_in_words(
    capsys: pytest.CaptureFixture[str], unreadable: int, told: str
) -> None:
    with serving([BOT | {"unreadable": unreadable}]) as address, Server(address, None) as server:
        show(server)
    assert capsys.readouterr().out.splitlines()[-1] == told
