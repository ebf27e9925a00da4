"""Which messages no person can have written."""

from datetime import UTC, datetime, timedelta

import pytest

from imposter.contracts.messages import Source
from imposter.runtime.loops import Heard, automatic, fastest
from imposter.storage.records import MessageState, StoredMessage

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


def heard(at: float, sender: str = "ben") -> Heard:
    return Heard(0, sender, NOON + timedelta(seconds=at))


@pytest.mark.parametrize(
    ("characters", "answered", "before", "at", "verdict"),
    [
        pytest.param(5, 0.0, -0.1, 0.02, True, id="at once"),
        pytest.param(100, 0.0, -2.0, 3.0, True, id="a model's sentence after three seconds"),
        pytest.param(1000, 0.0, -3.0, 5.0, True, id="a model's page after five seconds"),
        pytest.param(2, 0.0, -10.0, 2.0, False, id="ok, typed at once"),
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
    assert automatic(message("hi", 0.1, sender="1@lid"), NOON, heard(-0.1, "49@s.whatsapp.net")) is True


def test_a_longer_text_takes_a_person_longer_up_to_what_is_pasted() -> None:
    assert fastest(0) < fastest(50) < fastest(150) == fastest(10_000)
