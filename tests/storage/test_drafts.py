"""Answers that wait for their owner: each comes to exactly one thing."""

from datetime import timedelta
from typing import Any

import pytest

from imposter.contracts.errors import DraftNotFound
from imposter.contracts.messages import Sender, Source
from imposter.domain.claims import Claim, Superseded
from imposter.domain.deliveries import Part
from imposter.domain.drafts import Draft, DraftState
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.owner_notes import Note
from imposter.domain.pauses import Pause
from imposter.domain.reasons import Reason
from tests.storage.desk import BOT, Desk

ME = "me@self"
HOUR = timedelta(hours=1)


async def propose(desk: Desk, *questions: str, text: str = "a draft", **more: Any) -> Draft:
    seqs = [(await desk.receive(question)).seq or 0 for question in questions or ("q",)]
    draft = await desk.store.drafts.propose(desk.claim, seqs, text, "autonomy", desk.time() + HOUR, **more)
    assert draft is not None
    return draft


async def send(desk: Desk, draft: Draft, text: str = "a draft", claim: Claim | None = None) -> list[str]:
    part = Part(text, f"out-{draft.number}")
    going = await desk.store.drafts.send(claim or desk.claim, draft.number, [part], edited=text != draft.text)
    return [each.content for each in going]


async def state(desk: Desk, draft: Draft) -> DraftState:
    return (await desk.store.drafts.get(BOT, draft.number)).state


async def waiting_to_go(desk: Desk, conversation: str = "anna") -> list[str]:
    return [each.content for each in await desk.store.outbox.pending(BOT, conversation)]


def note(number: int, about: int) -> Note:
    return Note(ME, f"draft {number}", f"note-{number}", about)


async def test_what_is_drafted_waits_for_its_owner_and_is_part_of_the_conversation(desk: Desk) -> None:
    draft = await propose(desk, "q1", "q2")
    assert (draft.question, draft.text, draft.why, draft.state) == ("q2", "a draft", "autonomy", DraftState.OPEN)
    assert await desk.states() == {"q1": "context:drafted", "q2": "context:drafted"}
    assert await waiting_to_go(desk) == []
    assert await desk.take() is None


async def test_it_is_sent_once_however_often_it_is_approved(desk: Desk) -> None:
    draft = await propose(desk, "q1", "q2")
    assert await send(desk, draft) == ["a draft"]
    assert await send(desk, draft) == []
    assert not await desk.store.drafts.drop(desk.claim, draft.number)
    assert await state(desk, draft) is DraftState.SENT
    assert await desk.states() == {"q1": "answered", "q2": "answered", "a draft": "context"}
    assert await waiting_to_go(desk) == ["a draft"]


async def test_it_is_sent_in_the_owner_s_words(desk: Desk) -> None:
    draft = await propose(desk)
    assert await send(desk, draft, "better") == ["better"]
    assert await state(desk, draft) is DraftState.EDITED


async def test_it_is_dropped_once_and_for_all(desk: Desk) -> None:
    draft = await propose(desk)
    assert await desk.store.drafts.drop(desk.claim, draft.number)
    assert await send(desk, draft) == []
    assert await state(desk, draft) is DraftState.DROPPED
    assert await desk.states() == {"q": "context:draft_dropped"}


async def test_its_time_ends_whether_or_not_anybody_looks(desk: Desk) -> None:
    draft, later = await propose(desk, "q1"), await propose(desk, "q2")
    desk.time.pass_by(minutes=59)
    assert [left.number for left in await desk.store.drafts.expire(desk.claim)] == [draft.number, later.number]
    desk.time.pass_by(minutes=1)
    assert await send(desk, draft) == []
    assert await desk.store.drafts.expire(desk.claim) == []
    assert await state(desk, draft) is DraftState.EXPIRED
    assert await desk.states() == {"q1": "context:draft_expired", "q2": "context:draft_expired"}


