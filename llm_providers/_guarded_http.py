"""An httpx2 client for addresses from a bot's config. It only connects where the AddressGuard allows it.

A name is resolved once and checked, and the connection goes to the checked address, so the name cannot resolve to a
different address in between. This costs time when a connection is opened, but not while it is reused.
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
"""Returns the IP addresses of a host (name or literal) for a port. Raises: OSError."""

LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
MOST_UNSENT = 64 * 1024
"""Bytes of a request that are buffered until it is complete."""
MOST_ADDRESSES = 8
"""Maximum number of addresses that are tried for one name."""
NEXT_AFTER = 2.0
"""Seconds after which the next address is tried."""
PROXIED_FOR = 300.0
"""Seconds for which a target's check is valid when a proxy connects."""
LOOK_EVERY = 0.25
"""Seconds for which an idle connection that was found open is assumed to be open."""
LOOK_UP = 2.0
"""Seconds to resolve a target's name if only the proxy needs its address."""

_SocketOptions = Iterable[Any] | None


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class GuardedClient(httpx2.AsyncClient):
    """An HTTP client that follows no redirects and keeps no cookies.

    It uses the proxies of the environment, which are the operator's. Requests raise PrivateAddress and UnusableAnswer
    in addition to httpx2's own errors.
    """

    def __init__(self, guard: AddressGuard, *, resolve: Resolve = resolve) -> None:
        self._guard = guard
        self._resolve = resolve
        super().__init__(
            follow_redirects=False,
            limits=LIMITS,
            verify=httpx2.create_ssl_context(),
            headers={"Accept-Encoding": ENCODINGS},
            # a cookie that a server sets for one bot must not be sent in another bot's request
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
    """Sends a request in one piece, and checks less often whether an idle connection is still open.

    httpcore2 writes a request's head and body separately, and each write costs the same, so both are buffered until it
    reads. The connection pool checks every idle connection at the start and the end of each request: with 30 of them,
    this is a quarter of the cost of a call to a model (httpcore2 2.16). If a connection closes in between, its request
    fails and is retried.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._now = asyncio.get_running_loop().time
        self._open_until = 0.0
        self._unsent = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as above
        if self._unsent:
            # like httpcore2: a server that rejected the rest may still have answered
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
    """A transport through a proxy, which resolves names and connects.

    The target is checked by its literal address or by the addresses of its name here. A name that only the proxy can
    resolve is left to the proxy.
    """

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
