"""A product to attack: the real server in its own process, on the fake WhatsApp network, with a model of the test's."""

import pytest

from tests.acceptance.conftest import environment as environment
from tests.acceptance.conftest import model as model
from tests.acceptance.conftest import outside as outside
from tests.acceptance.conftest import product as product
from tests.fakes.fixtures import anyio_backend as anyio_backend
from tests.fakes.fixtures import network as network
from tests.fakes.fixtures import phone as phone


@pytest.fixture
def place() -> dict[str, str]:
    """What tells a server its database: one attack on SQLite is enough, as the Store's tests run on both."""
    return {}
