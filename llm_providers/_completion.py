"""Parsing of a chat completion of any server: the text, its cost, and whether it is complete."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic_core import from_json

from imposter.contracts.errors import ModelRefused, ModelUnavailable
from imposter.contracts.model import LONGEST_NAME, MOST_MODELS, Answer
from llm_providers._complaint import of_content
from llm_providers._vendor_errors import WEB_PAGE, Diagnosis, Remedy, found

NO_MODELS = "The model's server did not answer with a list of models: check base_url."
NO_COMPLETION = "The model's server did not answer with a chat completion: check base_url."
WITHHELD = "The model declined: its vendor's content filter withheld the answer."
DECLINED = "The model declined to answer this, by its own rules or its vendor's content filter."
SAID_NOTHING = "The model said nothing, though it was asked twice."
CUT = (
    "The model used up its tokens before it had finished, though it was asked again with more: allow it more "
    "(max_tokens, or its server's own limit), or have it answer briefly."
)
BROKE_OFF = "The model's server broke off the answer."

_CUT = frozenset({"length", "max_tokens", "model_length"})
"""OpenAI; servers that forward Anthropic's; Mistral."""
_BROKEN = frozenset({"error", "abort", "network_error", "insufficient_system_resource"})
"""OpenRouter, Mistral; SGLang; Zhipu; DeepSeek."""
_FILTERED = ("content_filter", "safety", "sensitive", "prohibited_content", "recitation", "blocklist")
"""OpenAI; Gemini, also after `content_filter: `; Zhipu."""
_WORDS = frozenset({"text", "output_text"})
"""Parts of a content that are for the contact. Thoughts, references and unknown parts are not."""


def read(body: bytes, headers: Mapping[str, str]) -> Any:
    """Return the response's JSON, with pydantic's limits on depth and numbers. Raises: ModelError."""
    try:
        return from_json(body)
    except ValueError:
        if body.lstrip()[:1] == b"<":
            raise ModelRefused(WEB_PAGE.format(status=200)) from None
        if "json" not in headers.get("content-type", "json"):
            raise ModelRefused(NO_COMPLETION) from None
        raise ModelUnavailable("The model's answer broke off or is garbled.", costly=True) from None


def outcome_of(completion: Any, headers: Mapping[str, str]) -> Answer | Diagnosis:
    """Return the answer, or the reason for which there is none.

    An error's `spent` has the tokens that were used anyway.
    """
    answer = Answer("", model=of(completion, "model"), **_billed(of(completion, "usage")))
    outcome = _said(completion, headers)
    if isinstance(outcome, str):
        return replace(answer, text=outcome)
    if isinstance(completion, dict) and completion.get("usage") is not None:
        outcome.error.spent = answer
    return outcome


def model_names(answer: Any) -> list[str]:
    """Return the names in a list of models, sorted. Raises: ModelRefused (it is not a list of models)."""
    rows = answer if isinstance(answer, list) else of(answer, "data")  # Together sends only the list
    if not isinstance(rows, list):
        raise ModelRefused(NO_MODELS)
    names = {of(row, "id") for row in rows[: 10 * MOST_MODELS] if isinstance(of(row, "id"), str)}
    usable = [name for name in names if 0 < len(name) <= LONGEST_NAME and name.isprintable()]
    return sorted(usable, key=str.casefold)[:MOST_MODELS]


def of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _said(completion: Any, headers: Mapping[str, str]) -> str | Diagnosis:
    choices = of(completion, "choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    for trouble in (of(completion, "error"), of(choice, "error")):
        if trouble:
            return _error(trouble, headers)
    message = of(choice, "message")
    text, refused = _words(of(message, "content")), of(message, "refusal")
    if not isinstance(message, dict) or text is None:
        return Diagnosis(ModelRefused(NO_COMPLETION))
    ended = str(of(choice, "finish_reason") or "").lower()
    if ended in _BROKEN:
        return Diagnosis(ModelUnavailable(BROKE_OFF))
    if ended.startswith(_FILTERED):
        return Diagnosis(ModelRefused(WITHHELD))
    if refused:
        return Diagnosis(ModelRefused(DECLINED))
    if ended in _CUT:
        return Diagnosis(ModelRefused(CUT), Remedy.MORE_ROOM, partial=text)
    return text or Diagnosis(ModelRefused(SAID_NOTHING), Remedy.AGAIN)


def _words(content: Any) -> str | None:
    """Return the text of a content, which may have several parts. None if it is not a content."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content.strip()
    if not isinstance(content, list):
        return None
    parts = [each if isinstance(each, str) else of(each, "text") for each in content if _is_said(each)]
    return "".join(part for part in parts if isinstance(part, str)).strip()


def _is_said(part: Any) -> bool:
    return isinstance(part, str) or (isinstance(part, dict) and str(part.get("type", "text")) in _WORDS)


def _error(trouble: Any, headers: Mapping[str, str]) -> Diagnosis:
    """Return the diagnosis of an error with status 200 (OpenRouter, LM Studio). It may contain its own status."""
    code = of(trouble, "code")
    is_status = isinstance(code, int) and 400 <= code < 600
    complaint = of_content(code if is_status else 200, headers, {"error": trouble})
    if (finding := found(complaint)) is not None:
        return finding
    return Diagnosis(ModelRefused(NO_COMPLETION))


def _billed(usage: Any) -> dict[str, Any]:
    """Return the tokens as they are billed. xAI and Gemini count a model's thoughts only in the total."""
    prompt, completion, total = (of(usage, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if all(type(each) is int for each in (prompt, completion, total)):
        completion = max(completion, total - prompt)
    cached = [
        of(of(usage, "prompt_tokens_details"), "cached_tokens"),
        of(usage, "prompt_cache_hit_tokens"),  # DeepSeek
        of(usage, "cached_tokens"),  # Moonshot
    ]
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "cached_tokens": next((each for each in cached if each is not None), None),
    }
