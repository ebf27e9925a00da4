"""An httpx2 client for addresses that a bot's config chose: it connects only where the AddressGuard lets it.

A name is resolved once, checked, and the connection goes to the address that was checked, so that a name cannot turn
into another address in between. All that costs anything when a connection is opened, and nothing while it is kept.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore2
import httpx2

from imposter.contracts.url_guard import AddressGuard
from llm_providers._bounded_answer import ENCODINGS, bounded

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The IP addresses of a host (name or literal), for a port. Raises: OSError."""

LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
MOST_UNSENT = 64 * 1024
"""Bytes of a request that are kept until it is whole."""
MOST_ADDRESSES = 8
"""Tried for one name."""
NEXT_AFTER = 2.0
"""Seconds until an address that does not answer is left for the next one."""
PROXIED_FOR = 300.0
"""Seconds that a target's check holds when a proxy connects."""
LOOK_EVERY = 0.25
"""Seconds for which an idle connection that was found open is taken to be so."""
LOOK_UP = 2.0
"""Seconds for finding a target's address where only the proxy needs it."""

_SocketOptions = Iterable[Any] | None


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class GuardedClient(httpx2.AsyncClient):
    """Follows no redirect and keeps no cookie. Proxies of the environment are the operator's and are used as ever.

    Requests raise PrivateAddress and UnusableAnswer besides httpx2's own errors.
    """

    def __init__(self, guard: AddressGuard, *, resolve: Resolve = resolve) -> None:
        self._guard = guard
        self._resolve = resolve
        super().__init__(
            follow_redirects=False,
            limits=LIMITS,
            verify=httpx2.create_ssl_context(),
            headers={"Accept-Encoding": ENCODINGS},
            # What a server sets for one bot is nothing to tell it in another's request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def _init_transport(self, *_: Any, **options: Any) -> httpx2.AsyncBaseTransport:
        return _Direct(self._guard, self._resolve, options["verify"])

    def _init_proxy_transport(self, proxy: httpx2.Proxy, *_: Any, **options: Any) -> httpx2.AsyncBaseTransport:
        return _Proxied(self._guard, self._resolve, options["verify"], proxy)


class _Direct(httpx2.AsyncHTTPTransport):
    def __init__(self, guard: AddressGuard, resolve: Resolve, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=verify,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=_CheckedNetwork(guard, resolve),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return bounded(await super().handle_async_request(request))


class _CheckedNetwork(httpcore2.AsyncNetworkBackend):
    def __init__(self, guard: AddressGuard, resolve: Resolve) -> None:
        self._guard = guard
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        local_address: str | None = None,
        socket_options: _SocketOptions = None,
    ) -> httpcore2.AsyncNetworkStream:
        return _Stream(await self._connect(host, port, timeout, local_address, socket_options))

    async def _connect(
        self,
        host: str,
        port: int,
        timeout: float | None,  # noqa: ASYNC109 - as above
        local_address: str | None,
        socket_options: _SocketOptions,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = self._guard.checked(host, port, await self._resolve(host, port))[:MOST_ADDRESSES]
                for address in addresses[:-1]:
                    try:
                        return await self._network.connect_tcp(address, port, NEXT_AFTER, local_address, socket_options)
                    except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                        continue
                return await self._network.connect_tcp(addresses[-1], port, None, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error
        except OSError as error:
            raise httpcore2.ConnectError("the host's name cannot be resolved") from error


class _Stream(httpcore2.AsyncNetworkStream):
    """Sends a request in one piece, and asks the system less often whether an idle connection still stands.

    httpcore2 writes a request's head and body one after the other, and each write costs as much as the other: they are
    kept until it reads. The pool asks that of every idle connection at each request and once more at its end: with 30
    of them, a quarter of all that one call to a model costs (httpcore2 2.16). A connection that ends in between fails
    the request, which is tried again.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._now = asyncio.get_running_loop().time
        self._open_until = 0.0
        self._unsent = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as above
        if self._unsent:
            # As httpcore2 does it: a server that did not want all of it may have answered all the same.
            with suppress(httpcore2.WriteError):
                await self._send(timeout)
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as above
        self._unsent += buffer
        if len(self._unsent) > MOST_UNSENT:
            await self._send(timeout)

    async def _send(self, timeout: float | None) -> None:  # noqa: ASYNC109 - as above
        unsent, self._unsent = self._unsent, b""
        await self._stream.write(unsent, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> httpcore2.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return self._stream.get_extra_info(info)
        now = self._now()
        if now < self._open_until:
            return False
        ended = bool(self._stream.get_extra_info(info))
        if not ended:
            self._open_until = now + LOOK_EVERY
        return ended


class _Proxied(httpx2.AsyncHTTPTransport):
    """The proxy resolves and connects: what the target is can be judged by a literal address or by what its name is
    here, and a name that is known to the proxy alone is left to the proxy."""

    def __init__(self, guard: AddressGuard, resolve: Resolve, verify: ssl.SSLContext, proxy: httpx2.Proxy) -> None:
        super().__init__(verify=verify, limits=LIMITS, proxy=proxy)
        self._guard = guard
        self._resolve = resolve
        self._checked: dict[tuple[str, int], float] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.raw_host.decode("ascii")
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        now = asyncio.get_running_loop().time()
        if self._checked.get((host, port), 0.0) <= now:
            await self._check(host, port)
            if len(self._checked) >= LIMITS.max_connections:  # type: ignore[operator]
                self._checked.clear()
            self._checked[host, port] = now + PROXIED_FOR
        return bounded(await super().handle_async_request(request))

    async def _check(self, host: str, port: int) -> None:
        try:
            async with asyncio.timeout(LOOK_UP):
                addresses = await self._resolve(host, port)
        except OSError:
            return
        self._guard.checked(host, port, addresses)