async def test_what_comes_in_replaces_it_and_is_answered_with_what_it_was_for(desk: Desk) -> None:
    draft = await propose(desk, "q1", "q2")
    assert not await desk.store.drafts.reopen(desk.claim, "anna")
    await desk.receive("q3")
    await desk.receive("of another", "ben")
    assert not await desk.store.drafts.reopen(desk.claim, "nobody")
    assert await desk.store.drafts.reopen(desk.claim, "anna")
    assert await state(desk, draft) is DraftState.REPLACED
    assert await send(desk, draft) == []
    work = await desk.take()
    assert work is not None
    assert [message.content for message in work.messages] == ["q1", "q2", "q3"]


async def test_it_is_shown_in_the_owner_s_own_chat(desk: Desk) -> None:
    draft = await propose(desk, note=note)
    assert await waiting_to_go(desk, ME) == [f"draft {draft.number}"]
    assert await desk.store.drafts.of_note(BOT, f"note-{draft.number}") == draft
    assert await desk.store.drafts.of_note(BOT, "another") is None
    assert await desk.prompt() == []


async def test_what_no_longer_waits_is_not_drafted(desk: Desk) -> None:
    seq = (await desk.receive("q")).seq or 0
    await desk.store.messages.settle(desk.claim, [seq], Verdict(MessageState.CONTEXT, Reason.TAKEOVER))
    assert await desk.store.drafts.propose(desk.claim, [seq], "late", "autonomy", desk.time() + HOUR) is None
    assert await desk.store.drafts.page(BOT) == []


async def test_a_takeover_ends_it_and_so_does_a_pause(desk: Desk) -> None:
    draft, other = await propose(desk), await propose_to_ben(desk)
    await desk.receive(
        "I am here",
        source=Source.OWNER,
        sender=Sender("me"),
        judge=lambda message, known_ids: Verdict(MessageState.CONTEXT, Reason.OWNER, silence=HOUR),
    )
    assert (await state(desk, draft), await state(desk, other)) == (DraftState.DROPPED, DraftState.OPEN)
    assert (await desk.states())["q"] == "context:takeover"
    await desk.store.pauses.begin(desk.claim, Pause("", "paused", desk.time() + HOUR))
    assert await state(desk, other) is DraftState.DROPPED
    assert (await desk.states())["from ben"] == "context:paused"


async def propose_to_ben(desk: Desk) -> Draft:
    seq = (await desk.receive("from ben", "ben")).seq or 0
    draft = await desk.store.drafts.propose(desk.claim, [seq], "to ben", "autonomy", desk.time() + HOUR)
    assert draft is not None
    return draft


async def test_a_run_that_was_taken_over_from_decides_nothing(desk: Desk) -> None:
    draft, old = await propose(desk), Claim(BOT, 7)
    with pytest.raises(Superseded):
        await send(desk, draft, claim=old)
    with pytest.raises(Superseded):
        await desk.store.drafts.drop(old, draft.number)
    assert await state(desk, draft) is DraftState.OPEN


async def test_another_bot_s_drafts_are_nobody_else_s(desk: Desk) -> None:
    draft = await propose(desk)
    await desk.store.bots.add("other", "ben", {})
    with pytest.raises(DraftNotFound):
        await desk.store.drafts.get("other", draft.number)
    with pytest.raises(DraftNotFound):
        await desk.store.drafts.drop(Claim("other", 0), draft.number)
    assert await desk.store.drafts.page("other") == []


async def test_the_newest_come_first_in_pages(desk: Desk) -> None:
    numbers = [(await propose(desk, f"q{place}")).number for place in range(3)]
    newest = await desk.store.drafts.page(BOT, limit=2)
    assert [draft.number for draft in newest] == numbers[:0:-1]
    rest = await desk.store.drafts.page(BOT, before=newest[-1].number)
    assert [draft.number for draft in rest] == numbers[:1]


async def test_who_is_forgotten_is_so_in_the_owner_s_own_chat_too(desk: Desk) -> None:
    await propose(desk, note=note)
    desk_of_ben = (await desk.receive("from ben", "ben")).seq or 0
    await desk.store.notes.add(desk.claim, Note(ME, "of ben", "note-of-ben", desk_of_ben))
    await desk.store.erasure.forget(BOT, "anna", str)
    assert await desk.store.drafts.page(BOT) == []
    assert set(await desk.states()) == {"from ben", "of ben"}
