"""The parameters that a bot's server accepts, as far as its errors have shown, and requests that avoid the others."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from imposter.contracts.model import NotTaken
from llm_providers._quoted import EXAMPLES, SHOWN
from llm_providers._vendor_errors import Diagnosis, Remedy

Message = Mapping[str, Any]

LEAST_ROOM = 4096
"""Tokens for the retry of a truncated answer that had no limit of ours."""
MOST_ROOM = 10_000_000
SPARE = 0.8
"""Share of the available tokens that is filled, since the number of characters per token varies."""
NO_SYSTEM = (
    "The model takes no message of the role `system`: its instructions stand in front of the contact's first message, "
    "where models follow them less."
)
_OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


class Dialect:
    """The dialect of one bot's server while the bot runs."""

    def __init__(self, parameters: Mapping[str, Any], system_role: str = "system") -> None:
        """`system_role` is the instructions' role: `user` if the server only accepts them in the first message."""
        self.parameters = parameters
        self.system_role = system_role
        self.refuses_system = False
        """Whether the server has rejected the role `system`."""
        self._refused: dict[str, str | None] = {}
        """Settings that the server rejects, each with the other name to try, if there is one."""

    def spelled(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters with the names that the server accepts."""
        body: dict[str, Any] = {}
        for name, value in parameters.items():
            known = self._refused.get(name, name)
            if known is not None and known not in self._refused:
                body.setdefault(known, value)
        return body

    def refuse(self, name: str) -> None:
        """Record that the server rejects this setting."""
        if name in self._refused:
            return
        other = _OTHER_NAME.get(name)
        self._refused[name] = other if other not in self._refused else None

    @property
    def not_taken(self) -> list[NotTaken]:
        """Return the parts of the request's form and of the owner's settings that the server rejected."""
        found = [NotTaken("system", NO_SYSTEM)] if self.refuses_system else []
        for name, other in self._refused.items():
            if (told := self.told(name)) is not None:
                found.append(NotTaken(name, told, other if other not in self._refused else None))
        return found

    def told(self, name: str) -> str | None:
        """Return what the owner should know about a rejected setting. None if it is not one of their settings."""
        if name not in self.parameters:
            return None
        other = self._refused[name]
        if other in self._refused:
            other = None
        done = f"it is sent as `{other}`" if other else "it is left out"
        return f"The model's server does not take the setting `{name}`: {done}. Change llm_provider_config."


class ModelRequest:
    """A request to the model's server."""

    def __init__(self, messages: Sequence[Message], dialect: Dialect) -> None:
        self._messages = list(messages)
        self._dialect = dialect
        self._tried: set[Remedy] = set()
        self._parameters = dict(dialect.parameters)
        self.body = self._spelled()
        """The request's body, without the model."""

    def otherwise(self, finding: Diagnosis, used: int | None = None) -> bool:
        """Change the request as the remedy says. Return False if that was tried before or changes nothing.

        `used` is the number of tokens of a truncated answer.
        """
        remedy = finding.remedy
        if remedy is None or remedy in self._tried:
            return False
        match remedy:
            case Remedy.PARAMETER:
                self._dialect.refuse(finding.parameter)
            case Remedy.SHORTER:
                self._shorten(finding.fits)
            case Remedy.NO_SYSTEM:
                self._dialect.system_role = "user"
                self._dialect.refuses_system = True
            case Remedy.MORE_ROOM:
                self._make_room(used or 0)
        if remedy is not Remedy.PARAMETER:  # several parameters may be rejected, one after the other
            self._tried.add(remedy)
        # findings of another request since then also count as a change
        before, self.body = self.body, self._spelled()
        return remedy is Remedy.AGAIN or self.body != before

    def _spelled(self) -> dict[str, Any]:
        messages = _with_role(self._messages, self._dialect.system_role)
        return self._dialect.spelled(self._parameters) | {"messages": messages}

    def _shorten(self, fits: float) -> None:
        """Keep the newest half, or less if `fits`, the share of the whole that fits, is smaller."""
        opening = [each for each in self._messages[:1] if each["role"] == "system"]
        # A user's message has one quotation on each line. The examples are removed first.
        rest = [
            (each["role"], text)
            for each in self._messages[len(opening) :]
            for text in (each["content"].split("\n") if each["role"] == "user" else [each["content"]])
            if not (each["role"] == "user" and text.startswith(SHOWN))
        ]
        room = sum(len(each["content"]) for each in self._messages) * fits * SPARE
        room -= sum(len(each["content"]) for each in opening)
        kept = rest[(len(rest) + 1) // 2 :] if len(rest) > 1 else rest
        while len(kept) > 1 and fits < 1 and sum(len(text) for _, text in kept) > room:
            kept = kept[1:]
        while len(kept) > 1 and kept[0][0] == "assistant":
            kept = kept[1:]  # many servers require a user's message first
        opening = [{**each, "content": each["content"].replace(f"\n\n{EXAMPLES}", "")} for each in opening]
        runs = groupby(kept, key=lambda message: message[0])
        joined = [{"role": role, "content": "\n".join(text for _, text in run)} for role, run in runs]
        self._messages = [*opening, *joined]

    def _make_room(self, used: int) -> None:
        ours = [name for name in _OTHER_NAME if name in self._parameters]
        for name in ours:
            self._parameters[name] = min(2 * int(self._parameters[name]), MOST_ROOM)
        if not ours:
            self._parameters["max_tokens"] = min(max(2 * used, LEAST_ROOM), MOST_ROOM)


def _with_role(messages: list[Message], role: str) -> list[Message]:
    """Return the messages with the instructions in this role.

    `user` puts them before the text of the first user message.
    """
    if not messages or messages[0]["role"] != "system":
        return messages
    if role != "user":
        return [{**messages[0], "role": role}, *messages[1:]]
    told, rest = messages[0]["content"], messages[1:]
    if rest and rest[0]["role"] == "user":
        return [{**rest[0], "content": f"{told}\n\n{rest[0]['content']}"}, *rest[1:]]
    return [{"role": "user", "content": told}, *rest]
