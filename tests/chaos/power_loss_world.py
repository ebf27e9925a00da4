"""A server with the world of `power_loss_outside.py` around it, and what that world heard."""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.acceptance.product import ROOT, Product
from tests.cluster.programs import copied
from tests.house import AT_ONCE, HASTE

WORDS = re.compile(r"word-[a-z]+-[a-z]+-[0-9]+")


def program(to: Path) -> Path:
    """A copy of this program that has this world as its providers `outside`."""
    copied(ROOT, to)
    for folder in ("chat_providers", "llm_providers"):
        shutil.copy(Path(__file__).with_name("power_loss_outside.py"), to / folder / "outside.py")
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
