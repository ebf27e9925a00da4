"""Parsing of JSON bodies. JSON that two parsers could read differently is rejected."""

import codecs
import json
import math
import re
from collections import Counter
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from imposter.contracts.errors import InvalidConfig
from imposter.runtime.providers.config_validation import field_problems

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
Asked = TypeVar("Asked", bound=BaseModel)


def parse(body: bytes) -> JsonValue:
    """Return the value in `body`: UTF-8, with or without a byte order mark.

    Raises: ValueError (not JSON; NaN or a number beyond a double; an unpaired surrogate; more than 200 levels; a
    duplicate key). Its text is meant for the sender and repeats nothing of the body but a key.
    """
    text = body.removeprefix(codecs.BOM_UTF8)
    from_json(text, allow_inf_nan=False)  # limits the depth and rejects unpaired surrogates; `json` does neither
    value: JsonValue = json.loads(text, object_pairs_hook=_unique, parse_float=_finite)
    return value


async def read_json(request: Request) -> JsonValue:
    """Return the request's JSON. Raises: HTTPException (415: another content type; 400: not JSON)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, and say so: with the header Content-Type: application/json."
        )
    try:
        return parse(await request.body())
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"The body is not usable JSON: {error}.") from None


async def read_json_without_nul(request: Request) -> JsonValue:
    """Return the request's JSON like `read_json`, but also reject NUL, which PostgreSQL cannot store in a text."""
    body = await read_json(request)
    if _NUL.search(await request.body()):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is not usable JSON: a text holds the character NUL.")
    return body


async def read_json_if_any(request: Request) -> JsonValue:
    """Return the request's JSON like `read_json_without_nul`, or an empty object if there is no body."""
    return await read_json_without_nul(request) if await request.body() else {}


JsonBody = Annotated[JsonValue, Depends(read_json_without_nul)]
ItemsBody = Annotated[JsonValue, Depends(read_json)]
"""A body with several items, each of which is checked separately."""
OptionalJsonBody = Annotated[JsonValue, Depends(read_json_if_any)]


def checked(body: JsonValue, model: type[Asked]) -> Asked:
    """Validate `body` against `model`. Raises: InvalidConfig (it does not match)."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise InvalidConfig(*field_problems(error, model)) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {twice[:64]!a} stands twice in one object")
    return found


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value
