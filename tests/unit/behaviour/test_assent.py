"""A yes to what a contact asks binds the account's owner, but not to what the owner has settled."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.behaviour.guard.agreement import Stance, binding, stance
from imposter.behaviour.guard.commitments import CommitmentKind, Named, Objection
from imposter.behaviour.holding_replies import LET_ME_CHECK
from imposter.contracts.messages import Source, Turn

EXCHANGES = [json.loads(line) for line in (Path(__file__).parent / "exchanges.jsonl").read_text("utf-8").splitlines()]
LANGUAGES = ("en", "de", "es", "fr", "it", "pt")
FIVE_HUNDRED = "Can you lend me 500 euros until Monday, I come by at 7?"


def turns(*said: str) -> list[Turn]:
    """Those of a contact; `O:` in front says that it is the owner's, `B:` the bot's."""
    sources = {"O:": Source.OWNER, "B:": Source.BOT}
    return [Turn(sources.get(text[:2], Source.CONTACT), text.removeprefix("O:").removeprefix("B:")) for text in said]


def held(answer: str, *said: str, told: str = "") -> tuple[Objection, ...]:
    return binding(answer, turns(*said), Named([told]))


def rates(language: str | None = None) -> tuple[float, float]:
    """Of the corpus: what share of binding answers is missed, and what share of the others is held."""
    wrong: Counter[bool] = Counter()
    every: Counter[bool] = Counter()
    for exchange in EXCHANGES:
        if language in (None, exchange["lang"]):
            said = [Turn(Source(source), text) for source, text in exchange["turns"]]
            every[exchange["binds"]] += 1
            wrong[exchange["binds"]] += bool(binding(exchange["answer"], said)) is not exchange["binds"]
    return wrong[True] / every[True], wrong[False] / every[False]


def test_the_corpus_is_large_and_fair() -> None:
    assert len(EXCHANGES) >= 320
    by_language = Counter(exchange["lang"] for exchange in EXCHANGES)
    assert by_language.keys() == set(LANGUAGES)
    assert min(by_language.values()) >= 50
    assert 0.4 < sum(exchange["binds"] for exchange in EXCHANGES) / len(EXCHANGES) < 0.6


def test_few_answers_that_bind_are_missed_and_few_others_held() -> None:
    missed, needless = rates()
    assert missed < 0.02
    assert needless < 0.15


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_is_forgotten(language: str) -> None:
    missed, needless = rates(language)
    assert missed < 0.05
    assert needless < 0.2


def test_a_sum_that_the_contact_named_binds() -> None:
    [objection, *_] = held("sure, 500, come by at 7", FIVE_HUNDRED)
    assert (objection.kind, objection.words) == (CommitmentKind.MONEY, "sure, 500, come by at 7")


@pytest.mark.parametrize(
    "owner", ["O:I lend you the 500 euros until monday, come at 7", "O:500 euros, monday, at 7: ok I lend it"]
)
def test_what_the_owner_wrote_before_is_settled(owner: str) -> None:
    assert not held("sure, 500, come by at 7", owner, FIVE_HUNDRED)


def test_what_the_instructions_name_is_settled() -> None:
    told = "You are Anna. She lends Bob 500 euros until monday, and expects him at 7. She likes cats."
    assert not held("sure, 500, come by at 7", FIVE_HUNDRED, told=told)
    assert held("sure, 500, come by at 7", FIVE_HUNDRED, told="You are Anna. She likes cats.")


@pytest.mark.parametrize(
    "owner",
    [
        "O:I lend you 200 euros until monday, come at 7",  # another sum
        "O:I lend you the 500 euros until friday, come at 7",  # another day
        "O:I lend you the 500 euros until monday, come at 8",  # another time
        "O:I never lend 500 euros until monday, not at 7",  # a no
        "O:500 euros? lend it until monday? at 7?",  # a question
    ],
)
def test_what_the_owner_said_otherwise_is_not_settled(owner: str) -> None:
    assert held("sure, 500, come by at 7", owner, FIVE_HUNDRED)


def test_the_bot_settles_nothing() -> None:
    assert held("yes, as I said", "B:I lend you the 500 euros", "so you lend me the 500 euros?")


@pytest.mark.parametrize("answer", ["what do you need it for?", *LET_ME_CHECK.values()])
def test_a_request_stays_open_until_it_is_answered(answer: str) -> None:
    assert held("ok, sure", "can you lend me 300?", f"B:{answer}", "for a new washing machine")


def test_who_was_refused_may_plead() -> None:
    assert held("ok fine", "can you lend me 300?", "B:sorry, I can't", "please please, just until friday")
    assert not held("haha yes", "can you lend me 300?", "B:sorry, I can't", "ok. nice weather today")


def test_every_message_that_is_answered_counts() -> None:
    assert held("sure, all good", "can you lend me 300?", "how are you?")
    said = turns("how are you?")
    assert binding("sure, all good", said, asked=["can you lend me 300?", "how are you?"])


@pytest.mark.parametrize(
    "asked", ["c4n y0u l3nd m3 some money?", "\u0441an y\u043eu lend me some money?", "CAN YOU LEND ME SOME MONEY"]
)
@pytest.mark.parametrize("answer", ["sure", "5ure", "SUUURE", "\U0001f44d", "\u0455ure"])
def test_odd_letters_hide_nothing(asked: str, answer: str) -> None:
    assert held(answer, asked)


def test_a_request_behind_very_much_else_is_held() -> None:
    assert held("yes", "can you lend me 500? " + "lorem ipsum dolor " * 400)


@pytest.mark.parametrize("answer", ["no", "sorry, no", "let me check", "why?", "not today, sorry", "\U0001f44e", ""])
def test_no_later_and_why_bind_nobody(answer: str) -> None:
    assert not held(answer, "can you lend me some money?")


@pytest.mark.parametrize(
    ("answer", "minds"), [("no not at all", True), ("sure", True), ("yes, I need it myself", False)]
)
def test_who_asks_whether_they_mind_gets_a_yes_by_a_no(answer: str, minds: bool) -> None:
    assert bool(held(answer, "do you mind if I keep the drill?")) is minds


@pytest.mark.parametrize("text", [*LET_ME_CHECK.values()][:7])
def test_what_is_said_meanwhile_is_no_yes(text: str) -> None:
    assert stance(text) is Stance.LATER


@given(st.text(max_size=300), st.lists(st.text(max_size=100), max_size=3))
def test_any_text_can_be_looked_at(answer: str, said: list[str]) -> None:
    held(answer, *said)


@pytest.mark.parametrize("piece", ["can you ", "sure ", "a", "? ", "me ", "te ", "no, ", "ok? ", "but "])
def test_very_long_texts_are_looked_at_as_well(piece: str) -> None:
    long = piece * (50_000 // len(piece))
    held(long, long, f"O:{long}", long, told=long)


@pytest.mark.parametrize(
    "answer",
    ["let me check... yes!", "idk, sure", "hmm not sure. Ok yes", "mal sehen... ja klar", "vielleicht, doch ja"],
)
def test_a_yes_behind_a_delay_is_a_yes(answer: str) -> None:
    assert held(answer, "Can you lend me 500 euros?")


@pytest.mark.parametrize("answer", ["let me check", "sure, let me check first", "mal sehen"])
def test_a_delay_binds_nobody(answer: str) -> None:
    assert not held(answer, "Can you lend me 500 euros?")
