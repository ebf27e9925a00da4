"""A guard on the addresses that this server connects to when a bot's config chooses them.

A base_url is untrusted. Its host name may point to this machine, its local network or a cloud's metadata service. The
guard therefore checks the resolved IP address, and the connection is made to exactly that address.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Self
from urllib.parse import urlsplit

from imposter.contracts.errors import ImposterError

SETTING = "IMPOSTER_ALLOW_PRIVATE_URLS"

# `is_global` follows IANA's special-purpose registries (iana.org/assignments/iana-ipv4-special-registry and
# iana-ipv6-special-registry), as known to the Python version in use. These networks are missing or wrongly allowed:
_GAPS_4 = tuple(
    IPv4Network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments (RFC 6890), including 192.0.0.192, Oracle's metadata service
        "192.88.99.0/24",  # the deprecated anycast of 6to4 relays (RFC 7526)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "168.63.129.16/32",  # Azure's service for its virtual machines: a public address that is only reachable there
    )
)
_UNICAST_6 = IPv6Network("2000::/3")
"""The IPv6 space that is assigned to the public (iana.org/assignments/ipv6-address-space)."""
_GAPS_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments (RFC 2928), including Teredo, which embeds an IPv4 address
        "2002::/16",  # 6to4 (RFC 7526), which embeds an IPv4 address
        "2001:db8::/32",  # documentation (RFC 3849)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""The prefix under which a network without IPv4 maps all IPv4 addresses (RFC 6052)."""

_EXAMPLE = "localhost,10.1.2.3:8080,[::1]:11434"
_ENTRY = re.compile(r"(.+?)(?::([0-9]{1,5}))?")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]++(-++[a-z0-9_]++)*+(\.[a-z0-9_]++(-++[a-z0-9_]++)*+)*+")
_HTTP_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host and port. An API key belongs to one origin."""


class PrivateAddress(ImposterError):
    """The address is one of this machine or of a private network."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether the address is public on the internet and no metadata service."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _GAPS_4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _UNICAST_6 and address.is_global and not any(address in network for network in _GAPS_6)


def origin_of(url: str) -> Origin:
    """Return the origin of `url`. Raises: ValueError (no http or https address)."""
    parts = urlsplit(url)
    if parts.scheme not in _HTTP_PORTS or not parts.hostname:
        raise ValueError("is no http:// or https:// address")
    return parts.scheme, _spelled(parts.hostname), parts.port or _HTTP_PORTS[parts.scheme]


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """The addresses that may be connected to: public ones, and those that the operator allows for all bots."""

    allowed: frozenset[tuple[str, int | None]] = frozenset()
    """Hosts as written in a URL, each with a port, or None for any port."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse the operator's list, such as `localhost, 10.1.2.3, [::1]:11434, ollama.lan:11434`.

        Raises: ValueError (an entry is invalid; the text names it).
        """
        allowed = set()
        for number, entry in enumerate(text.split(","), 1):
            try:
                allowed.add(_entry(entry.strip()))
            except ValueError:
                raise ValueError(f"entry {number} is no host or host:port; write it as in {_EXAMPLE}") from None
        return cls(frozenset(allowed))

    def allowing(self, url: str) -> Self:
        """Return a copy of this guard that also allows the host and port of a URL that the operator chose."""
        _, host, port = origin_of(url)
        return type(self)(self.allowed | {(host, port)})

    def checked(self, host: str, port: int, addresses: Iterable[str]) -> list[str]:
        """Return the addresses of `host`, out of the resolved `addresses`, that may be connected to.

        Raises: PrivateAddress (none is left; the text is for the owner).
        """
        found = list(addresses)
        if self._allows(host, port):
            return found
        public = [address for address in found if is_public(ip_address(address))]
        if found and not public:
            raise PrivateAddress(f"{host} is {_private(host, port)}.")
        return public

    def refusal(self, url: str) -> str | None:
        """Return why `url` is refused before its host is resolved, as the end of a sentence; None if it is not.

        Raises: ValueError (no http or https address).
        """
        _, host, port = origin_of(url)
        literal = _literal(host)
        private = not is_public(literal) if literal else host == "localhost" or host.endswith(".localhost")
        return f"is {_private(host, port)}" if private and not self._allows(host, port) else None

    def _allows(self, host: str, port: int) -> bool:
        name = _spelled(host)
        return (name, None) in self.allowed or (name, port) in self.allowed


def _private(host: str, port: int) -> str:
    name = _spelled(host)
    shown = f"[{name}]" if ":" in name else name
    return (
        "an address of this machine or of a private network; if that is meant, "
        f"the server's operator adds {shown}:{port} to {SETTING}"
    )


def _spelled(host: str) -> str:
    """Return the canonical form of a host. Old numeric forms, such as 127.1 or 0x7f000001, become their address."""
    name = host.lower().removesuffix(".")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    literal = _literal(name)
    return str(literal) if literal else name


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host[:1].isdigit() else None
    except (OSError, ValueError):
        return None


def _entry(text: str) -> tuple[str, int | None]:
    """Parse one entry of the operator's list. Raises: ValueError (not a host or host:port)."""
    if isinstance(_literal(_spelled(text)), IPv6Address):
        return _spelled(text), None
    parts = _ENTRY.fullmatch(text)
    host, port = _spelled(parts[1]) if parts else "", int(parts[2]) if parts and parts[2] else None
    if (port is not None and not 0 < port < 65536) or (_literal(host) is None and not _NAME.fullmatch(host)):
        raise ValueError
    return host, port
