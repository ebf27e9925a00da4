import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from errno import ENOSPC
from io import StringIO
from typing import Any

import pytest
import structlog

from imposter.logs import FRAMES, TALKATIVE, configure_logs, trace_of

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    configure_logs("info", "json")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_a_line_with_its_fields_and_the_time_in_utc(lines: Lines) -> None:
    structlog.get_logger().info("reply sent", bot="b1", count=3)
    [line] = lines()
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert line == {"event": "reply sent", "level": "info", "bot": "b1", "count": 3}


def test_events_below_the_level_are_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("quiet")
    logging.getLogger("uvicorn").debug("quiet")
    assert lines() == []


def test_libraries_write_the_same_kind_of_line(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("started on %s", "port 8000")
    [line] = lines()
    assert (line["event"], line["level"], line["logger"]) == ("started on port 8000", "info", "uvicorn.error")
    assert "timestamp" in line


def test_a_library_s_own_handlers_do_not_write_a_second_line(lines: Lines) -> None:
    logging.getLogger("uvicorn.access").addHandler(logging.StreamHandler())
    configure_logs("info", "json")
    logging.getLogger("uvicorn.error").info("GET /healthz")
    assert [line["event"] for line in lines()] == ["GET /healthz"]


@pytest.mark.parametrize("library", ["httpx2", "httpcore2.http11", "sqlalchemy.engine.Engine"])
def test_libraries_that_print_requests_only_warn(library: str, lines: Lines) -> None:
    configure_logs("debug", "json")
    logging.getLogger(library).debug("body")
    logging.getLogger(library).info("GET https://host/?key=1")
    logging.getLogger(library).warning("trouble")
    assert [line["event"] for line in lines()] == ["trouble"]


def test_secrets_are_masked_by_their_name_wherever_they_stand(lines: Lines) -> None:
    structlog.get_logger().info(
        "config",
        api_key="canary",
        Authorization="canary",
        token=b"canary",
        password=["canary"],
        nested={"creds": {"me": "canary"}, "list": [{"client_secret": "canary", "model": "gpt-4"}]},
        prompt_tokens=12,
    )
    [line] = lines()
    assert "canary" not in json.dumps(line)
    assert (line["prompt_tokens"], line["nested"]["list"][0]["model"]) == (12, "gpt-4")


def test_what_looks_like_a_key_is_masked_in_any_text(lines: Lines) -> None:
    structlog.get_logger().info("bad key sk-proj-canary_1", detail="Bearer canary", hosts=["sk-canary"])
    logging.getLogger("library").warning("refused %s", "sk-canary-2")
    assert "canary" not in json.dumps(lines())


def test_an_exception_shows_where_it_came_from_but_no_variables_and_no_keys(lines: Lines) -> None:
    def fail() -> None:
        words = "-".join(("a", "contact"))
        raise ValueError("key sk-canary-123 refused", len(words))

    for log in (structlog.get_logger(), logging.getLogger("library")):
        try:
            fail()
        except ValueError:
            log.exception("it failed")
    written = lines()
    assert len(written) == 2
    for line in written:
        assert "in fail" in line["exception"]
        assert "ValueError" in line["exception"]
        assert "canary" not in line["exception"]
        assert "a-contact" not in json.dumps(line)


class FullDisk(StringIO):
    """Standard error on a disk without room, which some files notice at once and some when they are flushed."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self._at = at

    def write(self, text: str) -> int:
        return self._fail("write") or super().write(text)

    def flush(self) -> None:
        self._fail("flush")

    def _fail(self, what: str) -> int:
        if what == self._at:
            raise OSError(ENOSPC, "No space left on device")
        return 0


@pytest.mark.parametrize("at", ["write", "flush"])
def test_a_log_that_cannot_be_written_does_not_stop_the_program(
    at: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr("sys.stderr", FullDisk(at))
        structlog.get_logger().error("lost")
        logging.getLogger("library").error("lost")
    structlog.get_logger().info("room again")
    logging.getLogger("library").info("room again")
    assert [line["event"] for line in lines()] == ["room again"] * 2


def test_where_an_error_came_from_can_be_told_without_its_words(lines: Lines) -> None:
    def inner() -> None:
        raise KeyError("canary")

    def outer() -> None:
        try:
            inner()
        except KeyError as error:
            raise ValueError("another canary") from error

    try:
        outer()
    except ValueError as error:
        error.add_note("canary in a note")
        structlog.get_logger().error("failed", **trace_of(error))
    [line] = lines()
    assert line["error"] == "ValueError"
    assert [place.rpartition(" ")[2] for place in line["trace"]] == [
        "test_where_an_error_came_from_can_be_told_without_its_words",
        "outer",
    ]
    assert all(re.fullmatch(r"test_logs\.py:\d+ \w+", place) for place in line["trace"])
    assert "canary" not in json.dumps(line)


def test_of_a_long_way_its_end_is_told() -> None:
    def dig(depth: int) -> None:
        if not depth:
            raise RecursionError
        dig(depth - 1)

    def bottom() -> None:
        dig(FRAMES * 3)

    with pytest.raises(RecursionError) as caught:
        bottom()
    trace = trace_of(caught.value)["trace"]
    assert isinstance(trace, list)
    assert len(trace) == FRAMES
    assert all(place.endswith(" dig") for place in trace)
    assert trace[-1] != trace[-2] == trace[0]


def test_an_error_that_was_never_raised_has_no_way() -> None:
    assert trace_of(ValueError("canary")) == {"error": "ValueError", "trace": []}


def test_the_console_shows_the_same_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "console")
    structlog.get_logger().info("reply sent", bot="b1", api_key="canary")
    logging.getLogger("uvicorn").warning("trouble")
    text = capsys.readouterr().err
    assert "reply sent" in text
    assert "bot=b1" in text
    assert "trouble" in text
    assert "canary" not in text
