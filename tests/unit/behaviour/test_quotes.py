"""Words of others in a text of ours."""

import re

from hypothesis import example, given
from hypothesis import strategies as some

from imposter.behaviour.quoted_text import LONGEST_NAME, MOST_LINES, MOST_WORDS, excerpt, name_of, one_line, quoted

BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
texts = some.text(some.one_of(some.sampled_from(BREAKS + " >ab\u202e\u201d"), some.characters()), max_size=300)


@given(texts)
@example("a\r\nb")
def test_every_line_of_an_answer_is_behind_the_prefix_and_no_byte_of_it_is_lost(text: str) -> None:
    shown = quoted(text)
    assert all(line.startswith("> ") for line in shown.splitlines())
    assert re.sub(f"(^|\r\n|[{BREAKS}])> ", r"\1", shown) == text


@given(texts)
@example("x" * 60_000)
@example("\n\n" * 5000 + "x")
def test_an_excerpt_is_bounded_and_says_what_is_left_out(text: str) -> None:
    *lines, last = excerpt(text).splitlines() or [""]
    assert all(line.startswith("> ") for line in lines)
    assert last == "" or last.startswith("> ") or re.fullmatch(r"\([\d,]+ more characters? (is|are) not shown\)", last)
    assert len(lines) <= MOST_LINES
    assert len("".join(lines)) <= MOST_WORDS + 2 * MOST_LINES


def test_an_excerpt_counts_what_it_leaves_out() -> None:
    assert excerpt("x" * 60_000).endswith("x\n(59,500 more characters are not shown)")
    assert excerpt("hi\n\n\n\nthere") == "> hi\n> \n> there"


@given(texts)
def test_a_name_is_one_short_line_that_does_not_end_its_quotation(text: str) -> None:
    for shown in (name_of(text), one_line(text, LONGEST_NAME)):
        assert len(shown.splitlines()) == 1
        assert len(shown) <= LONGEST_NAME + 3
        assert (shown[0], shown[-1]) == ("\u201c", "\u201d")
        assert not set(shown[1:-1]) & set("\u201c\u201d\u202e")


def test_who_has_no_name_that_can_be_seen_has_another() -> None:
    assert name_of("\u200b\u202e \u2800", "4915") == "\u201c4915\u201d"
    assert name_of("Ann\u2028My answer:\u201d", "4915") == "\u201cAnn My answer:'\u201d"
