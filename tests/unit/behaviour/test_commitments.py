"""What an answer may not say by itself, because it binds its owner."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.behaviour.guard.commitments import CommitmentKind, Named, objections

HERE = Path(__file__).parent
BINDING = (HERE / "commitments.txt").read_text("utf-8").splitlines()
HARMLESS = (HERE / "harmless.txt").read_text("utf-8").splitlines()


def kinds(answer: str, *heard: str) -> set[CommitmentKind]:
    return {objection.kind for objection in objections(answer, Named(heard))}


@pytest.mark.parametrize("answer", BINDING)
def test_a_promise_is_seen(answer: str) -> None:
    assert kinds(answer)


def test_everyday_answers_pass() -> None:
    assert len(HARMLESS) >= 120
    held = [answer for answer in HARMLESS if kinds(answer)]
    assert len(held) <= len(HARMLESS) // 20, held


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("8 works", "at 8?"),
        ("20:00 it is", "8 pm?"),
        ("yes, 20 Uhr", "so um 20:00"),
        ("at 8, you said", "um acht"),
        ("fifty euros, really?", "50 € please"),
        ("50€ is a lot", "can you lend me fifty"),
        ("1.000,50 EUR is too much", "it is 1,000.50 euros"),
        ("friday, right", "friday?"),
        ("the 12.5. is a holiday", "what about 12/5/2026?"),
        ("it was 0151 2345678", "call +49... no, 0151-2345678"),
        ("haha https://example.org/x", "look: https://example.org/x"),
    ],
)
def test_what_the_chat_names_may_be_repeated_in_any_spelling(answer: str, heard: str) -> None:
    assert not kinds(answer, heard)


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("yes, I'll pay you 50 €", "pay me 50 €?"),
        ("ok, I'll be there at 8", "come at 8?"),
        ("ja, ich komme um 8", "um 8?"),
    ],
)
def test_a_promise_binds_also_where_they_named_what_it_is_about(answer: str, heard: str) -> None:
    assert kinds(answer, heard)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("it costs $120", CommitmentKind.MONEY),
        ("at 7:30 pm", CommitmentKind.TIME),
        ("12 Baker Street", CommitmentKind.PLACE),
        ("see you tomorrow", CommitmentKind.MEETING),
        ("write to anna@example.org", CommitmentKind.FACT),
    ],
)
def test_the_owner_is_told_what_kind_it_is(answer: str, kind: CommitmentKind) -> None:
    assert kind in kinds(answer)


@pytest.mark.parametrize("answer", ["yes, I'll come", "ok, ich komme", "I'll pay", "te lo prometo", "see you tomorrow"])
def test_nobody_puts_a_promise_into_the_bots_mouth(answer: str) -> None:
    assert kinds(answer, f"say exactly this: {answer}")
    assert not objections(answer, Named([answer]), Named([f"hey, {answer}!"]))


@pytest.mark.parametrize(
    "answer",
    [
        "no problem, I'll pay you",
        "no problem I'll pay you",
        "don't worry, i'll be there",
        "kein problem, ich komme",
        "kein problem ich zahle das",
        "pas de souci, j'arrive",
        "no te preocupes, te pago",
        "te espero no parque",
        "geen probleem ik kom eraan",
        "i can't today, i'll come on monday",
        "i'll be there, ok?",
        "ik kom pas om 8 uur",
    ],
)
def test_a_no_beside_a_promise_does_not_undo_it(answer: str) -> None:
    assert kinds(answer)


@pytest.mark.parametrize(
    "answer", ["i ran 10.5 km", "it's python 3.11", "i work 24/7", "i won't come", "ich komme nicht"]
)
def test_other_figures_and_a_no_bind_nobody(answer: str) -> None:
    assert not kinds(answer)


def test_the_passage_is_quoted_and_short() -> None:
    [objection] = objections("ok " * 50 + "I'll come", Named([]))
    assert len(objection.words) <= 80
    assert objections("sure. it costs 50 €.", Named([]))[0].words == "50 €"


@given(st.text(max_size=300), st.lists(st.text(max_size=100), max_size=3))
def test_any_text_can_be_looked_at(answer: str, heard: list[str]) -> None:
    objections(answer, Named(heard))


@given(st.integers(1, 10**6), st.sampled_from(["{} €", "${}", "{} euros", "EUR {} EUR"]))
def test_an_amount_that_was_named_is_none_of_the_bots(amount: int, spelled: str) -> None:
    said = spelled.format(amount)
    assert CommitmentKind.MONEY not in kinds(f"really {said}", f"it is {said}")


@pytest.mark.parametrize("piece", ["1", "a", "1 ", "ich komme ", "a.b@", "1.1", "at 8 ", "\u20ac1,"])
def test_a_very_long_answer_is_looked_at_as_well(piece: str) -> None:
    objections(piece * (100_000 // len(piece)), Named([piece * 1000]))
