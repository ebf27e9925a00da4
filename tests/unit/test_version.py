"""The version stands in one place, and what cannot read it there has the same."""

import json
import re
import tomllib
from pathlib import Path

from imposter import __version__

ROOT = Path(__file__).parents[2]
SIDECAR = ROOT / "chat_providers/whatsapp_baileys_server"


def numbers(version: str) -> tuple[int, ...]:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{version} is no version such as 1.2.3"
    return tuple(map(int, version.split(".")))


def test_it_is_a_semantic_version() -> None:
    assert numbers(__version__)


def test_the_project_reads_it() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert told["project"]["dynamic"] == ["version"]
    assert told["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "imposter.__version__"}


def test_the_sidecar_has_the_same() -> None:
    lock = json.loads((SIDECAR / "package-lock.json").read_text())
    assert json.loads((SIDECAR / "package.json").read_text())["version"] == __version__
    assert lock["version"] == lock["packages"][""]["version"] == __version__


def test_the_changelog_tells_of_no_later_one_and_has_the_newest_first() -> None:
    headings = re.findall(r"^## \[(.+?)\](.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    released = [numbers(name) for name, _ in headings[1:]]
    assert released == sorted(set(released), reverse=True)
    assert all(version <= numbers(__version__) for version in released)
    assert all(re.fullmatch(r" - \d{4}-\d\d-\d\d", date) for _, date in headings[1:])
