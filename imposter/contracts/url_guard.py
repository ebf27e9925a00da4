"""Where this server may connect to when a bot's config chooses the address.

A base_url is somebody else's word. Behind a name may stand this machine, the network around it or a cloud's metadata
service, so what counts is the IP address that a name turned out to be, and the connection goes to that very address.
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
# iana-ipv6-special-registry), each Python as far as it knew them. What it lacks or lets through:
_GAPS_4 = tuple(
    IPv4Network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments (RFC 6890), 192.0.0.192 among them: Oracle's metadata
        "192.88.99.0/24",  # the old anycast of 6to4 relays (RFC 7526)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "168.63.129.16/32",  # Azure's own service for its machines: public by number, and nowhere else
    )
)
_UNICAST_6 = IPv6Network("2000::/3")
"""All of IPv6 that is ever given to the public (iana.org/assignments/ipv6-address-space)."""
_GAPS_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments (RFC 2928), Teredo among them: an IPv4 address in disguise
        "2002::/16",  # 6to4 (RFC 7526): the same
        "2001:db8::/32",  # documentation (RFC 3849)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 shows every IPv4 address (RFC 6052)."""

_EXAMPLE = "localhost,10.1.2.3:8080,[::1]:11434"
_ENTRY = re.compile(r"(.+?)(?::([0-9]{1,5}))?")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]++(-++[a-z0-9_]++)*+(\.[a-z0-9_]++(-++[a-z0-9_]++)*+)*+")
_HTTP_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host and port: what one key is for."""


class PrivateAddress(ImposterError):
    """The address is one of this machine or of a private network."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether this is an address that the whole internet means by it, and no metadata service."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _GAPS_4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _UNICAST_6 and address.is_global and not any(address in network for network in _GAPS_6)


def origin_of(url: str) -> Origin:
    """Raises: ValueError where `url` is no http or https address."""
    parts = urlsplit(url)
    if parts.scheme not in _HTTP_PORTS or not parts.hostname:
        raise ValueError("is no http:// or https:// address")
    return parts.scheme, _spelled(parts.hostname), parts.port or _HTTP_PORTS[parts.scheme]


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Which addresses may be connected to: public ones, and what the operator allows. One decision for all bots."""

    allowed: frozenset[tuple[str, int | None]] = frozenset()
    """Hosts as they stand in a URL, each with a port or, for any port, None."""

    @classmethod
    def read(cls, text: str) -> Self:
        """The operator's list: `localhost, 10.1.2.3, [::1]:11434, ollama.lan:11434`.

        Raises: ValueError, saying which entry is none.
        """
        allowed = set()
        for number, entry in enumerate(text.split(","), 1):
            try:
                allowed.add(_entry(entry.strip()))
            except ValueError:
                raise ValueError(f"entry {number} is no host or host:port; write it as in {_EXAMPLE}") from None
        return cls(frozenset(allowed))

    def allowing(self, url: str) -> Self:
        """This guard, with the host and port of a URL that the operator chose."""
        _, host, port = origin_of(url)
        return type(self)(self.allowed | {(host, port)})

    def checked(self, host: str, port: int, addresses: Iterable[str]) -> list[str]:
        """Those of `addresses`, to which `host` was resolved, that may be connected to.

        Raises: PrivateAddress, with a sentence for the owner, when none is left.
        """
        found = list(addresses)
        if self._allows(host, port):
            return found
        public = [address for address in found if is_public(ip_address(address))]
        if found and not public:
            raise PrivateAddress(f"{host} is {_private(host, port)}.")
        return public

    def refusal(self, url: str) -> str | None:
        """Why `url` can be refused before anything is resolved, as the end of a sentence; None where it cannot.

        Raises: ValueError where `url` is no http or https address.
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
    """The one spelling of a host; a number in one of the old forms, such as 127.1 or 0x7f000001, is its address."""
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
    """One entry of the operator's list. Raises: ValueError."""
    if isinstance(_literal(_spelled(text)), IPv6Address):
        return _spelled(text), None
    parts = _ENTRY.fullmatch(text)
    host, port = _spelled(parts[1]) if parts else "", int(parts[2]) if parts and parts[2] else None
    if (port is not None and not 0 < port < 65536) or (_literal(host) is None and not _NAME.fullmatch(host)):
        raise ValueError
    return host, port
