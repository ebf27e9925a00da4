"""The house as docs/architecture.md draws it: each room imports only what stands before it."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CONTRACTS = "imposter.contracts"
PHONES = "imposter.phone_numbers"
CHAT_PROVIDERS = "chat_providers"
PURE = (CONTRACTS, "imposter.domain", "imposter.behaviour", "imposter.voice")
BASE = ("imposter.clock", "imposter.logs", "imposter.open_files", "imposter.secrets", "imposter.settings")
CORE = (*PURE, *BASE, PHONES, "imposter.storage", "imposter.runtime")
LAYERS: dict[str, tuple[str, ...]] = {
    CONTRACTS: (),
    "imposter.domain": (CONTRACTS,),
    "imposter.behaviour": (CONTRACTS,),
    "imposter.voice": (CONTRACTS,),
    PHONES: (),
    "imposter.clock": (CONTRACTS,),
    "imposter.logs": (CONTRACTS,),
    "imposter.open_files": (),
    "imposter.secrets": (CONTRACTS,),
    "imposter.settings": (CONTRACTS,),
    "imposter.storage": (CONTRACTS, "imposter.domain", "imposter.behaviour", *BASE),
    "imposter.runtime": (*PURE, PHONES, *BASE, "imposter.storage"),
    "imposter.cluster": CORE,
    "imposter.service": (*CORE, "imposter.cluster"),
    "imposter.backup": (CONTRACTS, *BASE, "imposter.storage"),
    "imposter.testing": (*CORE, "queue_manager"),
    "queue_manager": CORE,
    CHAT_PROVIDERS: (CONTRACTS, PHONES, "queue_manager"),
    "llm_providers": (CONTRACTS,),
    "chatbot_manager": (*CORE, "queue_manager"),
    "imposter.web": (*CORE, "imposter.cluster", "imposter.service"),
    "imposter.cli": (CONTRACTS, PHONES, *BASE, "imposter.storage"),
    "imposter.__main__": ("imposter.cli",),
    "main": (*CORE, "imposter.cluster", "imposter.service", "imposter.web", "chatbot_manager"),
}
"""What each room may import beside itself."""
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
    "typer": {"imposter.cli", "imposter.testing"},
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
    return [
        *ROOT.glob("*.py"),
        *(path for name in folders for path in sorted((ROOT / name).rglob("*.py")) if "node_modules" not in path.parts),
    ]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    return next((room for room in LAYERS if module == room or module.startswith(f"{room}.")), None)


def package_of(module: str) -> str:
    """The folder that a module is in; a module directly in a room stands for itself."""
    room = room_of(module)
    depth = len((room or module).split("."))
    return ".".join(module.split(".")[: depth + 1])


@cache
def imports(path: Path) -> tuple[str, ...]:
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
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
    assert room is not None, f"{path} stands in no room: give it one in LAYERS"
    for name in imports(path):
        other = room_of(name)
        assert other in (None, room, *LAYERS[room]), f"{path} imports {name}"


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


def test_no_modules_and_no_packages_import_each_other_in_a_circle() -> None:
    modules = {module_of(path): path for path in sources()}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for module, path in modules.items():
        for name in imports(path):
            target = name if name in modules else name.rpartition(".")[0]
            if target in modules and target != module:
                graph[module].add(target)
    packages: dict[str, set[str]] = {}
    for module, targets in graph.items():
        if modules[module].name != "__init__.py":
            others = {package_of(target) for target in targets} - {package_of(module)}
            packages.setdefault(package_of(module), set()).update(others)
    for nodes in (graph, packages):
        try:
            TopologicalSorter(nodes).prepare()
        except CycleError as error:
            pytest.fail(" imports ".join(error.args[1]))


@SOURCES
def test_policies_do_not_stand_on_the_store(path: Path) -> None:
    if module_of(path).startswith("imposter.runtime.policy"):
        assert not [name for name in imports(path) if name.startswith("imposter.storage")]


def test_no_class_name_stands_for_two_things() -> None:
    homes: dict[str, list[str]] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name != "Config":  # each provider's own, by contract
                homes.setdefault(node.name.lstrip("_"), []).append(module_of(path))
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_a_folder_holds_few_enough_modules_to_be_read_at_a_glance() -> None:
    for room in ("imposter/storage", "imposter/runtime", "imposter/cluster", "imposter/service"):
        for folder in [ROOT / room, *(path for path in (ROOT / room).rglob("*") if path.is_dir())]:
            if folder.name not in ("versions", "__pycache__"):
                assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 14, folder
