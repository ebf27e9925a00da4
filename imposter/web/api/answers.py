"""How the routes' answers are described in OpenAPI."""

from http import HTTPStatus
from typing import Any

from imposter.web.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]

_PROBLEM = {"$ref": "#/components/schemas/Problem"}

_REASONS = {
    HTTPStatus.BAD_REQUEST: "The address holds NUL; or the body is no JSON, or JSON that two readers could "
    "understand differently.",
    HTTPStatus.UNAUTHORIZED: "The server has a key and the request does not.",
    HTTPStatus.FORBIDDEN: "The server has no key, and the request is from no program of its own user on its machine.",
    HTTPStatus.NOT_FOUND: "No bot has this instance_id.",
    HTTPStatus.CONFLICT: "The bot or its platform cannot do that, or not now.",
    HTTPStatus.REQUEST_TIMEOUT: "The body did not come within 10 seconds.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 1 MiB.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is too long.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not declared as what is wanted, is compressed, or is not UTF-8.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What was sent cannot be used; `errors` says why, field by field.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "There are too many header fields.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed; its log says why.",
    HTTPStatus.BAD_GATEWAY: "The platform said no.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nothing was stored, or nothing could be read: the store does not answer.",
}

BODY = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""What can be wrong with a JSON body."""
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
    """Answers that are a problem; `reasons` (`NOT_FOUND="..."`) says what a status means at this route."""
    described = {status: _REASONS[status] for status in statuses}
    described |= {HTTPStatus[name]: reason for name, reason in reasons.items()}
    return {
        status.value: {"description": reason, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
        for status, reason in described.items()
    }


def takes_json(schema: dict[str, Any], *, required: bool = True, **examples: Any) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its body through `body.JsonBody`."""
    shown = {name: {"value": value} for name, value in examples.items()}
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": schema, "examples": shown}}}
    }
