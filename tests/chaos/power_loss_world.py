"""A server with the world of `power_loss_outside.py` around it, and what that world heard."""

import compileall
import re
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import ROOT, Product
from tests.cluster.programs import copied
from tests.house import AT_ONCE, HASTE, until

WORDS = re.compile(r"word-[a-z]+-[a-z]+-[0-9]+")


def program(to: Path) -> Path:
    """A copy of this program that has this world as its providers `outside`."""
    copied(ROOT, to)
    for folder in ("chat_providers", "llm_providers"):
        shutil.copy(Path(__file__).with_name("power_loss_outside.py"), to / folder / "outside.py")
    compileall.compile_dir(to, quiet=1)
    return to


def bot(journal: Path, user: str, contacts: str, each: int, seconds: float = 0, **behaviour: Any) -> dict[str, Any]:
    """One that each of these contacts writes so many messages to."""
    talk = {"journal": str(journal), "contacts": contacts.split(), "each": each, "seconds": seconds}
    return {
        "user_id": user,
        "chat_provider_config": {"provider_name": "outside", "provider_config": talk},
        "llm_provider_config": {"provider_name": "outside", "provider_config": {}},
        "queue_config": {"max_messages": 1000, "max_characters": 100_000},
        "limits_config": HASTE,
        "behaviour_config": AT_ONCE | behaviour,
    }


def product_on(data: Path, folder: Path, program: Path, environment: Mapping[str, str]) -> Product:
    product = Product(folder, environment, program)
    product.data = data
    return product


def heard(journal: Path) -> list[list[str]]:
    """Each line in its words."""
    return [line.split() for line in journal.read_text().splitlines()]


def accepted(lines: Iterable[list[str]]) -> set[str]:
    return {line[1] for line in lines if line[0] == "took"}


def texts(lines: Iterable[list[str]]) -> dict[str, set[str]]:
    """What each word was answered with."""
    found = defaultdict(set)
    for line in lines:
        if line[0] == "sent":
            for word in WORDS.findall(" ".join(line[3:])):
                found[word].add(line[4])
    return found


def two_texts(lines: Iterable[list[str]]) -> dict[str, set[str]]:
    """The words that were answered in more than one."""
    return {word: answers for word, answers in texts(lines).items() if len(answers) > 1}


@dataclass
class World:
    folder: Path
    program: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.txt"

    @asynccontextmanager
    async def server(self) -> AsyncIterator[Product]:
        """One that is yet to be started."""
        product = product_on(self.data, self.folder, self.program, self.environment)
        try:
            yield product
        finally:
            await product.kill()
            await product.api.aclose()

    async def all_are_answered(self, words: int) -> None:
        """Returns when each of so many words has its answer."""
        await until(lambda: len(texts(heard(self.journal))) == words, "answers to all")
        assert len(accepted(heard(self.journal))) == words
        assert two_texts(heard(self.journal)) == {}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program(tmp_path_factory.mktemp("limits") / "program")


@pytest.fixture
def world(tmp_path: Path, built: Path) -> World:
    made = World(tmp_path, built)
    made.journal.touch()
    return made
