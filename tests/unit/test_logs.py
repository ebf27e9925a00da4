import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from imposter.logs import TALKATIVE, configure_logs

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


@pytest.mark.parametrize("library", ["httpx2", "httpcore2.http11", "openai._base_client", "sqlalchemy.engine.Engine"])
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


def test_the_console_shows_the_same_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "console")
    structlog.get_logger().info("reply sent", bot="b1", api_key="canary")
    logging.getLogger("uvicorn").warning("trouble")
    text = capsys.readouterr().err
    assert "reply sent" in text
    assert "bot=b1" in text
    assert "trouble" in text
    assert "canary" not in text
