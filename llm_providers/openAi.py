"""OpenAI's chat completions, and every server with the same API (by `base_url`)."""

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import structlog
from pydantic import AfterValidator, Field, JsonValue, SecretStr, ValidationInfo, field_validator

from imposter.contracts.chat import Shared
from imposter.contracts.config import StrictModel
from imposter.contracts.errors import ModelError, ModelRefused, ModelUnavailable
from imposter.contracts.messages import Turn
from imposter.contracts.model import (
    Answer,
    Guidance,
    Judgement,
    ModelContext,
    NotTaken,
    Preset,
    Private,
    Prompt,
    fill_in,
)
from imposter.contracts.url_guard import AddressGuard
from llm_providers._breaker import open_breakers
from llm_providers._complaint import Complaint, complaint
from llm_providers._completion import model_names, outcome_of, read
from llm_providers._dialect import Dialect, ModelRequest
from llm_providers._owner_words import fit_for_owner
from llm_providers._presets import PRESETS, known
from llm_providers._quoted import (
    EXAMPLES,
    FREE,
    JUDGE,
    NOTES,
    OF_GROUPS,
    OF_PEOPLE,
    RULE,
    about,
    conversation,
    judged,
    noted,
)
from llm_providers._server_address import (
    NO_KEY,
    OWN_KEY,
    chosen,
    is_another_server,
    refusal,
    servers_headers,
    servers_url,
    web_address,
    with_the_servers_own,
)
from llm_providers._vendor_errors import Diagnosis, Remedy, found, too_late

if TYPE_CHECKING:
    import httpx2

    from llm_providers._endpoint import Endpoint
    from llm_providers._guarded_http import GuardedClient

log = structlog.get_logger()

FIRST_USE = 30.0
"""Seconds for loading the HTTP client, once, on a slow machine."""
MOST_REQUESTS = 8
"""Maximum number of requests for one answer. Each but the first is changed after an error that says how."""

LIST_DEADLINE = 15.0
"""Seconds for the list of a server's models."""

NO_LIST = "The model's server gives no list of its models (HTTP {status}): write the model's name yourself."
_NO_KEY_NEEDED = SecretStr("-")
"""Sent to services that need no key, because some reject a request without one."""
_OURS = frozenset({"messages", "stream", "n"})
_HEADER_TEXT = re.compile(r"[!-~]+")


