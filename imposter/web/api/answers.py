"""Responses of the routes, as OpenAPI describes them."""

from http import HTTPStatus
from typing import Any

from imposter.web.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]

_PROBLEM = {"$ref": "#/components/schemas/Problem"}

_REASONS = {
    HTTPStatus.BAD_REQUEST: "The URL contains NUL, or the body is not JSON, or is JSON that two parsers could read "
    "differently.",
    HTTPStatus.UNAUTHORIZED: "The server requires a key and the request has none, or a wrong one.",
    HTTPStatus.FORBIDDEN: "The server has no key and serves only programs of its own user on its machine.",
    HTTPStatus.NOT_FOUND: "No bot has this instance_id.",
    HTTPStatus.CONFLICT: "The bot or its platform cannot do this, or cannot do it now.",
    HTTPStatus.REQUEST_TIMEOUT: "The body did not arrive within 10 seconds.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 1 MiB.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The URL is too long.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body has an unexpected content type, is compressed or is not UTF-8.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request is not valid. `errors` gives the reason for each field.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The request has too many header fields.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed. Its log gives the reason.",
    HTTPStatus.BAD_GATEWAY: "The platform refused.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nothing was stored or read: the store does not respond.",
}

BODY = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""Errors of a JSON body."""
EVERYWHERE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)


def problems(*statuses: HTTPStatus, **reasons: str) -> Responses:
    """Return problem responses for `statuses`. `reasons` (`NOT_FOUND="..."`) describes a status for one route."""
    described = {status: _REASONS[status] for status in statuses}
    described |= {HTTPStatus[name]: reason for name, reason in reasons.items()}
    return {
        status.value: {"description": reason, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
        for status, reason in described.items()
    }


def takes_json(schema: dict[str, Any], *, required: bool = True, **examples: Any) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads its body through `body.JsonBody`."""
    shown = {name: {"value": value} for name, value in examples.items()}
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": schema, "examples": shown}}}
    }
