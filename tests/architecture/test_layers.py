"""The house as docs/architecture.md draws it: each room imports only what stands before it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CONTRACTS = "imposter.contracts"
BEHAVIOUR = "imposter.behaviour"
VOICE = "imposter.voice"
PHONES = "imposter.phone_numbers"
BASE = ("imposter.clock", "imposter.logs", "imposter.open_files", "imposter.secrets", "imposter.settings")
ROOMS: dict[str, tuple[str, ...]] = {
    CONTRACTS: (),
    BEHAVIOUR: (CONTRACTS,),
    VOICE: (CONTRACTS,),
    PHONES: (),
    "imposter.clock": (CONTRACTS,),
    "imposter.logs": (CONTRACTS,),
    "imposter.open_files": (),
    "imposter.secrets": (CONTRACTS,),
    "imposter.settings": (CONTRACTS,),
    "imposter.storage": (CONTRACTS, BEHAVIOUR, *BASE),
    "imposter.runtime": (CONTRACTS, BEHAVIOUR, VOICE, PHONES, *BASE, "imposter.storage"),
    "imposter.cluster": (CONTRACTS, BEHAVIOUR, *BASE, "imposter.storage", "imposter.runtime"),
    "imposter.backup": (CONTRACTS, *BASE, "imposter.storage"),
    "queue_manager": (CONTRACTS, BEHAVIOUR, *BASE, "imposter.storage", "imposter.runtime"),
    "chat_providers": (CONTRACTS, PHONES, "queue_manager"),
    "llm_providers": (CONTRACTS,),
    "chatbot_manager": (CONTRACTS, BEHAVIOUR, *BASE, "imposter.storage", "imposter.runtime", "queue_manager"),
    "imposter.web": (CONTRACTS, BEHAVIOUR, PHONES, *BASE, "imposter.storage", "imposter.runtime", "imposter.cluster"),
    "imposter.cli": (CONTRACTS, PHONES, *BASE, "imposter.storage"),
    "imposter.__main__": ("imposter.cli",),
    "main": (
        CONTRACTS,
        BEHAVIOUR,
        *BASE,
        "imposter.storage",
        "imposter.runtime",
        "imposter.cluster",
        "imposter.web",
        "chatbot_manager",
    ),
}
OWNERS = {
    "sqlalchemy": {"imposter.storage"},
    "alembic": {"imposter.storage"},
    "sqlite3": {"imposter.storage"},
    "psycopg": {"imposter.storage"},
    "fastapi": {"imposter.web"},
    "starlette": {"imposter.web"},
    "segno": {"imposter.web", "imposter.cli"},
    "prometheus_client": {"imposter.web"},
    "jinja2": {"imposter.web"},
    "typer": {"imposter.cli"},
    "httpx2": {"llm_providers", "imposter.cli"},
    "httpcore2": {"llm_providers"},
    "cryptography": {"imposter.secrets"},
    "phonenumbers": {PHONES},
    "genai_prices": {"imposter.runtime"},
    "markdown_it": {"chat_providers"},
}
"""Who alone may import a foreign package."""


def sources() -> list[Path]:
    folders = ("imposter", "chat_providers", "llm_providers")
    return [*ROOT.glob("*.py"), *(path for name in folders for path in sorted((ROOT / name).rglob("*.py")))]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    return next((room for room in ROOMS if module == room or module.startswith(f"{room}.")), None)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


SOURCES = pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))


@SOURCES
def test_a_room_imports_only_what_stands_before_it(path: Path) -> None:
    room = room_of(module_of(path))
    if module_of(path) == "imposter":
        return
    assert room is not None, f"{path} stands in no room: give it one in ROOMS"
    for name in imports(path):
        other = room_of(name)
        assert other in (None, room, *ROOMS[room]), f"{path} imports {name}"


@SOURCES
def test_a_foreign_package_is_imported_in_its_own_room_alone(path: Path) -> None:
    room = room_of(module_of(path))
    for name in imports(path):
        owners = OWNERS.get(name.partition(".")[0])
        assert owners is None or room in owners, f"{path} imports {name}"


@SOURCES
def test_contracts_need_nothing_but_the_standard_library_and_pydantic(path: Path) -> None:
    if room_of(module_of(path)) != CONTRACTS:
        return
    for name in imports(path):
        top = name.partition(".")[0]
        assert top in sys.stdlib_module_names or top in ("pydantic", "pydantic_core", "imposter"), name


@SOURCES
def test_only_the_settings_read_the_environment(path: Path) -> None:
    if module_of(path) == "imposter.settings":
        return
    text = path.read_text()
    assert "os.environ" not in text
    assert "getenv" not in text


def test_chat_providers_do_not_import_each_other() -> None:
    for folder in ("chat_providers", "llm_providers"):
        for path in (ROOT / folder).glob("*.py"):
            for name in imports(path):
                if name.startswith(f"{folder}."):
                    assert name.split(".")[1].startswith("_"), f"{path} imports {name}"
