"""What the page is made of is what its README says."""

import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "imposter/web/pages/static"
OURS = ("style.css", "docs.js", "upload.js", "zone.js")
TEMPLATES = STATIC.parent / "templates"


def test_files_of_others_are_those_that_are_written_down() -> None:
    told = dict(re.findall(r"^\| `(\S+)` \|.*`([0-9a-f]{64})` \|$", (STATIC / "README.md").read_text(), re.MULTILINE))
    assert told == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in STATIC.iterdir()
        if path.suffix in (".js", ".css") and path.name not in OURS
    }


def test_nothing_is_fetched_from_elsewhere_and_nothing_is_inline() -> None:
    style = (STATIC / "style.css").read_text()
    assert "url(" not in style
    assert "@import" not in style
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"style=|<style|\son\w+=|hx-on|javascript:|https?://|\| *safe\b", text), path.name
