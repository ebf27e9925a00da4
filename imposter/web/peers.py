"""Whose program is at the other end of a connection from this machine.

Linux tells it in /proc/net/tcp and /proc/net/tcp6: a line for each socket, with the user who made it. Only a line that
is connected and has an inode counts. A program that sends and closes at once leaves a line without an owner, and the
system writes 0 there, which is root's number.
"""

import asyncio
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Protocol

import structlog

log = structlog.get_logger()

Address = Sequence[str | int | None]
"""Of a socket, as a scope has it: the host and the port."""

ROOT = 0
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
MOST_BYTES = 8 * 1024 * 1024
"""Of a table; a line has 150 to 200. A connection that stands further down is not found, and so refused."""
REMEMBERED = 1000
"""Connections."""
_UID, _INODE = 7, 9
"""Columns. The first four are the number of the line, the socket's own address, its peer's, and its state."""


class PeerCheck(Protocol):
    async def are_ours(self, client: Address | None, server: Address | None) -> bool:
        """Whether the connection from `client` to `server` is the server's own user's, or root's."""


class PeersByTable:
    """Looks connections up in the system's tables, each once."""

    def __init__(self, user: int, read: Callable[[], bytes]) -> None:
        self._allowed = {user, ROOT}
        self._read = read
        self._known: OrderedDict[int, tuple[Address, bool]] = OrderedDict()
        """By the identity of the client's address, an object that uvicorn makes anew for each connection.

        The address itself would not do: a port that was given back may be another user's a moment later.
        """

    async def are_ours(self, client: Address | None, server: Address | None) -> bool:
        if client is None or server is None:
            return False
        known = self._known.get(id(client))
        if known is not None and known[0] is client:
            return known[1]
        found = await asyncio.to_thread(self._look_up, client, server)
        self._known[id(client)] = client, found
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    def _look_up(self, client: Address, server: Address) -> bool:
        """Looks twice: a socket that is closed while a line is written could be shown as root's, but only once."""
        try:
            return all(owner_in(self._read(), client, server) in self._allowed for _ in range(2))
        except OSError as error:
            log.error("without IMPOSTER_API_KEY nobody is served: the system does not tell whose a connection is",
                      cause=str(error))  # fmt: skip
            return False


class UncheckedPeers:
    """Takes every program of this machine for ours, where the system does not tell."""

    async def are_ours(self, client: Address | None, server: Address | None) -> bool:
        return True


def peers_of_this_system() -> PeerCheck:
    if sys.platform == "linux":
        return PeersByTable(os.geteuid(), read_tables)
    return UncheckedPeers()


def read_tables() -> bytes:
    """The tables of connections, each up to MOST_BYTES. Raises: OSError."""
    found = []
    for path in TABLES:
        if path != TABLES[0] and not path.exists():
            continue  # a machine without IPv6
        with path.open("rb") as file:
            found.append(file.read(MOST_BYTES))
    return b"\n".join(found)


def owner_in(tables: bytes, client: Address, server: Address) -> int | None:
    """The user whose connected socket leads from `client` to `server`; None where no line, or more than one, tells."""
    owners = set()
    for here, there in zip(_written(client), _written(server), strict=False):
        wanted = f": {here} {there} 01 ".encode()
        at = tables.find(wanted)
        while at >= 0:
            start, end = tables.rfind(b"\n", 0, at) + 1, tables.find(b"\n", at)
            columns = tables[start : end if end >= 0 else None].split()
            if len(columns) > _INODE and columns[_INODE] != b"0":
                owners.add(int(columns[_UID]))
            at = tables.find(wanted, at + 1)
    return owners.pop() if len(owners) == 1 else None


def _written(address: Address) -> list[str]:
    """An address as the tables may have it. One of IPv4 stands in the second table where its program speaks IPv6."""
    host, port = address[0], address[1]
    if not isinstance(host, str) or not isinstance(port, int):
        return []
    try:
        ip = ip_address(host)
    except ValueError:
        return []
    plain = ip.ipv4_mapped if isinstance(ip, IPv6Address) else ip
    if plain is None:
        return [f"{_hex(ip)}:{port:04X}"]
    return [f"{_hex(form)}:{port:04X}" for form in (plain, IPv6Address(f"::ffff:{plain}"))]


def _hex(ip: IPv4Address | IPv6Address) -> str:
    """In words of 32 bits, each in the machine's own order of bytes."""
    words = (ip.packed[at : at + 4] for at in range(0, len(ip.packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
