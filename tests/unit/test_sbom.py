"""What script/sbom and script/audit tell of what the server is made of."""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("sbom")  # what they look at is made once for all of them

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "imposter/web/pages/static"
LOCK = ROOT / "chat_providers/whatsapp_baileys_server/package-lock.json"


@pytest.fixture(scope="module")
def text() -> str:
    return subprocess.run([ROOT / "script/sbom"], check=True, cwd=ROOT, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def components(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["components"]
    return found


def test_it_is_what_cyclonedx_asks_for(text: str) -> None:
    # Not above: whoever only collects the tests would wait for it.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_it_holds_every_locked_package_and_no_tool_of_the_tests(components: list[dict[str, Any]]) -> None:
    listed = {(each["purl"].split("/")[0], each["name"], each["version"]) for each in components}
    python = re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    node = {
        (path.rpartition("node_modules/")[2], about["version"])
        for path, about in json.loads(LOCK.read_text())["packages"].items()
        if path and not about.get("dev")
    }
    vendored = set(re.findall(r"^\| `\S+` \| (\S+) \| (\S+) \|", (STATIC / "README.md").read_text(), re.MULTILINE))
    assert len(python) > 40
    assert len(node) > 80
    assert len(vendored) == 3
    assert listed == {("pkg:pypi", *each) for each in python} | {("pkg:npm", *each) for each in node | vendored}


def test_it_holds_every_file_of_others_with_its_hash(components: list[dict[str, Any]]) -> None:
    files = [each for each in components if each["type"] == "file"]
    assert len(files) == 4
    for each in files:
        content = (ROOT / each["bom-ref"]).read_bytes()
        assert each["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]


def test_an_audit_that_could_not_ask_does_not_say_that_all_is_well(tmp_path: Path) -> None:
    nowhere = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    asked = subprocess.run(
        [ROOT / "script/audit"], check=False, cwd=ROOT, capture_output=True, text=True, env=nowhere, timeout=50
    )
    assert asked.returncode == 2, asked.stdout
    assert "NOT KNOWN whether all is well" in asked.stdout
    assert "known to be vulnerable" not in asked.stdout
