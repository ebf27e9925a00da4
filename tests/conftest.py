"""What every kind of test may ask for: the server's way of logging, and a database of each kind."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from imposter.logs import configure_logs
from tests.postgres import PostgresServer, drop_database, new_database

# How long an example takes says nothing on a machine that is busy with other things.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_shared = pytest.StashKey[PostgresServer]()


@pytest.fixture(autouse=True)
def _logs_as_in_the_server() -> Iterator[None]:
    configure_logs("debug", "json")
    yield
    structlog.reset_defaults()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """One PostgreSQL for all workers of a run: their controller's, for it outlives them."""
    node.workerinput["postgres"] = _server_of(node.config).url


def pytest_unconfigure(config: pytest.Config) -> None:
    if (server := config.stash.get(_shared, None)) is not None:
        server.stop()


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> str:
    """The URL of the run's PostgreSQL, for `new_database` and `drop_database`. For a server to kill make your own."""
    given: dict[str, str] = getattr(pytestconfig, "workerinput", {})
    return given.get("postgres") or _server_of(pytestconfig).url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database in PostgreSQL."""
    url = new_database(postgres_url)
    yield url
    drop_database(postgres_url, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty database, as the Store takes it: None is SQLite in its data folder.

    A test that asks for it runs on both.
    """
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_database")
    return url


def _server_of(config: pytest.Config) -> PostgresServer:
    if (server := config.stash.get(_shared, None)) is None:
        server = config.stash[_shared] = PostgresServer()
        try:
            server.start()
        except (RuntimeError, OSError) as error:
            pytest.exit(f"No PostgreSQL for the tests: {error}", returncode=pytest.ExitCode.TESTS_FAILED)
    return server
