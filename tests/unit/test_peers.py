"""Whose a connection is, by the system's tables: real connections, and lines as the system writes them."""

import os
import socket
import sys

import pytest

from imposter.web.peers import Address, PeersByTable, owner_in, read_tables

CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 8000)
LINE = "  12: {here}:C350 {there}:1F40 {state} 00000000:00000000 00:00000000 00000000  {uid}        0 {inode} 2 0 20\n"

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these tables")


def connections(number: int) -> list[Address]:
    """As many from one address, which a server tells apart by its objects."""
    return [[*CLIENT] for _ in range(number)]


def table(uid: int = 1000, state: str = "01", inode: int = 4711, here: str = "0100007F") -> bytes:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    return (head + LINE.format(here=here, there="0100007F", state=state, uid=uid, inode=inode)).encode()


@linux
@pytest.mark.parametrize(
    ("family", "listens", "calls"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET, "127.0.0.1", "127.1.2.3"),
        (socket.AF_INET6, "::1", "::1"),
        (socket.AF_INET6, "::", "::ffff:127.0.0.1"),
    ],
)
async def test_a_connection_of_our_own_is_found(family: socket.AddressFamily, listens: str, calls: str) -> None:
    with socket.create_server((listens, 0), family=family, dualstack_ipv6=listens == "::") as server:
        port = server.getsockname()[1]
        with socket.socket(family) as client:
            client.bind((calls, 0))
            client.connect(("::ffff:127.0.0.1" if listens == "::" else listens, port))
            accepted, peer = server.accept()
            with accepted:
                ends = peer[:2], accepted.getsockname()[:2]
                assert owner_in(read_tables(), *ends) == os.geteuid()
                assert owner_in(read_tables(), ends[1], ("127.0.0.1", 1)) is None
                assert await PeersByTable(os.geteuid(), read_tables).are_ours(*ends)


@pytest.mark.skipif(sys.byteorder != "little", reason="the lines are those of a little-endian machine")
@pytest.mark.parametrize(
    ("lines", "owner"),
    [
        (table(), 1000),
        (table(0), 0),
        (table(0, state="05", inode=0), None),
        (table(0, state="06", inode=0), None),
        (table(0, inode=0), None),
        (table(state="04"), None),
        (table(here="0200007F"), None),
        (table(1000) + table(1001), None),
        (table()[:120], None),
        (b"", None),
    ],
    ids=["ours", "root's", "closed", "over", "no inode", "ending", "another", "two", "cut off", "empty"],
)
def test_only_a_connected_socket_with_one_owner_counts(lines: bytes, owner: int | None) -> None:
    assert owner_in(lines, CLIENT, SERVER) == owner
    assert owner_in(lines, CLIENT, ("127.0.0.1", 8001)) is None


@pytest.mark.skipif(sys.byteorder != "little", reason="the lines are those of a little-endian machine")
async def test_another_user_is_refused_and_a_connection_is_looked_up_once() -> None:
    read = 0
    now = table(1001)

    def look() -> bytes:
        nonlocal read
        read += 1
        return now

    peers = PeersByTable(1000, look)
    theirs, ours, roots = connections(3)
    assert not await peers.are_ours(theirs, SERVER)
    now = table(1000)
    assert not await peers.are_ours(theirs, SERVER)
    assert await peers.are_ours(ours, SERVER)
    before, now = read, table(0)
    assert await peers.are_ours(ours, SERVER)
    assert read == before
    assert await peers.are_ours(roots, SERVER)


async def test_what_the_system_does_not_tell_is_refused() -> None:
    def fail() -> bytes:
        raise PermissionError("/proc/net/tcp")

    peers = PeersByTable(0, fail)
    assert not await peers.are_ours(CLIENT, SERVER)
    assert not await peers.are_ours(None, SERVER)
    assert not await peers.are_ours(CLIENT, None)
    assert not await PeersByTable(0, lambda: b"").are_ours(("no address", 1), ("/run/a.sock", None))
