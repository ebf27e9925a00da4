"""The address of a bot's model, and the addresses to which the server's own key may be sent."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from pydantic import SecretStr

from imposter.contracts.model import Preset
from imposter.contracts.url_guard import SETTING, AddressGuard, origin_of
from llm_providers._presets import PRESETS

OPENAI = "https://api.openai.com/v1"
NO_KEY = "is missing: set it here, or set OPENAI_API_KEY in the server's environment"
OWN_KEY = (
    "is missing: OPENAI_API_KEY goes to the server's own address alone; with another preset or base_url, give its key "
    "here, or any word if it wants none"
)
_PATH = "/chat/completions"
_URL_TEXT = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without the backslash."""

ReadSecret = Callable[[str], SecretStr | None]


def web_address(url: str) -> str:
    """Return `url` without the path of the endpoint.

    Raises: ValueError (not an address, or with parts that are not allowed).
    """
    try:
        origin_of(url)
        # two parsers may find different hosts in anything else
        usable = _URL_TEXT.fullmatch(url) is not None
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an http:// or https:// address of plain characters")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password; the key goes into api_key")
    if parts.query or parts.fragment:
        raise ValueError("must end before the ? or #; Azure's api-version goes into api_version")
    if "{" in (parts.hostname or ""):
        raise ValueError("still is a pattern: write your own name in place of the {...}")
    return without_path(url)


def without_path(url: str) -> str:
    """Return the address without the path that each request adds."""
    return url.rstrip("/").removesuffix(_PATH)


def chosen(base_url: str | None, preset: str | None) -> str | None:
    """Return the address in a config: its own, else its preset's. None means the server's."""
    return base_url or (PRESETS[preset].base_url if preset else None)


def servers_url(secret: ReadSecret) -> str:
    """Return the address for configs without one."""
    url = secret("OPENAI_BASE_URL")
    return without_path(url.get_secret_value()) if url else OPENAI


def servers_headers(secret: ReadSecret) -> dict[str, str]:
    """Return the headers for the server's own address, from the variables that OpenAI's own clients read."""
    named = {"OpenAI-Organization": secret("OPENAI_ORG_ID"), "OpenAI-Project": secret("OPENAI_PROJECT_ID")}
    custom = secret("OPENAI_CUSTOM_HEADERS")
    lines = custom.get_secret_value().splitlines() if custom else []
    pairs = [(name.strip(), text.strip()) for name, colon, text in (line.partition(":") for line in lines) if colon]
    return {name: text.get_secret_value() for name, text in named.items() if text} | dict(pairs)


def is_another_server(url: str | None, secret: ReadSecret) -> bool:
    """Return whether a bot's address is one for which the server's key is not meant."""
    try:
        return url is not None and origin_of(url) != origin_of(servers_url(secret))
    except ValueError:
        return True


def with_the_servers_own(guard: AddressGuard, secret: ReadSecret) -> AddressGuard:
    """Return a guard that also allows OPENAI_BASE_URL, which the operator sets like the list of allowed hosts."""
    url = secret("OPENAI_BASE_URL")
    try:
        return guard.allowing(url.get_secret_value()) if url else guard
    except ValueError:
        return guard


def refusal(base_url: str | None, preset: Preset | None, guard: AddressGuard) -> str | None:
    """Return why the address cannot be used, as the end of a sentence. Checks only what needs no name resolution."""
    if base_url is not None:
        return guard.refusal(base_url)
    if preset is None or (refused := guard.refusal(preset.base_url)) is None:
        return None
    _, host, port = origin_of(preset.base_url)
    return f"is {preset.base_url} by the preset {preset.name}, which {refused}, as in {SETTING}={host}:{port}"
