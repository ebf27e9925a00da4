"""Notes on what was said before: what is to be noted down, and when notes in the making are not kept."""

from imposter.contracts.config import Limits
from imposter.contracts.messages import Sender
from imposter.domain.messages import MessageState
from tests.storage.desk import BOT, Desk, judge_as

DONE = judge_as(MessageState.CONTEXT)
FEW = Limits(max_messages=3)


async def moved(desk: Desk, chat: str, *texts: str) -> None:
    """All but the last of these are said there, and the window of what is shown moves on."""
    *before, last = texts
    for text in before:
        await desk.receive(text, chat, judge=DONE)
    await desk.receive(last, chat)
    await desk.store.messages.take(BOT, chat, FEW)


async def noted(desk: Desk, chat: str) -> list[str]:
    to_note = await desk.store.summaries.to_note(BOT, chat)
    return [] if to_note is None else [turn.content for turn in to_note.turns]


async def test_what_is_no_longer_shown_is_noted_once(desk: Desk) -> None:
    await moved(desk, "anna", "one", "two", "three", "four")
    to_note = await desk.store.summaries.to_note(BOT, "anna")
    assert to_note is not None
    assert [turn.content for turn in to_note.turns] == ["one", "two"]
    assert await desk.store.summaries.note(desk.claim, "anna", to_note, "They counted.")
    assert await noted(desk, "anna") == []


async def test_notes_are_not_kept_where_the_owner_changed_them_meanwhile(desk: Desk) -> None:
    await moved(desk, "anna", "one", "two", "three", "four")
    to_note = await desk.store.summaries.to_note(BOT, "anna")
    assert to_note is not None
    desk.time.pass_by(seconds=1)
    await desk.store.summaries.write(BOT, "anna", "Mine.")
    assert not await desk.store.summaries.note(desk.claim, "anna", to_note, "Theirs.")
    kept = await desk.store.summaries.read(BOT, "anna")
    assert kept is not None
    assert kept.text == "Mine."


async def test_nothing_of_two_chats_that_are_one_is_lost_to_notes_in_the_making(desk: Desk) -> None:
    await moved(desk, "4915", "one", "two", "three", "four")
    await moved(desk, "lid", "five", "six", "seven", "eight")
    to_note = await desk.store.summaries.to_note(BOT, "4915")
    assert to_note is not None
    await desk.receive("nine", "4915", "lid", sender=Sender("4915", "", ("lid",)))
    assert not await desk.store.summaries.note(desk.claim, "4915", to_note, "They counted.")
    await desk.store.messages.take(BOT, "4915", FEW)
    assert await noted(desk, "4915") == ["one", "two", "three"]


async def test_notes_in_the_making_are_not_kept_where_somebody_is_forgotten_meanwhile(desk: Desk) -> None:
    for number, author in enumerate(("eve", "bob", "eve", "bob", "bob", "bob")):
        await desk.receive(f"{author} {number}", sender=Sender(author), group="team", judge=DONE)
    await desk.receive("bob 6", sender=Sender("bob"), group="team")
    await desk.store.messages.take(BOT, "team", FEW)
    to_note = await desk.store.summaries.to_note(BOT, "team")
    assert to_note is not None
    assert "eve 0" in [turn.content for turn in to_note.turns]
    desk.time.pass_by(seconds=1)
    await desk.store.erasure.forget(BOT, "eve", str)
    await desk.store.messages.take(BOT, "team", FEW)
    assert await noted(desk, "team"), "the chat goes on, and what is shown of it has moved once more"
    assert not await desk.store.summaries.note(desk.claim, "team", to_note, "eve said something")
