"""A product to attack: the real server in its own process, on the fake WhatsApp network, with a model of the test's."""

import pytest

from tests.acceptance.conftest import database as database
from tests.acceptance.conftest import environment as environment
from tests.acceptance.conftest import outside as outside
from tests.acceptance.conftest import own_product as own_product
from tests.acceptance.conftest import place as place
from tests.acceptance.conftest import product as product


@pytest.fixture
def backend() -> str:
    """One attack on SQLite is enough, as the Store's tests run on both."""
    return "sqlite"
