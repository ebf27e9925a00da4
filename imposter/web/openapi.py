"""The OpenAPI description of the API: FastAPI's, completed with our own parsing of bodies and our own errors."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from imposter.contracts.config import BotConfig
from imposter.web.api.answers import EVERYWHERE, problems
from imposter.web.api.exams import ExamRequest
from imposter.web.api.providers import ModelsRequest, ModelTestRequest
from imposter.web.api.schemas import DraftRequest, NotCreated, PairingRequest, PauseRequest, ResumeRequest, SayRequest
from imposter.web.problems import Problem

DESCRIPTION = """Runs chatbots that answer as their users, on the users' own messaging accounts.

Every error is answered as `application/problem+json` (RFC 9457). With `IMPOSTER_API_KEY` set, every route but
`/healthz` wants `Authorization: Bearer KEY`; without it, only programs of the server's own
user, and root's, on its own machine are served."""

TAGS = [
    {"name": "bots", "description": "One bot a user: created, changed, looked at, started, stopped, deleted."},
    {"name": "linking", "description": "Linking a bot to its owner's account."},
    {"name": "messages", "description": "What was said, and what became of it."},
    {"name": "backup", "description": "A copy of what the server keeps."},
    {"name": "providers", "description": "What bots can be made of."},
    {"name": "health", "description": "For whoever watches the server."},
]

_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` describe the whole API."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        known = app.openapi_schema
        schema = plain()
        if schema is not known:
            _complete(schema)
        return schema

    app.openapi = complete  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _complete(schema: dict[str, Any]) -> None:
    """Add the missing parts to `schema`, which FastAPI then caches."""
    components = schema.setdefault("components", {})
    taken = (
        *(BotConfig, DraftRequest, PairingRequest, PauseRequest, ResumeRequest),
        *(SayRequest, ExamRequest, ModelsRequest, ModelTestRequest, Problem, NotCreated),
    )
    _, ours = models_json_schema(
        [(model, "validation") for model in taken],
        ref_template="#/components/schemas/{model}",
    )
    components["schemas"] = components.get("schemas", {}) | ours["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "The server's IMPOSTER_API_KEY, where it has one."}
    }
    schema["security"] = [{"key": []}]
    for operations in schema["paths"].values():
        for operation in operations.values():
            _complete_answers(operation)


def _complete_answers(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]  # added by FastAPI for any route with a parameter; ours are described as problems
    for status, answer in problems(*EVERYWHERE).items():
        if operation.get("security") != [] or status not in _REFUSALS:
            answers.setdefault(str(status), answer)
