"""What was said in the owner's name since they last wrote in a chat, and taking it back."""

import pytest

from imposter.contracts.messages import Sender, Source
from imposter.domain.claims import Claim, Superseded
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.storage.owner.away_summaries import AwayPeriod
from tests.storage.desk import BOT, Desk, judge_as

READ = judge_as(MessageState.CONTEXT, "owner")


async def exchange(desk: Desk, question: str, answer: str) -> None:
    going = await desk.answer(await desk.receive(question), answer)
    assert going is not None
    await desk.store.outbox.sent(BOT, going.message_id)


async def owner_writes(desk: Desk, text: str) -> None:
    await desk.receive(text, source=Source.OWNER, sender=Sender("me"), judge=READ)


async def spell(desk: Desk) -> AwayPeriod | None:
    return await desk.store.away_summaries.last_spell(BOT, "anna")


def texts(found: AwayPeriod | None) -> list[str]:
    assert found is not None
    return [message.content for message in found.talk]


async def test_it_is_what_was_said_between_two_messages_of_the_owner(desk: Desk) -> None:
    await exchange(desk, "q1", "a1")
    await owner_writes(desk, "here I am")
    await exchange(desk, "q2", "a2")
    await exchange(desk, "q3", "a3")
    await desk.receive("open", judge=READ)
    found = await spell(desk)
    assert texts(found) == ["q2", "a2", "q3", "a3", "open"]
    assert found is not None
    assert found.back is None
    await owner_writes(desk, "I am back")
    await owner_writes(desk, "sorry")
    found = await spell(desk)
    assert texts(found) == ["q2", "a2", "q3", "a3", "open"]
    assert found is not None
    assert found.back is not None
    assert found.back.content == "I am back"
    assert [message.content for message in found.said] == ["a2", "a3"]


async def test_there_is_none_where_the_bot_said_nothing_or_nothing_that_arrived(desk: Desk) -> None:
    await desk.receive("q1")
    assert await spell(desk) is None
    going = await desk.answer(await desk.receive("q2"), "lost")
    assert going is not None
    await desk.store.outbox.failed(desk.claim, going.message_id, DeliveryState.FAILED, "Refused")
    assert await spell(desk) is None


async def test_others_chats_are_no_part_of_it(desk: Desk) -> None:
    await exchange(desk, "q1", "a1")
    await desk.receive("from ben", "ben")
    assert texts(await spell(desk)) == ["q1", "a1"]


async def test_what_is_taken_back_is_said_no_more_and_stays_so_whatever_a_phone_reports(desk: Desk) -> None:
    await exchange(desk, "q1", "a1")
    await exchange(desk, "q2", "a2")
    found = await spell(desk)
    assert found is not None
    last = found.said[-1]
    assert await desk.store.away_summaries.undo(desk.claim, [last.seq]) == 1
    await desk.store.outbox.sent(BOT, last.message_id)
    assert texts(await spell(desk)) == ["q1", "a1", "q2"]
    await desk.receive("q3")
    assert await desk.prompt() == ["q1", "a1", "q2", "q3"]


async def test_a_run_that_was_taken_over_from_takes_nothing_back(desk: Desk) -> None:
    await exchange(desk, "q1", "a1")
    found = await spell(desk)
    assert found is not None
    with pytest.raises(Superseded):
        await desk.store.away_summaries.undo(Claim(BOT, 7), [found.said[0].seq])
    assert await spell(desk) == found