def _header_text(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not _HEADER_TEXT.fullmatch(text):
        raise ValueError("must be the key alone: plain characters, no blanks")
    return key


class OpenAiProvider:
    """One bot's access to its model. All bots share one connection pool; each has its own key, address and settings."""

    class Config(StrictModel):
        """Settings that are not given are not sent, so the server's own defaults apply."""

        preset: Annotated[str, AfterValidator(known), Field(json_schema_extra={"enum": [*PRESETS]})] | None = Field(
            default=None,
            description="A service that is known: its base_url holds where none is given.",
            json_schema_extra={"x-address": True},
        )
        base_url: Annotated[str, AfterValidator(web_address)] | None = Field(
            default=None,
            validate_default=True,
            description="Default: the preset's, else OPENAI_BASE_URL of the server's environment, else OpenAI's own. A "
            "private address only where the server's operator allows it. Another server than the server's own wants "
            "its own api_key.",
        )
        api_key: Annotated[SecretStr, AfterValidator(_header_text)] | None = Field(
            default=None,
            validate_default=True,
            description="Default: OPENAI_API_KEY of the server's environment, for the server's own address alone; none "
            "where a preset needs none.",
        )
        api_version: str | None = Field(
            default=None,
            pattern=r"^[0-9A-Za-z.-]{1,40}$",
            description='For Azure alone, such as "2024-10-21"; base_url is that of the deployment.',
        )
        model: str = Field(min_length=1, max_length=256, description='The model\'s name, such as "gpt-4".')
        system: str | None = Field(
            default=None,
            description="The system prompt; {user_id} in it is filled in.",
            json_schema_extra={"format": "textarea"},
        )
        system_role: Literal["system", "developer", "user"] = Field(
            default="system",
            description="Of the instructions: `developer` for servers that want that, `user` for those that take none.",
        )
        temperature: float | None = Field(default=None, ge=0, le=2)
        top_p: float | None = Field(default=None, ge=0, le=1)
        frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
        presence_penalty: float | None = Field(default=None, ge=-2, le=2)
        max_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
        max_completion_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
        reasoning_effort: str | None = Field(default=None, min_length=1, max_length=32)
        stop: str | list[str] | None = None
        seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
        timeout: float = Field(default=60, ge=1, le=600, description="Seconds that one answer may take.")
        extra: dict[str, JsonValue] = Field(default_factory=dict, description="Further fields of the request's body.")

        @field_validator("base_url")
        @classmethod
        def _may_be_reached(cls, url: str | None, info: ValidationInfo) -> str | None:
            """Check the address as far as that needs no name resolution. A name is checked when it is connected to."""
            preset = PRESETS.get(info.data.get("preset") or "")
            if url is None and preset is not None and preset.is_pattern:
                raise ValueError(f"is required with the preset {preset.name}: {preset.base_url}")
            if info.context is not None and (url is not None or preset is not None):
                guard = with_the_servers_own(info.context["addresses"], info.context["secret"])
                if refused := refusal(url, preset, guard):
                    raise ValueError(refused)
            return url

        @field_validator("api_key")
        @classmethod
        def _is_there(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
            """Check for a key, in the config or, if the validation context can look it up, in the environment."""
            preset, secret = info.data.get("preset"), info.context and info.context["secret"]
            wants_none = preset is not None and not PRESETS[preset].needs_key
            if key is None and secret and not wants_none and info.data.keys() >= {"preset", "base_url"}:
                if is_another_server(chosen(info.data["base_url"], preset), secret):
                    raise ValueError(OWN_KEY)
                if not secret("OPENAI_API_KEY"):
                    raise ValueError(NO_KEY)
            return key

        @field_validator("extra")
        @classmethod
        def _is_extra(cls, extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
            taken = sorted(extra.keys() & (_OURS | cls.model_fields.keys()))
            if taken:
                raise ValueError(f"must not hold {', '.join(taken)}")
            return extra

        @property
        def url(self) -> str | None:
            """The address. None means the server's own."""
            return chosen(self.base_url, self.preset)

        @property
        def wants_no_key(self) -> bool:
            return self.preset is not None and not PRESETS[self.preset].needs_key

        @property
        def parameters(self) -> dict[str, JsonValue]:
            """The request's body without model and messages."""
            elsewhere = {
                "preset", "api_key", "base_url", "api_version", "model", "system", "system_role", "timeout", "extra"
            }  # fmt: skip
            return self.model_dump(exclude=elsewhere, exclude_none=True) | self.extra

    @classmethod
    def presets(cls) -> Sequence[Preset]:
        return tuple(PRESETS.values())

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        self._config = self.Config.model_validate(config)
        system = fill_in(self._config.system or "", user_id=user_id)
        self._opening = {"role": "system", "content": f"{system}\n\n{RULE}" if system else RULE}
        self._shared: Shared
        self._context_now: Callable[[], datetime] | None = None
        self._endpoint: Endpoint | None = None
        self._dialect = Dialect(self._config.parameters, self._config.system_role)
        self._untold: list[str] = []
        """Rejected settings of the owner's that the next answer reports."""
        self._bot = ""
        self.deadline = 2 * self._config.timeout + FIRST_USE
        """Maximum seconds for an answer: a failed one and its retry may each take the full timeout."""

    def attach(self, context: ModelContext) -> None:
        self._shared = context.shared
        self._context_now = context.now
        self._bot = context.instance_id

    def _now(self) -> datetime | None:
        return None if self._context_now is None else self._context_now()

    @property
    def address(self) -> str:
        return self._config.url or servers_url(self._shared.secret)

    @property
    def model(self) -> str:
        return self._config.model

    def private(self) -> Private:
        key = self._key()
        return Private((self._opening["content"], EXAMPLES, NOTES), (key.get_secret_value(),) if key else ())

    def not_taken(self) -> Sequence[NotTaken]:
        return self._dialect.not_taken

    async def reply(self, turns: Sequence[Turn]) -> Answer:
        return await self.reply_to(Prompt(turns))

    async def reply_to(self, prompt: Prompt) -> Answer:
        guidance = prompt.guidance or Guidance("")
        # the part that is the same for all chats comes first, for a vendor's prompt cache
        ours = [guidance.style, EXAMPLES if guidance.examples else ""]
        told = "\n\n".join(filter(None, [self._opening["content"], *ours, about(prompt.contact)]))
        talk = conversation(
            prompt.turns, guidance.examples, self._now(), contact=prompt.contact, summary=prompt.summary
        )
        return self._telling(
            await self._complete(
                [self._opening | {"content": told}, *talk], RULE, *filter(None, ours), *OF_PEOPLE, *OF_GROUPS
            )
        )

    async def summarise(self, turns: Sequence[Turn], before: str) -> Answer:
        opening = {"role": "system", "content": NOTES}
        return await self._complete([opening, {"role": "user", "content": noted(turns, before)}], NOTES)

    def _telling(self, answer: Answer) -> Answer:
        names, self._untold = self._untold, []
        notes = dict.fromkeys(note for name in names if (note := self._dialect.told(name)))
        return replace(answer, told=" ".join([*notes, answer.told or ""]).strip() or None)

    async def judge(self, turns: Sequence[Turn], answer: str) -> Judgement:
        opening = {"role": "system", "content": JUDGE}
        said = await self._complete([opening, {"role": "user", "content": judged(turns, answer)}], JUDGE)
        return Judgement(binds=said.text.strip(" .*\"'").upper() != FREE, spent=replace(said, text=""))

    async def models(self) -> Sequence[str]:
        endpoint = self._endpoint = self._endpoint or await self._connect()
        try:
            async with asyncio.timeout(min(LIST_DEADLINE, self._config.timeout)):
                listed = await endpoint.ask("/models")
        except TimeoutError:
            listed = None
        if listed is None:
            raise too_late()
        if listed.is_success:
            return model_names(read(listed.content, listed.headers))
        if listed.status_code in (404, 405, 501):
            raise ModelRefused(NO_LIST.format(status=listed.status_code))
        raise _status_failure(_complaint(listed), (), self._fit(endpoint, ())).error

    async def _complete(self, messages: list[dict[str, str]], *ours: str) -> Answer:
        """Request a completion. `ours` are the parts of the instructions that are not a secret from the owner."""
        endpoint = self._endpoint = self._endpoint or await self._connect()
        breakers = await self._shared.get("openai-breakers", open_breakers)
        question = ModelRequest(messages, self._dialect)
        told_it = [each["content"] for each in messages]
        for text in ours:
            told_it[0] = told_it[0].replace(text, " ")
        spent: Answer | None = None
        for _ in range(MOST_REQUESTS):
            with breakers.passing((endpoint.address, endpoint.key, self._config.model)):
                outcome = await self._put(endpoint, question.body, told_it)
                if isinstance(outcome, Answer):
                    return _together(spent, outcome)
                failure, used = outcome.error, outcome.error.spent
                failure.spent = spent = _together(spent, used) if used is not None else spent
                if isinstance(failure, ModelUnavailable):
                    raise failure
            if not question.otherwise(outcome, used.completion_tokens if used else None):
                if outcome.remedy is Remedy.MORE_ROOM:  # the owner can finish half a sentence
                    return replace(spent or Answer(""), text=outcome.partial, unsure=True, told=str(failure))
                break
            if outcome.remedy is Remedy.PARAMETER and self._dialect.told(outcome.parameter):
                self._untold.append(outcome.parameter)
                log.warning("a setting is not taken by the model's server", bot=self._bot, setting=outcome.parameter)
        # raised here, so that not even its `__context__` refers to the request and a contact's words
        raise failure

    async def _put(self, endpoint: "Endpoint", body: dict[str, Any], told_it: Sequence[str]) -> Answer | Diagnosis:
        try:
            async with asyncio.timeout(self._config.timeout):
                said = await endpoint.ask("/chat/completions", {"model": self._config.model, **body})
            if not said.is_success:
                return _status_failure(_complaint(said), body.keys() - _OURS, self._fit(endpoint, told_it))
            return outcome_of(read(said.content, said.headers), said.headers)
        except ModelError as error:
            return Diagnosis(error)
        except TimeoutError:
            return Diagnosis(too_late())

    def _fit(self, endpoint: "Endpoint", talk: Sequence[str]) -> Callable[[str], str]:
        return partial(fit_for_owner, talk=talk, secrets=[endpoint.key])

    async def _connect(self) -> "Endpoint":
        secret, own_url = self._shared.secret, self._config.url
        elsewhere = is_another_server(own_url, secret)
        key = self._key() or (_NO_KEY_NEEDED if self._config.wants_no_key else None)
        if key is None:
            raise ModelRefused(f"api_key {OWN_KEY if elsewhere else NO_KEY}.")
        http = await self._shared.get("openai-client", _open_client)
        from llm_providers._endpoint import Endpoint

        return Endpoint(
            http,
            self.address,
            key.get_secret_value(),
            timeout=self._config.timeout,
            api_version=self._config.api_version,
            # for the server's own address only, because they may contain a key
            more={} if elsewhere else servers_headers(secret),
        )

    def _key(self) -> SecretStr | None:
        secret = self._shared.secret
        elsewhere = is_another_server(self._config.url, secret)
        return self._config.api_key or (None if elsewhere else secret("OPENAI_API_KEY"))


async def _open_client(shared: Shared) -> "GuardedClient":
    """Open the connection pool of all bots."""
    guard = with_the_servers_own(shared.addresses, shared.secret)
    return await asyncio.to_thread(_load_client, guard)


def _load_client(guard: AddressGuard) -> "GuardedClient":
    """Load the client in a thread at first use.

    The import takes a tenth of a second, and so does reading the TLS authorities.
    """
    from llm_providers import _endpoint
    from llm_providers._guarded_http import GuardedClient

    _ = _endpoint
    return GuardedClient(guard)


def _complaint(response: "httpx2.Response") -> Complaint:
    return complaint(response.status_code, response.headers, response.content)


def _status_failure(error: Complaint, sent: Collection[str], fit: Callable[[str], str]) -> Diagnosis:
    if (finding := found(error, sent)) is not None:
        return finding
    sentence = f"The model's server refused the request (HTTP {error.status})"
    words = fit(error.said)
    return Diagnosis(ModelRefused(f"{sentence}: {words}" if words else f"{sentence}."))


def _together(first: Answer | None, then: Answer) -> Answer:
    """Return `then` with the tokens of both. A number that is unknown for one is unknown for both."""
    if first is None:
        return then

    def both(one: int | None, two: int | None) -> int | None:
        return None if one is None or two is None else one + two

    return replace(
        then,
        prompt_tokens=both(first.prompt_tokens, then.prompt_tokens),
        completion_tokens=both(first.completion_tokens, then.completion_tokens),
        cached_tokens=both(first.cached_tokens, then.cached_tokens),
    )
