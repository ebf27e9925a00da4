"""Answers that are mostly no words, and those that must not be taken for such."""

import base64
import random
from pathlib import Path

import pytest

from imposter.behaviour.guard.commitments import Named, objections
from imposter.behaviour.guard.encoded_text import decoded
from imposter.behaviour.guard.unreadable_text import is_unreadable

HERE = Path(__file__).parent
CHAT = [
    line
    for name in ("harmless.txt", "commitments.txt", "readable.txt")
    for line in (HERE / name).read_text("utf-8").splitlines()
]
"""Small talk; words of two dozen languages in a dozen scripts, code, addresses, numbers, paths, emoji, laughter."""
SECRET = b"the heron sleeps beside the old water mill of Grimma and nobody is ever to hear a word of that"


@pytest.mark.parametrize(
    "code",
    [
        base64.b85encode(SECRET).decode(),
        base64.a85encode(SECRET).decode(),
        base64.b64encode(bytes(byte ^ 42 for byte in SECRET)).decode(),
        "sure, here it is: " + base64.b64encode(bytes(byte ^ 42 for byte in SECRET)).decode(),
        bytes(byte ^ 42 for byte in SECRET).hex(),
        "xkcd qwrtp zxcvb mnbvc lkjhg fdsqp wrtyp sdfgh jklzx cvbnm qwrtp",
        "I  w i l l  p a y  y o u",
        "i-w-i-l-l-c-o-m-e",
    ],
)
def test_a_code_is_seen(code: str) -> None:
    assert is_unreadable(code)


@pytest.mark.parametrize("size", [80, 200])
def test_so_is_what_chance_makes(size: int) -> None:
    chance = random.Random(size)
    codes = [base64.b64encode(chance.randbytes(size)).decode() for _ in range(100)]
    assert sum(map(is_unreadable, codes)) > 80


def test_words_are_words_in_any_language() -> None:
    assert len(CHAT) > 300
    assert [text for text in CHAT if is_unreadable(text)] == []


def test_words_decode_to_no_promise() -> None:
    nothing = Named([])
    free = [text for text in CHAT if not objections(text, nothing)]
    found = [(text, each) for text in free for each in decoded(text) if objections(each, nothing)]
    assert found == []
