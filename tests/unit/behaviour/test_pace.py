import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.behaviour.typing_simulation import (
    LONGEST,
    LONGEST_READING,
    LONGEST_TYPING,
    MOST_BUBBLES,
    TypingPlan,
    plan,
    split,
)
from imposter.contracts.behaviour import Behaviour, Pace

HUMAN = Behaviour()
CHANCES = st.floats(0, 1)
PIECES = st.sampled_from(
    [
        "Ja. ", "Das stimmt!", " ", "\n", "\n\n", "😀", "z.B. ", "3.5", "Ok? ", "- a\n", "1. b\n", "```", "`x. Y`",
        "https://a.b/c?d=1. ", "今日は。", "「はい。」", "ठीक है। ", "نعم؟ ", "und so weiter, ", ":", "(Na. Ja.) ",
    ]
)  # fmt: skip
ANSWERS = st.lists(PIECES, max_size=80).map("".join) | st.text(max_size=800)


def sentence(number: int) -> str:
    return f"Number {number} is a sentence that is long enough to count for about eighty characters here."


def middle(answer: str, heard: int = 40, chance: float = 0.5) -> TypingPlan:
    return plan(answer, heard, HUMAN, lambda: chance)


@given(ANSWERS)
def test_nothing_is_lost_at_the_seams_and_no_bubble_is_empty(answer: str) -> None:
    bubbles = split(answer)
    at = 0
    for bubble in bubbles:
        assert bubble.strip()
        found = answer.index(bubble, at)
        assert not answer[at:found].strip()
        at = found + len(bubble)
    assert not answer[at:].strip()
    assert len(bubbles) <= MOST_BUBBLES


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=160))
def test_what_is_short_is_one_bubble(answer: str) -> None:
    assert len(split(answer)) == (1 if answer.strip() else 0)


@pytest.mark.parametrize(
    ("answer", "bubbles"),
    [
        ("Hi!\n\nHow are you?", ["Hi!", "How are you?"]),
        ("Hi!\nHow are you?", ["Hi!\nHow are you?"]),
        (f"Ok. Good! {sentence(1)} See you?", [f"Ok. Good! {sentence(1)} See you?"]),
        (f"{sentence(1)} {sentence(2)}", [sentence(1), sentence(2)]),
        (f"{sentence(1)} 😀👍🏽 {sentence(2)}", [f"{sentence(1)} 😀👍🏽", sentence(2)]),
        (f"{sentence(1)} :-) {sentence(2)}", [f"{sentence(1)} :-)", sentence(2)]),
        (f"One.\n\n---\n\n{sentence(2)}", ["One.", f"---\n\n{sentence(2)}"]),
        ("Bring:\n\n- milk\n\n- eggs. Fresh ones\n\nThanks!", ["Bring:\n\n- milk\n\n- eggs. Fresh ones", "Thanks!"]),
        ("So:\n```\na = 1.\n\n\nb = 2\n```\n\nClear?", ["So:\n```\na = 1.\n\n\nb = 2\n```", "Clear?"]),
        ("Ok.\n\n    indented = True", ["Ok.", "    indented = True"]),
        (" \n ", []),
    ],
)
def test_where_an_answer_is_cut(answer: str, bubbles: list[str]) -> None:
    assert split(answer) == bubbles


FILLER = "und so geht das immer weiter und weiter, bis es für eine einzige Nachricht bei weitem zu lang ist, "


@pytest.mark.parametrize(
    "held",
    [
        "z.B. Tee", "e.g. Tea", "Dr. Maier", "J. Smith", "am 3. Mai", "bei 3.5 Grad", "um 10.30 Uhr", "ca. 5 Leute",
        "U.S. Army", "ул. Ленина", "wait... what", "siehe https://example.org/A.?B=1. C", "(Na. Ja. So.)", "„Na. Ja.“",
        "*Fett. Immer noch.*", "`x. Y`", "\"Wirklich?\" sagte er", "t.ex. Oslo",
    ],
)  # fmt: skip
def test_what_is_no_sentences_end_is_not_cut(held: str) -> None:
    answer = FILLER * 2 + held + " " + FILLER * 2
    assert split(answer) == [answer.strip()]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Gut.", "Und"), ("Gut!", "Und"), ("Gut?", "Und"), ("Gut …", "Und"), ("元気です。", "はい"),
        ("元気\uff1f", "はい"), ("すごい\uff01", "はい"), ("ठीक है।", "और"), ("حسنا؟", "نعم"), ("Да.", "Он"),
        ("„Gut.“", "Und"), ("1990.", "Und"), ("Gut!!!", "¿Qué"), ("Gut.🎉", "Und"),
    ],
)  # fmt: skip
def test_where_sentences_end(one: str, two: str) -> None:
    blank = "" if one[-1] in "。\uff1f\uff01" else " "
    assert split(f"{FILLER}{one}{blank}{two} {FILLER}") == [FILLER + one, f"{two} {FILLER}".rstrip()]


