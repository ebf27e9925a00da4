"""A check of whether hosts can be reached by TCP. No data is sent."""

import socket
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

Address = tuple[str, int]
"""Host and port."""
WHATSAPP: Address = ("web.whatsapp.com", 443)
OPENAI: Address = ("api.openai.com", 443)


def address_of(url: str) -> Address | None:
    """Return the host and port of `url`; None if it is not an http address."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.scheme in ("http", "https") and parts.hostname else None


def unreachable(targets: Sequence[Address], seconds: float) -> dict[Address, str | None]:
    """Return for each target why it cannot be reached, or None if it can.

    All are tried at once, for `seconds` at most.
    """
    found: dict[Address, str | None] = dict.fromkeys(targets, "no answer in time")

    def attempt(target: Address) -> None:
        try:
            socket.create_connection(target, timeout=seconds).close()
            found[target] = None
        except OSError as error:
            found[target] = error.strerror or "no answer in time"

    # No thread pool: at its end it would wait for a name server that does not answer.
    threads = [threading.Thread(target=attempt, args=(target,), daemon=True) for target in found]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(found)
