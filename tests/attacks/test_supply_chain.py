"""A package that harms whoever installs it."""

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.acceptance.product import ROOT

SIDECAR = ROOT / "chat_providers/whatsapp_baileys_server"
NETWORK = ROOT / "tests/fakes/whatsapp"


def harmful_package(place: Path, touched: Path) -> Path:
    """A package as npm would fetch it, whose installation touches a file."""
    harm = f"touch {touched}"
    package = {"name": "harmful", "version": "1.0.0", "scripts": {"preinstall": harm, "postinstall": harm}}
    content = json.dumps(package).encode()
    with tarfile.open(place / "harmful-1.0.0.tgz", "w:gz") as archive:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return place / "harmful-1.0.0.tgz"


def install(project: Path) -> None:
    """As README.md says, from another folder; no network is needed for a package that lies here."""
    subprocess.run(
        [ROOT / "script/npm", "install", "--prefix", project, "--offline"],
        check=True, capture_output=True, cwd=project.parent, timeout=50,
        env={"PATH": os.environ["PATH"], "HOME": str(project.parent)},
    )  # fmt: skip


@pytest.mark.parametrize("folder", [SIDECAR, NETWORK, None])
def test_an_installation_by_hand_runs_no_script_of_a_package(tmp_path: Path, folder: Path | None) -> None:
    """Without our `.npmrc` it would: that is tried, too."""
    touched, project = tmp_path / "touched", tmp_path / "project"
    project.mkdir()
    package = {"name": "project", "dependencies": {"harmful": f"file:{harmful_package(tmp_path, touched)}"}}
    (project / "package.json").write_text(json.dumps(package))
    if folder is not None:
        (project / ".npmrc").write_text((folder / ".npmrc").read_text())
    install(project)
    assert (project / "node_modules/harmful/package.json").exists()
    assert touched.exists() is (folder is None)
