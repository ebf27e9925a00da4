"""The client of a running server's HTTP API. Every error is one sentence with its fix."""

from collections.abc import Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
from pydantic import TypeAdapter, ValidationError

from imposter.cli.labels import CommandError
from imposter.contracts.status import BotStatus
from imposter.settings import load_settings, server_address

PATIENCE = 45.0
"""Seconds: a server waits up to 30 for the node that runs the bot."""
Answer = TypeVar("Answer")


class Server:
    """The server at `address`. Every method raises CommandError."""

    def __init__(self, address: str, key: str | None, patience: float = PATIENCE) -> None:
        self.address = address
        self._has_key = key is not None
        # No redirect and no proxy: the key is for this address alone.
        self._http = httpx2.Client(
            timeout=patience,
            trust_env=False,
            follow_redirects=False,
            headers={} if key is None else {b"Authorization": b"Bearer " + key.encode()},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def text(self, path: str, **parameters: int) -> str:
        return self._ask("GET", path, params=parameters).text

    def get(self, path: str, answer: type[Answer], **parameters: int) -> Answer:
        return self._understood(self._ask("GET", path, params=parameters), answer)

    def post(self, path: str, answer: type[Answer], body: dict[str, Any] | None = None) -> Answer:
        return self._understood(self._ask("POST", path, json=body or {}), answer)

    def bots(self) -> list[BotStatus]:
        return self.get("/chatbot", list[BotStatus])

    def bot(self, instance_id: str) -> BotStatus:
        return self.get(f"/chatbot/{instance_id}/status", BotStatus)

    def find(self, name: str) -> BotStatus:
        """Return the bot with this user_id or instance_id, or the only one whose instance_id begins with `name`."""
        return named(name, self.bots())

    def _ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        try:
            answer = self._http.request(method, f"{self.address}{path}", **more)
        except httpx2.TimeoutException:
            raise CommandError(f"The server at {self.address} did not answer in time; its log may say why.") from None
        except (httpx2.TransportError, httpx2.InvalidURL, OSError):
            raise CommandError(
                f"No server answers at {self.address}: start one with script/server, or name the address of yours "
                "with --server or IMPOSTER_SERVER."
            ) from None
        except ValueError:  # lone surrogates, or a number that JSON does not have
            raise CommandError(
                "What was given cannot be sent: it holds characters or a number that JSON has not."
            ) from None
        if answer.is_success:
            return answer
        raise CommandError(self._refusal(answer))

    def _refusal(self, answer: httpx2.Response) -> str:
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            wrong = "does not take the key in IMPOSTER_API_KEY" if self._has_key else "wants a key"
            return f"The server at {self.address} {wrong}: set IMPOSTER_API_KEY as it is set for the server."
        try:
            problem = answer.json()
            fields = [f"{field['field']}: {field['message']}".removeprefix(": ") for field in problem["errors"]]
            return " ".join([str(problem["detail"]), *fields])
        except (ValueError, KeyError, TypeError):
            return f"{self._stranger()} (it answered {answer.status_code})."

    def _understood(self, answer: httpx2.Response, kind: type[Answer]) -> Answer:
        try:
            return TypeAdapter(kind).validate_json(answer.content)
        except ValidationError:
            raise CommandError(f"{self._stranger()}.") from None

    def _stranger(self) -> str:
        return (
            f"What answers at {self.address} is no My WhatsApp Imposter, or one of another version: name the address "
            "of yours with --server or IMPOSTER_SERVER"
        )


def connect(address: str | None) -> Server:
    """Return a client for the server, with the key in the settings. Raises: CommandError, InvalidConfig."""
    settings = load_settings()
    try:
        place = settings.server if address is None else server_address(address)
    except ValueError as error:
        raise CommandError(f"--server {error}") from None
    return Server(place, settings.api_key.get_secret_value() if settings.api_key else None)


def named(name: str, bots: Sequence[BotStatus]) -> BotStatus:
    """Return the bot with this name. Raises: CommandError (no bot or several bots have it)."""
    exact = [bot for bot in bots if name in (bot.user_id, bot.instance_id)]
    found = exact or [bot for bot in bots if name and bot.instance_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(bot.instance_id for bot in found)
        raise CommandError(f"Several bots are called {name}: {several}. Give more of the instance_id.")
    raise CommandError(f"No bot is called {name}: {_who(bots)}")


def only(bots: Sequence[BotStatus]) -> BotStatus:
    """Return the only bot. Raises: CommandError."""
    if len(bots) == 1:
        return bots[0]
    raise CommandError(f"Name the bot with --bot: {_who(bots)}")


def _who(bots: Sequence[BotStatus]) -> str:
    if not bots:
        return "the server has no bots yet."
    more = f" and {len(bots) - 10} more" if len(bots) > 10 else ""
    return f"there are {', '.join(bot.user_id for bot in bots[:10])}{more}."
