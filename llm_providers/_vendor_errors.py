"""The meaning of a model vendor's errors: one table for all vendors, with the owner's text and the remedy.

Texts are compared in lower case, by fragments. `…` in a fragment stands for any text.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from imposter.contracts.errors import ModelDeclined, ModelError, ModelRefused, ModelUnavailable
from llm_providers._complaint import Complaint


class Remedy(Enum):
    """A change to the request with which it can be retried at once."""

    PARAMETER = auto()
    """Without the setting that the server rejects, or with its other name."""
    SHORTER = auto()
    """With less of the conversation."""
    NO_SYSTEM = auto()
    """With the instructions in the first user message."""
    AGAIN = auto()
    """Without a change."""
    MORE_ROOM = auto()
    """With more tokens for the answer."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What failed, and the remedy to try before the owner is told."""

    error: ModelError
    remedy: Remedy | None = None
    parameter: str = ""
    fits: float = 1.0
    """Share of a too long request that the server has room for. 1 if it is not known."""
    partial: str = field(default="", repr=False)
    """The text of a truncated answer."""


NO_CREDIT = "The model's account has no credit left: add credit at its vendor."
BAD_KEY = "The model's server does not accept the API key: check api_key."
TOO_LONG = "The conversation is too long for this model: lower context_config."
REGION = "The model's vendor does not serve this region: use another vendor, or run the server elsewhere."
POLICY = "No host of this model fits the data policy of your account: change it in the vendor's privacy settings."
PLAN = (
    "One request is larger than the tokens a minute of this plan: lower context_config or max_tokens, or ask the "
    "vendor for a higher limit."
)
MEMORY = "The model does not fit into its server's memory: choose a smaller model, or a shorter context there."
NOT_PULLED = "This model is not on the server: pull it there (`ollama pull`), or correct `model`."
NO_MODEL = "The model's server does not know this model: correct `model`."
FILTERED = "The model declined: its vendor's content filter does not let these messages through."
NO_SYSTEM = "The model takes no system message, and no instructions in a user message: use another model."
TEMPLATE = "The model's chat template does not take this conversation: give the server another template."
WEB_PAGE = (
    "A web page stood in the way of the model's server (HTTP {status}), such as a bot check or a log-in: check "
    "base_url, and what stands between this server and that one."
)
ELSEWHERE = "The model's server sends elsewhere (HTTP {status}): put the final address into base_url."


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """A pattern that matches if the status is in `statuses` (empty: any) and a code or text fragment occurs."""

    sentence: str
    codes: Sequence[str] = ()
    words: Sequence[str] = ()
    statuses: Collection[int] = ()
    remedy: Remedy | None = None
    error: type[ModelError] = ModelRefused

    def fits(self, complaint: Complaint) -> bool:
        if self.statuses and complaint.status not in self.statuses:
            return False
        if not self.codes and not self.words:
            return True
        return not complaint.codes.isdisjoint(self.codes) or any(_says(complaint.text, each) for each in self.words)


