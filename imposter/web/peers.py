"""The owner of a connection from this machine.

Linux lists all sockets in /proc/net/tcp and /proc/net/tcp6, one per line, with the user who created each. Only a line
in the connected state with an inode counts. A program that sends and closes at once leaves a line without an owner,
where Linux writes the user id 0, which is root's.
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
"""Host and port of a socket, as in an ASGI scope."""

ROOT = 0
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
MOST_BYTES = 8 * 1024 * 1024
"""Bytes that are read of a table, whose lines have 150 to 200.

A connection further down is not found and so refused.
"""
REMEMBERED = 1000
"""Maximum number of connections that are remembered."""
_UID, _INODE = 7, 9
"""Columns of a table. The first four are the line number, the local address, the remote address and the state."""


class PeerCheck(Protocol):
    async def are_ours(self, client: Address | None, server: Address | None) -> bool:
        """Return whether the connection from `client` to `server` belongs to the server's own user or to root."""


class PeersByTable:
    """Looks connections up in the system's tables, once each."""

    def __init__(self, user: int, read: Callable[[], bytes]) -> None:
        self._allowed = {user, ROOT}
        self._read = read
        self._known: OrderedDict[int, tuple[Address, bool]] = OrderedDict()
        """Results by the identity of the client's address, an object that uvicorn creates for each connection.

        The address itself cannot be the key: a port that was released may belong to another user a moment later.
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
        """Look the owner up twice.

        A socket that is closed while its line is written could be shown as root's, but only once.
        """
        try:
            return all(owner_in(self._read(), client, server) in self._allowed for _ in range(2))
        except OSError as error:
            log.error("without IMPOSTER_API_KEY nobody is served: the system does not tell whose a connection is",
                      cause=str(error))  # fmt: skip
            return False


class UncheckedPeers:
    """Accepts every program on this machine, for systems that do not report the owner of a connection."""

    async def are_ours(self, client: Address | None, server: Address | None) -> bool:
        return True


def peers_of_this_system() -> PeerCheck:
    if sys.platform == "linux":
        return PeersByTable(os.geteuid(), read_tables)
    return UncheckedPeers()


def read_tables() -> bytes:
    """Return the connection tables, each up to MOST_BYTES. Raises: OSError."""
    found = []
    for path in TABLES:
        if path != TABLES[0] and not path.exists():
            continue  # a machine without IPv6
        with path.open("rb") as file:
            found.append(file.read(MOST_BYTES))
    return b"\n".join(found)


def owner_in(tables: bytes, client: Address, server: Address) -> int | None:
    """Return the user of the connected socket from `client` to `server`. None if no line, or more than one, matches."""
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
    """Return the forms of an address in the tables. An IPv4 address is in the second table if its program uses IPv6."""
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
    """Format an address as 32-bit words in the machine's own byte order."""
    words = (ip.packed[at : at + 4] for at in range(0, len(ip.packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
