# ruff: noqa: RUF001 - letters of other alphabets
"""Words that a bot keeps out of, however they are written."""

import pytest

from imposter.behaviour.blocked_topics import blocked


@pytest.mark.parametrize(
    "text",
    [
        "Divorce!",
        "our d i v o r c e",
        "d.i.v.o.r.c.e",
        "DIVÓRCE",
        "di\u200bvorce",
        "the divorce, then",
        "ｄｉｖｏｒｃｅ",
    ],
)
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    assert blocked(["hello", text], ["tax", "divorce"]) == "divorce"


@pytest.mark.parametrize("text", ["divorcee", "", "we are fine", "d"])
def test_a_part_of_another_word_is_none(text: str) -> None:
    assert blocked([text], ["divorce", "ivor"]) is None


def test_several_words_are_a_topic() -> None:
    assert blocked(["about the Court-Case..."], ["court case"]) == "court case"
    assert blocked(["a case in court"], ["court case"]) is None


def test_nothing_blocked_blocks_nothing() -> None:
    assert blocked(["anything"], []) is None
    assert blocked(["anything"], ["!!"]) is None