TABLE: Sequence[ErrorPattern] = (
    # OpenAI's guide "Error codes" (403); Gemini's 400 FAILED_PRECONDITION ("Troubleshooting"); Anthropic's 403.
    ErrorPattern(
        REGION,
        codes=["unsupported_country_region_territory"],
        words=[
            "country, region, or territory not supported",
            "user location is not supported",
            "request not allowed",
        ],
    ),
    # OpenRouter, "Provider routing": no provider is left that agrees to the account's data policy.
    ErrorPattern(POLICY, words=["data policy", "zero data retention"], statuses=[400, 403, 404]),
    # OpenAI 429; DeepSeek and OpenRouter 402 ("Error codes"); Anthropic 400; Moonshot 429; xAI 403 and 429;
    # Alibaba's Model Studio 400 (Arrearage); Zhipu 429 (1113). Gemini also says "current quota" for a rate limit.
    ErrorPattern(NO_CREDIT, statuses=[402]),
    ErrorPattern(
        NO_CREDIT,
        codes=[
            "insufficient_quota",
            "exceeded_current_quota_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "arrearage",
            "1113",
        ],
        words=[
            "credit balance is too low",
            "insufficient balance",
            "insufficient credits",
            "doesn't have any credits",
            "used all available credits",
            "monthly spending limit",
            "key limit exceeded",
        ],
    ),
    # Gemini answers a bad key with 400 (API_KEY_INVALID in `details`), xAI with 400.
    ErrorPattern(BAD_KEY, statuses=[401]),
    ErrorPattern(
        BAD_KEY,
        codes=["api_key_invalid", "invalid_api_key"],
        words=["api key not valid", "incorrect api key", "invalid api key", "api key expired"],
        statuses=[400, 403],
    ),
    # Azure OpenAI's prompt filter; OpenAI's invalid_prompt; Alibaba, Zhipu (1301), DeepSeek, Moonshot; OpenRouter's
    # and xAI's 403.
    ErrorPattern(
        FILTERED,
        codes=[
            "content_filter",
            "responsibleaipolicyviolation",
            "content_policy_violation",
            "invalid_prompt",
            "data_inspection_failed",
            "datainspectionfailed",
            "1301",
        ],
        words=[
            "content management policy",
            "content exists risk",
            "violates usage guidelines",
            "requires moderation",
            "was flagged",
        ],
        statuses=[400, 403, 421, 422, 451],
        error=ModelDeclined,
    ),
    # Groq 413, OpenAI 429: "Request too large for ... on tokens per min (TPM): Limit 30000, Requested 40000".
    ErrorPattern(PLAN, words=["request too large…tokens per min"], statuses=[413, 429]),
    # Ollama 500 (llm/server.go); llama.cpp; vLLM and PyTorch.
    ErrorPattern(
        MEMORY,
        words=[
            "requires more system memory",
            "out of memory",
            "cudamalloc failed",
            "not enough memory",
            "insufficient memory",
        ],
    ),
    # Ollama 404: "model 'llama3' not found" (older: ", try pulling it first").
    ErrorPattern(NOT_PULLED, words=["try pulling", "model '…' not found", 'model "…" not found'], statuses=[404]),
    # OpenAI, vLLM and Groq 404; Mistral, DeepSeek and OpenRouter 400.
    ErrorPattern(
        NO_MODEL,
        codes=["model_not_found", "invalid_model", "model_not_available"],
        words=["invalid model", "model not exist", "not a valid model", "the model `…` does not exist"],
        statuses=[400, 403, 404, 422],
    ),
    # vLLM's and llama.cpp's templates (Gemma 2, Mistral 7B); OpenAI's o1-mini; Gemini's Gemma. Mistral's old template
    # treats a system message as a user that does not alternate.
    ErrorPattern(
        NO_SYSTEM,
        words=[
            "system role not supported",
            "system role is not supported",
            "developer instruction is not enabled",
            "does not support 'system'",
            "does not support 'developer'",
            "only user and assistant roles",
            "system message is not supported",
            "system messages are not supported",
            "system prompt is not supported",
            "conversation roles must alternate",
            "roles must alternate",
        ],
        statuses=[400, 422, 500],
        remedy=Remedy.NO_SYSTEM,
    ),
    # OpenAI, Groq, Azure; llama.cpp; vLLM and OpenRouter; Anthropic; Bedrock; Gemini; xAI; LM Studio; MiniMax;
    # Moonshot; Cohere; Hugging Face's TGI; Alibaba; Zhipu (1261). Any other 413.
    ErrorPattern(
        TOO_LONG,
        codes=["context_length_exceeded", "exceed_context_size_error", "string_above_max_length", "1261"],
        words=[
            "context length",
            "context size",
            "context window",
            "prompt is too long",
            "input is too long",
            "input token count",
            "maximum prompt length",
            "reduce the length of the messages",
            "exceeded model token limit",
            "too many tokens",
            "too many input tokens",
            "token limit exceeded",
            "too large for model",
            "`inputs` tokens + `max_new_tokens`",
            "range of input length",
            "prompt exceeds max length",
            "prompt token count…exceeds the limit",
            "must be at least 1, got -",
        ],
        statuses=[400, 404, 413, 422, 500],
        remedy=Remedy.SHORTER,
    ),
    ErrorPattern(TOO_LONG, statuses=[413], remedy=Remedy.SHORTER),
    # llama.cpp and vLLM: a template rejects the same conversation every time.
    ErrorPattern(TEMPLATE, words=["jinja exception", "templateerror", "chat template"], statuses=[400, 500]),
)
_BY_STATUS = {
    403: "The model's server does not allow this API key to use the model.",
    404: "The model's server does not know this model, or base_url is wrong.",
}
_TRY_AGAIN = frozenset({408, 409, 425, 429, 498})
"""498: Groq, "Flex tier capacity exceeded"."""
_BUSY = frozenset(
    {
        "rate_limit_exceeded",
        "rate_limit_error",
        "overloaded_error",
        "engine_overloaded_error",
        "resource_exhausted",
        "server_error",
        "internal_server_error",
        "unavailable",
    }
)
"""Codes and types that replace a missing status."""
_CHALLENGE = ("just a moment", "challenge-platform", "attention required")

