"""One event loop for all of these tests, and patience: a real model thinks on a processor that others use, too."""

import pytest

from tests.real_model.real_model import PYTHON

SECONDS = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not PYTHON.exists():
        pytest.exit("There is no real model here: script/test --real-model installs it.", returncode=1)
    for item in items:
        item.add_marker(pytest.mark.timeout(SECONDS))
