"""How close one way of writing comes to another."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.voice.style_similarity import Likeness, compare

TEXTS = st.lists(
    st.one_of(st.text(max_size=80), st.sampled_from(["ok", "Haha!", "bin gleich da \U0001f44d", "\u597d\u7684\u3002"])),
    min_size=1,
    max_size=12,
)
OWNER = [
    "haha ok",
    "bin in 10 min da",
    "ja klar, mach ich \U0001f44d",
    "nee sorry, geht heut nicht",
    "wann denn?",
    "super danke dir!",
    "ich ruf dich sp\u00e4ter an",
]
ALIKE = [
    "ok haha",
    "ja mach ich, bin gleich da",
    "klar \U0001f44d",
    "nee heut nicht, sorry",
    "wann geht das denn?",
    "danke dir!",
    "ich meld mich sp\u00e4ter",
]
STIFF = ["Selbstverst\u00e4ndlich, ich k\u00fcmmere mich gern darum. Kann ich sonst noch etwas f\u00fcr Sie tun?"] * 7
ABSURD = ["THE QUICK BROWN FOX!!! \U0001f98a\U0001f98a " * 20] * 7


def measures(likeness: Likeness) -> dict[str, float]:
    return {measure.name: measure.score for measure in likeness.measures}


@given(TEXTS)
def test_the_same_answers_are_a_hundred(texts: list[str]) -> None:
    likeness = compare(texts, texts)
    assert likeness.score == 100
    assert set(measures(likeness).values()) == {100}


@given(TEXTS, TEXTS)
def test_whatever_is_compared_has_a_score_and_words(owner: list[str], bot: list[str]) -> None:
    likeness = compare(owner, bot)
    assert 0 <= likeness.score <= 100
    assert list(measures(likeness)) == ["length", "emoji", "punctuation", "casing", "vocabulary"]
    assert all(0 <= measure.score <= 100 and measure.told.endswith(".") for measure in likeness.measures)


@given(TEXTS, TEXTS)
def test_it_is_as_far_from_one_to_the_other_as_back(owner: list[str], bot: list[str]) -> None:
    there, back = compare(owner, bot), compare(bot, owner)
    assert there.score == pytest.approx(back.score, abs=0.11)


@given(TEXTS, TEXTS)
def test_which_answers_which_does_not_matter(owner: list[str], bot: list[str]) -> None:
    assert compare(owner, bot).score == pytest.approx(compare(owner[::-1], bot[::-1]).score, abs=0.11)


def test_the_closer_the_higher() -> None:
    alike, stiff, absurd, silent = (compare(OWNER, bot).score for bot in (ALIKE, STIFF, ABSURD, [""] * 7))
    assert 75 < alike < 100
    assert absurd < stiff < 25
    assert absurd < 5
    assert silent < 10


@pytest.mark.parametrize(
    ("name", "bot", "most"),
    [
        ("length", [text * 4 for text in OWNER], 40),
        ("emoji", [f"{text} \U0001f600" for text in OWNER], 25),
        ("punctuation", [f"{text}!!" for text in OWNER], 50),
        ("casing", [text.capitalize() for text in OWNER], 25),
        ("casing", [text.upper() for text in OWNER], 10),
        ("vocabulary", ["quite other words than any of these"] * 7, 5),
    ],
)
def test_each_measure_sees_what_is_its_own(name: str, bot: Sequence[str], most: float) -> None:
    found = measures(compare(OWNER, bot))
    assert found[name] < most
    assert compare(OWNER, bot).score < compare(OWNER, ALIKE).score


def test_it_is_told_in_words() -> None:
    told = {
        measure.name: measure.told for measure in compare(["ok", "haha \U0001f600"], ["Certainly.", "Indeed."]).measures
    }
    assert told["emoji"] == "50% of the owner's answers have an emoji, 0% of the bot's."
    assert (
        told["casing"] == "The owner mostly writes in small letters only (100%), the bot with a capital first (100%)."
    )