_UNSUPPORTED = (
    "unsupported",
    "not supported",
    "does not support",
    "unrecognized",
    "unknown name",
    "unknown parameter",
    "unknown field",
    "extra inputs",
    "extra fields",
    "not permitted",
    "not allowed",
    "is too large",
    "cannot both be",
    "unexpected keyword",
    "valid range",
    "deprecated",
    "only the default",
)
"""OpenAI; Groq; xAI; OpenAI of 2023; Gemini; Mistral, Fireworks and vLLM (pydantic); Anthropic; DeepSeek."""
_TOKENS = re.compile(r"(?<!\d)\d{2,8}(?!\d)")
LEAST_SHARE = 0.02
"""A smaller share means that the two numbers are unrelated."""
LONGEST_TEXT = 2000
"""Maximum number of characters of an error in which numbers are searched."""
_KEPT = frozenset({"provider", "store", "safe_prompt", "safety_settings", "zdr", "data_collection", "moderation"})
"""Never dropped if a server rejects it, because it restricts the use of people's messages."""


def found(complaint: Complaint, sent: Iterable[str] = ()) -> Diagnosis | None:
    """Return the diagnosis of a complaint, or None if it is unknown. `sent` are the settings in the request."""
    status = complaint.status
    if complaint.is_page:
        if status >= 500 or status in _TRY_AGAIN:
            is_challenge = any(each in complaint.text for each in _CHALLENGE)
            return Diagnosis(ModelRefused(WEB_PAGE.format(status=status)) if is_challenge else _later(complaint))
        return Diagnosis(ModelRefused(WEB_PAGE.format(status=status)))
    if 300 <= status < 400:
        return Diagnosis(ModelRefused(ELSEWHERE.format(status=status)))
    if name := _unsupported(complaint, sent):
        sentence = f"The model's server does not take the setting `{name}`: take it out of the config."
        return Diagnosis(ModelRefused(sentence), Remedy.PARAMETER, name)
    for row in TABLE:
        if row.fits(complaint):
            return Diagnosis(row.error(row.sentence), row.remedy, fits=_fits(complaint.text))
    if status in _TRY_AGAIN or status >= 500 or (status < 400 and not complaint.codes.isdisjoint(_BUSY)):
        return Diagnosis(_later(complaint))
    return Diagnosis(ModelRefused(_BY_STATUS[status])) if status in _BY_STATUS else None


def too_late() -> ModelUnavailable:
    return ModelUnavailable("The model did not answer in time.", costly=True)


def _later(complaint: Complaint) -> ModelUnavailable:
    said = "is asked too much" if complaint.status == 429 else "has trouble"
    return ModelUnavailable(f"The model's server {said} (HTTP {complaint.status}).", retry_after=complaint.retry_after)


def _unsupported(complaint: Complaint, sent: Iterable[str]) -> str | None:
    """Return the setting that the server rejects."""
    if complaint.status not in (400, 422):
        return None
    sent = [name for name in sent if name not in _KEPT]
    if named := next((name for name in complaint.names if name in sent), None):
        return named
    if not any(each in complaint.text for each in _UNSUPPORTED):
        return None
    places = {name: place for name in sent if (place := complaint.mentions(name)) is not None}
    return min(places, key=lambda name: places[name], default=None)


def _fits(text: str) -> float:
    """Return the share of the request that fits, if the error names both numbers of tokens. Otherwise 1."""
    numbers = sorted({int(number) for number in _TOKENS.findall(text[:LONGEST_TEXT])})
    share = numbers[-2] / numbers[-1] if len(numbers) > 1 else 1.0
    return share if share >= LEAST_SHARE else 1.0


def _says(text: str, piece: str) -> bool:
    """Return whether the parts of `piece` occur in the text in order."""
    place = 0
    for part in piece.split("…"):
        at = text.find(part, place)
        if at < 0:
            return False
        place = at + len(part)
    return True
