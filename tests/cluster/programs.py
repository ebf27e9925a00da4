"""Other versions of this program: copies of it with something changed."""

import re
import shutil
from pathlib import Path

MODULES = ("main.py", "chatbot_manager.py", "queue_manager.py")
PACKAGES = ("imposter", "chat_providers", "llm_providers")


def copied(program: Path, to: Path) -> Path:
    """What a server needs of a program that has no accounts of WhatsApp."""
    skipped = shutil.ignore_patterns("node_modules", "__pycache__")
    to.mkdir()
    for name in MODULES:
        shutil.copy(program / name, to)
    for name in PACKAGES:
        shutil.copytree(program / name, to / name, ignore=skipped)
    return to


def changed(file: Path, pattern: str, by: str) -> None:
    text, times = re.subn(pattern, by, file.read_text(), flags=re.MULTILINE)
    assert times == 1, pattern
    file.write_text(text)
