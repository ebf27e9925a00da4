"""What script/release refuses, and that the same tag gives the same archive."""

import subprocess
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path, PurePosixPath
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n\n- It is there.\n\n## [1.2.2] - 2026-01-01\n"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("release_script", str(ROOT / "script/release"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], check=True, cwd=folder, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, script: ModuleType) -> Path:
    folder = tmp_path / "repository"
    for name in script.MUST_HAVE:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('__version__ = "1.2.3"\n' if name == script.VERSION_FILE else '{"version": "1.2.3"}')
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "All of it")
    git(folder, "tag", "v1.2.3")
    return folder


def reader(repository: Path) -> Callable[[str], str]:
    return lambda name: (repository / name).read_text()


def test_a_tag_names_a_version(script: ModuleType) -> None:
    assert script.version_of("v1.2.3") == "1.2.3"
    for tag in ("1.2.3", "v1.2", "v1.2.3-rc1", "main", "--help"):
        with pytest.raises(script.Wrong):
            script.version_of(tag)


def test_program_sidecar_and_changelog_must_have_the_tags_version(script: ModuleType, repository: Path) -> None:
    script.check_versions("1.2.3", reader(repository))
    wrong = {
        script.VERSION_FILE: '__version__ = "1.2.2"',
        script.SIDECAR_FILE: '{"version": "1.2.2"}',
        "CHANGELOG.md": CHANGELOG.replace("## [1.2.3] - 2026-01-31", ""),
    }
    for name, text in wrong.items():
        right = (repository / name).read_text()
        (repository / name).write_text(text)
        with pytest.raises(script.Wrong, match=name):
            script.check_versions("1.2.3", reader(repository))
        (repository / name).write_text(right)
    (repository / "CHANGELOG.md").write_text(CHANGELOG.replace(" - 2026-01-31", ""))
    with pytest.raises(script.Wrong, match="YYYY-MM-DD"):
        script.check_versions("1.2.3", reader(repository))


def test_the_same_tag_gives_the_same_archive_and_its_folder(
    script: ModuleType, repository: Path, tmp_path: Path
) -> None:
    archives = [script.build("v1.2.3", "1.2.3", repository, tmp_path / name) for name in ("one", "two")]
    assert archives[0].name == "my-whatsapp-imposter-1.2.3.tar.gz"
    assert archives[0].read_bytes() == archives[1].read_bytes()
    folder = script.unpack(archives[0], "1.2.3", tmp_path / "elsewhere")
    assert folder == tmp_path / "elsewhere/my-whatsapp-imposter-1.2.3"
    assert (folder / "CHANGELOG.md").read_text() == CHANGELOG


def test_an_archive_holds_nothing_private_and_nothing_that_was_installed(script: ModuleType) -> None:
    good = [PurePosixPath(name) for name in (*script.MUST_HAVE, "deploy/example.env", "docs/data.md")]
    script.check_files(good)
    for name in ("data/imposter.db", "secret.key", ".env", "a/.venv/x", "a/node_modules/x", "x/__pycache__/y.pyc"):
        with pytest.raises(script.Wrong, match="does not belong"):
            script.check_files([*good, PurePosixPath(name)])
    with pytest.raises(script.Wrong, match="LICENSE"):
        script.check_files([each for each in good if each.name != "LICENSE"])


def test_a_link_to_installed_packages_is_none_of_them(script: ModuleType) -> None:
    link = PurePosixPath("tests/fakes/whatsapp/node_modules")
    script.check_files([*map(PurePosixPath, script.MUST_HAVE), link], [link])


def test_this_repository_holds_what_a_release_must_have_and_nothing_else(script: ModuleType) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone but the archive of a release")
    told = subprocess.run(["git", "ls-files", "--stage"], check=True, cwd=ROOT, capture_output=True, text=True)
    rows = [line.split(maxsplit=3) for line in told.stdout.splitlines()]
    files = [PurePosixPath(row[3]) for row in rows]
    script.check_files(files, [file for file, row in zip(files, rows, strict=True) if row[0] == "120000"])