def test_who_writes_no_capitals_is_cut_too() -> None:
    first = "ich hab heute leider gar keine zeit, weil ich noch zu meiner schwester fahren muss, sorry."
    assert split(f"{first} {first}") == [first, first]


def test_of_many_paragraphs_a_few_bubbles_are_made() -> None:
    bubbles = split("\n\n".join(sentence(number) for number in range(12)))
    assert len(bubbles) == MOST_BUBBLES
    assert max(map(len, bubbles)) < 2 * min(map(len, bubbles))
    assert all(bubble.startswith("Number") and bubble.endswith("here.") for bubble in bubbles)


@pytest.mark.parametrize(
    "part", [".", " ", "\n", "---\n\n", " .", "\r\n", "*a ", "。😀", "。」", "(a", "„", "- a\n", "a. "]
)
def test_an_endless_answer_is_cut_all_the_same(part: str) -> None:
    assert len(split(part * 20_000)) <= MOST_BUBBLES


def test_without_a_pace_the_answer_goes_out_whole_and_at_once() -> None:
    answer = "Hi!\n\n" + sentence(1) * 9
    made = plan(answer, 500, Behaviour(pace=Pace.OFF), lambda: 0.9)
    assert [(each.text, each.pause, each.typing) for each in made.bubbles] == [(answer, 0, 0)]
    assert made.read_after == 0


@given(ANSWERS, st.integers(0, 100_000), st.lists(CHANCES, min_size=1, max_size=12))
def test_nobody_waits_for_long(answer: str, heard: int, chances: list[float]) -> None:
    drawn = iter(chances * 20)
    made = plan(answer, heard, HUMAN, lambda: next(drawn))
    assert [each.text for each in made.bubbles] == split(answer)
    assert 0 < made.read_after <= LONGEST_READING
    assert all(each.pause > 0 and 0 < each.typing <= LONGEST_TYPING for each in made.bubbles)
    assert made.read_after + sum(each.pause + each.typing for each in made.bubbles) <= LONGEST + 1e-6


@given(st.integers(1, 150), st.integers(1, 150), CHANCES)
def test_what_is_longer_takes_longer(length: int, more: int, chance: float) -> None:
    short, long = (middle("x" * size, size, chance) for size in (length, length + more))
    assert short.read_after <= long.read_after
    assert short.bubbles[0].typing <= long.bubbles[0].typing


def test_the_times_are_those_of_a_person_with_a_phone() -> None:
    few, many = middle("ok").bubbles[0], middle("I will be there at the usual place, see you").bubbles[0]
    assert 0.5 < few.typing < 1.5
    assert 5 < many.typing < 10
    assert 1 < middle("ok", heard=24).read_after < 2.5


def test_even_who_types_slowly_does_not_type_a_bubble_for_long() -> None:
    assert middle("x" * 2000, chance=1).bubbles[0].typing == LONGEST_TYPING


def test_no_two_answers_take_the_same_time() -> None:
    hasty, slow = middle("See you tomorrow then", chance=0.1), middle("See you tomorrow then", chance=0.9)
    assert hasty.read_after < slow.read_after
    assert hasty.bubbles[0].pause < slow.bubbles[0].pause
    assert hasty.bubbles[0].typing < slow.bubbles[0].typing


@pytest.mark.parametrize(
    ("answer", "bubbles"),
    [
        ("yes\nat eight\nor nine", ["yes", "at eight", "or nine"]),
        ("bring:\n- milk\n- bread\nthanks", ["bring:\n- milk\n- bread", "thanks"]),
        ("she said\n> no way\n> not me\nfunny", ["she said", "> no way\n> not me", "funny"]),
        ("look\n```\na\n\nb\n```\nok", ["look", "```\na\n\nb\n```", "ok"]),
        ("times\n*Day* | *Time*\nMon | 9\nTue | 10\nok", ["times", "*Day* | *Time*\nMon | 9\nTue | 10", "ok"]),
    ],
)
def test_where_each_line_is_a_message(answer: str, bubbles: list[str]) -> None:
    assert split(answer, by_line=True) == bubbles
    assert split(answer) == [answer]
