"""Texts that make a pattern take for ever: every pattern of the package against texts made from its own parts."""

import ast
import asyncio
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

import pytest
import regex

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # it reads by Python's own old parser
    from regexploit.ast.sre import SreOpParser  # type: ignore[import-untyped]
    from regexploit.redos import find  # type: ignore[import-untyped]

import chat_providers
import imposter
import llm_providers
from tests.acceptance.product import running
from tests.attacks.readers import READERS
from tests.timeouts import FACT

ROOT = Path(__file__).parents[2]
PACKAGES = (imposter, chat_providers, llm_providers)
PROGRAMS = ("main", "chatbot_manager", "queue_manager")
HEARTS = "\u2764\ufe0f" * 23 + " ok"
COMPILED = (re.Pattern, regex.Pattern)


def modules() -> list[ModuleType]:
    names = [
        name
        for package in PACKAGES
        for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not name.endswith("__main__") and ".migrations.versions" not in name
    ]
    return [importlib.import_module(name) for name in (*names, *PROGRAMS)]


def inside(value: Any, depth: int = 4) -> Iterator[Any]:
    """The patterns that a module's attribute holds."""
    if isinstance(value, COMPILED):
        yield value
    elif isinstance(value, Mapping) and depth:
        for each in value.values():
            yield from inside(each, depth - 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth:
        for each in value:
            yield from inside(each, depth - 1)
    elif isinstance(value, type) and depth:
        yield from inside([each for name, each in vars(value).items() if not name.startswith("__")], depth - 1)


def patterns() -> dict[str, tuple[str, str, int]]:
    """By where it stands: library, source and flags."""
    found: dict[str, tuple[str, str, int]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ != module.__name__:
                continue
            for number, pattern in enumerate(inside(value)):
                library = "re" if isinstance(pattern, re.Pattern) else "regex"
                source = pattern.pattern
                source = source if isinstance(source, str) else source.decode("latin-1")
                found[f"{module.__name__}.{name}[{number}]"] = library, source, pattern.flags
    return {name: each for each, name in {each: name for name, each in found.items()}.items()}


PATTERNS = patterns()


def takes_too_long(library: str, source: str, flags: int = 0) -> str:
    """Where it does; empty where it does not."""
    return _run("pumps", said=json.dumps({"module": library, "source": source, "flags": flags}))


def _run(program: str, *arguments: str, said: str = "") -> str:
    """Where it was given up; empty where it came to its end."""
    ended = subprocess.run(
        [sys.executable, "-m", f"tests.attacks.{program}", *arguments],
        input=said, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = (ended.stdout.splitlines() or ["nothing"])[-1]
    return "" if last == "done" else f"{last} {ended.stderr[-300:]}"


@pytest.mark.parametrize("name", PATTERNS)
def test_no_text_makes_a_pattern_slow(name: str) -> None:
    assert not takes_too_long(*PATTERNS[name])


@pytest.mark.parametrize("name", READERS)
def test_no_text_makes_what_is_done_with_it_slow(name: str) -> None:
    assert not _run("readers", name)


@pytest.mark.parametrize(
    "source",
    [
        "(?:(?:\u2764\ufe0f?(?:\u200d\u2764)*)|\\s|[\ufe0f\u200d])+\\Z",  # doubles with each heart
        r"(a|aa)+$",
        r"\s+$",  # grows with the square
        r"^(\w+\s?)*$",
        r"(?:[^\n]*,){3}x",
    ],
)
def test_a_pattern_that_is_slow_is_found(source: str) -> None:
    assert takes_too_long("re", source)


def test_no_pattern_is_slow_by_its_form() -> None:
    """As a static checker reads it. It cannot read possessive repetition, which never goes back, nor `regex`'s own."""
    read = 0
    for name, (library, source, flags) in PATTERNS.items():
        try:
            sequence = SreOpParser().parse_sre(source, flags & ~re.UNICODE)
        except (AttributeError, re.error):
            assert library == "regex" or any(sign in source for sign in ("*+", "++", "?+", "}+", "(?>")), name
            continue
        slow = [found for found in find(sequence) if found.starriness > 2]
        assert not slow, f"{name}: {slow[0].sequence}"
        read += 1
    assert read > 150


def test_the_static_checker_finds_what_is_slow() -> None:
    for source in ("(a+)+$", r"\s*\s*\s*x"):
        assert any(found.starriness > 2 for found in find(SreOpParser().parse_sre(source, 0))), source


def test_patterns_are_where_they_are_found() -> None:
    """No function makes one of its own, which the walk over the modules would miss."""
    assert len(PATTERNS) > 80
    hidden = []
    for path in files():
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                hidden += [f"{path.relative_to(ROOT)}:{call.lineno}" for call in ast.walk(function) if makes_one(call)]
    assert not hidden


def files() -> list[Path]:
    folders = [path for package in PACKAGES for path in Path(package.__path__[0]).rglob("*.py")]
    return [path for path in folders if "node_modules" not in path.parts] + [ROOT / f"{name}.py" for name in PROGRAMS]


def makes_one(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("re", "regex")
        and node.func.attr != "escape"
    )


async def test_hearts_and_a_word_hold_nobody_up(tmp_path: Path) -> None:
    lines = [
        f"[01/05/2024, 10:{minute:02}:00] {'Mia' if minute % 2 else 'Tom'}: {HEARTS * (minute + 1)}"
        for minute in range(60)
    ]
    async with running(tmp_path) as product:
        [bot] = await product.put({
            "user_id": "tom",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {}},
            "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {"response_array": ["hi"]}},
        })  # fmt: skip
        async with asyncio.timeout(FACT):
            voice = f"/chatbot/{bot}/voice"
            imported = await product.api.post(
                f"{voice}/import", params={"contact": "mia", "owner": "Tom"}, content="\n".join(lines).encode()
            )
            assert imported.json()["answers"] == 30
            assert (await product.api.get(voice)).json()["messages"] == 30
            assert (await product.api.get("/healthz")).status_code == 200
