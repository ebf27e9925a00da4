"""Error responses, all in the format application/problem+json (RFC 9457)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from imposter.contracts.errors import (
    AwaySummaryNotFound,
    BotNotFound,
    ContactNotFound,
    DatabaseUnreachable,
    DeadLetterNotFound,
    DraftNotFound,
    EvaluationNotFound,
    FieldProblem,
    ImposterError,
    InvalidConfig,
    InvalidState,
    MessageNotFound,
    ModelError,
    NodeUnresponsive,
    NotConnected,
    NotSupported,
    Refused,
    StorageError,
)
from imposter.runtime.providers.config_validation import cure_of, unknown

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
UNUSABLE = "The request cannot be used."

STATUS_OF: Mapping[type[ImposterError], HTTPStatus] = {
    BotNotFound: HTTPStatus.NOT_FOUND,
    ContactNotFound: HTTPStatus.NOT_FOUND,
    DraftNotFound: HTTPStatus.NOT_FOUND,
    DeadLetterNotFound: HTTPStatus.NOT_FOUND,
    MessageNotFound: HTTPStatus.NOT_FOUND,
    AwaySummaryNotFound: HTTPStatus.NOT_FOUND,
    EvaluationNotFound: HTTPStatus.NOT_FOUND,
    InvalidConfig: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotSupported: HTTPStatus.CONFLICT,
    InvalidState: HTTPStatus.CONFLICT,
    NotConnected: HTTPStatus.CONFLICT,
    Refused: HTTPStatus.BAD_GATEWAY,
    ModelError: HTTPStatus.BAD_GATEWAY,
    NodeUnresponsive: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class ProblemDetail:
    """An error that is reported to the client."""

    status: int
    detail: str
    problems: tuple[FieldProblem, ...] = ()
    headers: Mapping[str, str] | None = None


class FieldError(BaseModel):
    """An error in one field of the request."""

    field: str = Field(
        description="Dotted path of the field, such as `queue_config.max_messages`; empty for the whole."
    )
    message: str = Field(description="What is wrong, and the cure.")

    @classmethod
    def of(cls, problem: FieldProblem) -> "FieldError":
        return cls(field=problem.field, message=problem.message)


class Problem(BaseModel):
    """An error response (RFC 9457)."""

    type: str = Field(default="about:blank", description="No types of our own: `status` and `detail` say it.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What is the matter and what to do.")
    errors: list[FieldError] = Field(default_factory=list, description="Field by field, where fields are wrong.")


def problem(
    status: int, detail: str, problems: Sequence[FieldProblem] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error response."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=[FieldError.of(found) for found in problems],
    )
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Make `app` respond to each error with a problem."""

    @app.exception_handler(ImposterError)
    async def ours(request: Request, error: ImposterError) -> JSONResponse:
        return _answer(error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == HTTPStatus.NOT_FOUND and error.detail == HTTPStatus.NOT_FOUND.phrase:
            return problem(error.status_code, "There is nothing at this address; see /docs for what there is.")
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(sorted(_methods_at(request)))
            return problem(error.status_code, f"Here one can {allowed} only.", headers={"Allow": allowed})
        return _answer(error)

    @app.exception_handler(RequestValidationError)
    async def parameters(request: Request, error: RequestValidationError) -> JSONResponse:
        return _answer(error, known=_asked_by(request))


def trouble_of(
    error: ImposterError | HTTPException | RequestValidationError, known: Collection[str] = ()
) -> ProblemDetail | None:
    """Return the error for the client, or None if it is a bug of the server. `known` are the parameters of the URL."""
    if isinstance(error, HTTPException):
        return ProblemDetail(error.status_code, error.detail, headers=error.headers)
    if isinstance(error, RequestValidationError):
        problems = tuple(_problem_of(found, known) for found in error.errors())
        return ProblemDetail(HTTPStatus.UNPROCESSABLE_ENTITY, UNUSABLE, problems)
    status = next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), None)
    if status is None:
        return None
    if isinstance(error, StorageError):  # a driver's text names hosts and paths
        if not isinstance(error, DatabaseUnreachable):
            log.error("store does not answer", cause=str(error))
        return ProblemDetail(status, "Nothing was stored, or nothing could be read; the server's log says why.")
    if isinstance(error, InvalidConfig) and error.problems:
        return ProblemDetail(status, UNUSABLE, error.problems)
    return ProblemDetail(status, str(error))


def _problem_of(found: Mapping[str, Any], known: Collection[str]) -> FieldProblem:
    _, *path = found["loc"]
    is_unknown = found["type"] == "extra_forbidden" and path
    message = unknown(str(path[-1]), known) if is_unknown else cure_of(found["type"], found["msg"])
    return FieldProblem(".".join(map(str, path)), message)


def _asked_by(request: Request) -> list[str]:
    """Return the names of the query parameters that the request's route accepts."""
    route = request.scope.get("route")
    asked = route.dependant.query_params if isinstance(route, APIRoute) else []
    models = [getattr(each.field_info.annotation, "model_fields", {}) for each in asked]
    return [field.alias or name for fields in models for name, field in fields.items()]


def _answer(error: ImposterError | HTTPException | RequestValidationError, known: Collection[str] = ()) -> JSONResponse:
    trouble = trouble_of(error, known)
    if trouble is None:
        raise error
    return problem(trouble.status, trouble.detail, trouble.problems, trouble.headers)


def _methods_at(request: Request) -> set[str]:
    """Return the methods that a URL accepts, over all routes.

    Starlette names only those of the first matching route.
    """
    path = request.scope["path"]
    fitting = (
        context.methods or set()
        for context in iter_route_contexts(request.app.routes)
        if context.path_regex is not None and context.path_regex.match(path)
    )
    return set().union(*fitting)
