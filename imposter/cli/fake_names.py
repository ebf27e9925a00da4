"""Whether hosts can be reached from here, by TCP alone: nothing is said to them."""

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
    """Where `url` leads to; None where it is no http address."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.scheme in ("http", "https") and parts.hostname else None


def unreachable(targets: Sequence[Address], seconds: float) -> dict[Address, str | None]:
    """Why each cannot be reached; None for one that can. All are tried at once, and given up after `seconds`."""
    found: dict[Address, str | None] = dict.fromkeys(targets, "no answer in time")

    def attempt(target: Address) -> None:
        try:
            socket.create_connection(target, timeout=seconds).close()
            found[target] = None
        except OSError as error:
            found[target] = error.strerror or "no answer in time"

    # Not in a pool, which would wait at its end for a name server that does not answer.
    threads = [threading.Thread(target=attempt, args=(target,), daemon=True) for target in found]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(found)
