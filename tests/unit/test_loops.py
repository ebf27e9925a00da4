"""Which messages no person can have written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, repeat
from random import Random

import pytest

from imposter.contracts.messages import Source
from imposter.domain.messages import MessageState, StoredMessage
from imposter.runtime.account.loop_detection import (
    HASTY_TURNS,
    TIRELESS_TURNS,
    ObservedMessage,
    ReplyPattern,
    automatic,
    fastest,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def message(text: str, at: float, *, sender: str = "ben", group: str | None = None) -> StoredMessage:
    """Received `at` seconds after noon."""
    time = NOON + timedelta(seconds=at)
    return StoredMessage(
        seq=1, instance_id="bot", conversation=group or sender, message_id="in", source=Source.CONTACT, content=text,
        sender_id=sender, sender_name="", group_id=group, group_name=None, reply_to=group or sender, sent_at=time,
        received_at=time, state=MessageState.WAITING, reason=None, truncated_from=None, answers=None, joined=None,
        delivery=None, delivery_reason=None,
    )  # fmt: skip


def heard(at: float, sender: str = "ben") -> ObservedMessage:
    return ObservedMessage(0, sender, NOON + timedelta(seconds=at))


@pytest.mark.parametrize(
    ("characters", "answered", "before", "at", "verdict"),
    [
        pytest.param(6, 0.0, -0.1, 0.02, True, id="at once"),
        pytest.param(5, 0.0, -1.0, 0.7, None, id="emojis, tapped one a second"),
        pytest.param(100, 0.0, -2.0, 3.0, True, id="a model's sentence after three seconds"),
        pytest.param(1000, 0.0, -3.0, 5.0, True, id="a model's page after five seconds"),
        pytest.param(10, 0.0, -10.0, 2.0, False, id="two words, typed at once"),
        pytest.param(30, 0.0, -10.0, 8.0, False, id="a person's line"),
        pytest.param(1000, 0.0, -10.0, 15.0, False, id="a page that a person pastes"),
        pytest.param(40, 0.0, -4.0, 0.5, False, id="a person who writes on, and we answered in between"),
        pytest.param(40, 0.0, -4.0, -0.5, None, id="came before our answer"),
        pytest.param(40, None, -4.0, 0.5, False, id="never answered before"),
        pytest.param(40, 0.0, None, 0.5, False, id="never heard before"),
    ],
)
def test_a_message_is_automatic_if_no_person_reads_and_types_so_fast(
    characters: int, answered: float | None, before: float | None, at: float, verdict: bool | None
) -> None:
    answered_at = None if answered is None else NOON + timedelta(seconds=answered)
    said = message("x" * characters, at)
    assert automatic(said, answered_at, None if before is None else heard(before)) is verdict


def test_people_who_talk_side_by_side_in_a_group_are_people() -> None:
    assert automatic(message("me too", 0.1, sender="cleo", group="g"), NOON, heard(-1, "ben")) is False
    assert automatic(message("me too", 0.1, sender="ben", group="g"), NOON, heard(-1, "ben")) is True


def test_a_contact_by_number_and_by_lid_is_one_person_in_a_direct_chat() -> None:
    assert automatic(message("hi there", 0.1, sender="1@lid"), NOON, heard(-0.1, "49@s.whatsapp.net")) is True


def test_a_longer_text_takes_a_person_longer_up_to_what_is_pasted() -> None:
    assert fastest(0) < fastest(50) < fastest(150) == fastest(10_000)


def turns_until_told(reacting: Iterator[tuple[float, int]], answering: float, most: int) -> int | None:
    """How many answers a contact gets before it is told that no person keeps up; None: it never is.

    `reacting` gives the seconds from our answer to the contact's next message, and its characters; `answering` is what
    our answers take.
    """
    talk, at, answered, before = ReplyPattern(), 0.0, None, None
    for turn, (seconds, characters) in zip(range(most), reacting, strict=False):
        at += seconds
        said = message("x" * characters, at)
        talk.hear(said, answered, before)
        if talk.is_tireless:
            return turn
        before, at = heard(at), at + answering
        answered = NOON + timedelta(seconds=at)
    return None


@pytest.mark.parametrize(
    ("seconds", "characters", "most"),
    [
        pytest.param(2, 30, HASTY_TURNS, id="short and quick"),
        pytest.param(4, 100, HASTY_TURNS, id="at a model's usual pace"),
        pytest.param(6, 300, HASTY_TURNS, id="long"),
        pytest.param(6, 30, TIRELESS_TURNS, id="as slow as a person"),
    ],
)
def test_a_slow_machine_is_told_by_never_looking_away(seconds: float, characters: int, most: int) -> None:
    assert turns_until_told(repeat((seconds, characters)), seconds, 1000) == most


@pytest.mark.parametrize("held_up", [25.0, 59.0])
def test_a_machine_that_a_cap_holds_up_now_and_then_is_told(held_up: float) -> None:
    pace = cycle([*[(2.0, 30)] * 9, (held_up, 30)])
    assert turns_until_told(pace, 2.0, 1000) is not None


def test_who_looks_away_is_a_person() -> None:
    pace = cycle([*[(2.0, 30)] * (HASTY_TURNS - 1), (61.0, 30)])
    assert turns_until_told(pace, 2.0, 1000) is None


def test_several_messages_to_one_answer_are_one_turn() -> None:
    talk = ReplyPattern()
    for place in range(TIRELESS_TURNS):
        talk.hear(message("forwarded " * 20, 1 + place / 100), NOON, heard(-9))
    assert not talk.is_tireless


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("answering", [0.3, 3.0])
def test_a_lively_person_is_never_told(seed: int, answering: float) -> None:
    """Types at a good 60 words a minute, writes on without reading every third time, and looks up at times."""
    assert turns_until_told(_lively(Random(seed), answering), answering, 300) is None


def _lively(chance: Random, answering: float) -> Iterator[tuple[float, int]]:
    while True:
        characters = min(200, 2 + round(chance.lognormvariate(3.2, 0.7)))
        typing = characters / chance.uniform(3.0, 5.5)
        if chance.random() < 1 / 3:
            yield max(0.1, typing - answering), characters
        else:
            away = chance.uniform(60, 600) if chance.random() < 0.05 else 0.0
            yield chance.lognormvariate(1.2, 0.6) + typing + away, characters
