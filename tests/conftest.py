"""What every kind of test may ask for: the server's way of logging, and a database of each kind."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from imposter.logs import configure_logs
from tests.databases import StoredDatabases
from tests.fakes.fixtures import anyio_backend as anyio_backend
from tests.fakes.fixtures import model as model
from tests.fakes.fixtures import network as network
from tests.fakes.fixtures import phone as phone
from tests.fakes.fixtures import shared_model as shared_model
from tests.fakes.fixtures import shared_servers as shared_servers
from tests.postgres import PostgresServer, drop_database, new_database

# How long an example takes says nothing on a machine that is busy with other things.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_shared = pytest.StashKey[PostgresServer]()


LONG = (
    *("tests/cluster/test_faults", "tests/cluster/", "tests/chaos/", "tests/attacks/", "tests/durability/"),
    *("tests/integration/test_openapi", "tests/pages/", "tests/acceptance/", "tests/integration/test_sidecar"),
)
"""How the names begin of tests that take long, those that take longest first."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first, so that in the end no process is left alone with one."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG)))


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


@pytest.fixture(scope="session")
def stored_databases(postgres_url: str) -> StoredDatabases:
    return StoredDatabases(postgres_url)


@pytest.fixture
def stored_database(stored_databases: StoredDatabases) -> Iterator[str]:
    """The URL of a database in PostgreSQL that has the Store's tables, and no rows."""
    url = stored_databases.take()
    yield url
    stored_databases.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of a database without rows, as the Store takes it: None is SQLite in its data folder.

    A test that asks for it runs on both.
    """
    return None if request.param == "sqlite" else str(request.getfixturevalue("stored_database"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest) -> str | None:
    """As `database`, without tables either."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_database"))


def _server_of(config: pytest.Config) -> PostgresServer:
    if (server := config.stash.get(_shared, None)) is None:
        server = config.stash[_shared] = PostgresServer()
        try:
            server.start()
        except (RuntimeError, OSError) as error:
            pytest.exit(f"No PostgreSQL for the tests: {error}", returncode=pytest.ExitCode.TESTS_FAILED)
    return server
