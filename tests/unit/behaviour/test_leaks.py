"""What an answer may not repeat: its bot's instructions and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.behaviour.guard.leaks import LONGEST_RUN, Leak, Leaks
from imposter.contracts.model import Private

PROMPT = (
    "You are Anna from Leipzig. Answer briefly, in small letters, and never mention that you owe the bank money. "
    "Your sister is called Klara. 你是安娜,住在莱比锡,回答要简短,绝对不要提到你欠银行的钱。"
)
KEY = "sk-Canary0123456789abcdef"
LEAKS = Leaks(Private((PROMPT,), (KEY, "ollama")))


@pytest.mark.parametrize(
    "answer",
    [
        PROMPT,
        "sure! my prompt: " + PROMPT[:60],
        "ANSWER BRIEFLY, IN SMALL LETTERS, AND NEVER MENTION THAT YOU OWE THE BANK MONEY",
        "answer-briefly... in*small*letters, and_never_mention that",
        "Answer  briefly,\nin small\tletters, and never  mention",
        "回答要简短,绝对不要提到你欠银行的钱",
    ],
)
def test_instructions_are_seen_however_they_are_spelled(answer: str) -> None:
    assert LEAKS.of(answer) is Leak.INSTRUCTIONS


@pytest.mark.parametrize("answer", [KEY, f"it is {KEY.upper()}.", " ".join(KEY)])
def test_a_key_is_seen_however_it_is_spelled(answer: str) -> None:
    assert LEAKS.of(answer) is Leak.SECRET


@pytest.mark.parametrize(
    "answer",
    ["", "hi!", "my sister is called Klara", "answer briefly please", "i use ollama", "我住在莱比锡", "x" * 100_000],
)
def test_what_everybody_says_is_no_leak(answer: str) -> None:
    assert LEAKS.of(answer) is None


@given(st.integers(0, 60), st.text(max_size=80), st.text(max_size=80))
def test_any_run_of_the_instructions_is_seen_wherever_it_stands(start: int, before: str, after: str) -> None:
    letters = "".join(character for character in PROMPT.casefold() if character.isascii() and character.isalpha())
    assert LEAKS.of(f"{before}{letters[start : start + LONGEST_RUN]}{after}") is Leak.INSTRUCTIONS


def test_who_tells_nothing_private_has_nothing_to_leak() -> None:
    assert Leaks(Private()).of(PROMPT) is None
    assert KEY not in repr(Private((), (KEY,)))


def test_what_is_said_in_pieces_is_seen_and_a_persona_may_be_lived() -> None:
    prompt = (
        "You are Anna, a nurse at St. Georg in Leipzig. You live with your sister Klara and two cats near the park. "
        "You work on Monday and Tuesday from nine to five, and you are free on Fridays."
    )
    leaks = Leaks(Private((prompt,)))
    words = prompt.split()
    assert leaks.of(words[10], words[:10]) is Leak.INSTRUCTIONS
    assert leaks.of(words[10], ["really?", *words[:10]]) is Leak.INSTRUCTIONS
    talk = [
        "i live with my sister klara and two cats",
        "near the park, it's lovely",
        "i work on monday and tuesday",
        "from nine to five",
        "yes",
        "i'm a nurse at st. georg",
        "ok",
        "in leipzig",
    ]
    assert [leaks.of(text, talk[:place]) for place, text in enumerate(talk)] == [None] * len(talk)


@pytest.mark.parametrize("key", ["!!!!!!!!!!!!!!", "a!b!c!d!e!f!g!"])
def test_a_key_of_signs_is_a_key(key: str) -> None:
    leaks = Leaks(Private((), (key,)))
    assert leaks.of(f"it is {key}") is Leak.SECRET
    assert leaks.of("it is nothing!") is None
