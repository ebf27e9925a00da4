"""Logging with structlog to standard error. Our events and those of libraries use the same processors."""

import logging
import re
import sys
import traceback
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
_SECRET_NAME = re.compile(r"key|token|secret|password|authorization|credential|creds", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"\bsk-[\w\-]{4,}|(?<=bearer )\S+", re.IGNORECASE)

TALKATIVE = (
    "httpx2",
    "httpcore2",
    "sqlalchemy",
    "alembic",
    "uvicorn.access",
    "python_multipart",
    "markdown_it",
)
"""Loggers limited to WARNING.

At lower levels they log URLs with their queries (which may contain a contact's number), bodies and rows, or very
much: a line for each byte of a form, or for each rule at each line of an answer.
"""
FRAMES = 12
_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access")


def configure_logs(level: str, format: Literal["console", "json"]) -> None:
    """Set up logging for the whole process. The last call wins."""
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # as Python prints it: no local variables
        mask_secrets,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*chain, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_names: structlog.WriteLogger(_SINK),  # type: ignore[arg-type]  # writes and flushes
    )
    _adopt_standard_logging(threshold, chain, renderer)


def trace_of(error: BaseException) -> dict[str, object]:
    """Return the type and origin of `error`, without its text or its causes, which may contain secrets.

    `{"error": "ValueError", "trace": ["main.py:12 start", "dummy.py:40 send"]}`, the innermost last, 12 at most.
    """
    frames = deque(traceback.walk_tb(error.__traceback__), maxlen=FRAMES)
    places = [f"{PurePath(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}" for frame, line in frames]
    return {"error": type(error).__name__, "trace": places}


class _StandardError:
    """The stream that is `sys.stderr` at the moment.

    A line that cannot be written is lost: a full disk must not stop the program.
    """

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


_SINK = _StandardError()


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask values whose name suggests a secret, and texts that look like a model's key."""
    return {name: value if name.startswith("_") else _masked(value, name) for name, value in event.items()}


def _masked(value: Any, name: str = "") -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value  # counts such as `tokens=12` reveal nothing
    if _SECRET_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return _SECRET_TEXT.sub(MASK, value)
    if isinstance(value, Mapping):
        return {key: _masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    return _SECRET_TEXT.sub(MASK, str(value))


def _adopt_standard_logging(threshold: int, chain: list[Processor], renderer: Processor) -> None:
    handler = logging.StreamHandler(_SINK)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *chain],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
