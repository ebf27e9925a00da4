from collections.abc import Iterator

import pytest
import structlog

from imposter.logs import configure_logs


@pytest.fixture(autouse=True)
def _logs_as_in_the_server() -> Iterator[None]:
    configure_logs("debug", "json")
    yield
    structlog.reset_defaults()
