"""What becomes of answers, drafts and notes when their message is edited or deleted."""

from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import InvalidState
from imposter.contracts.messages import UNREADABLE, Group, MessageKind
from imposter.domain.drafts import DraftState
from tests.house import OWN_CHAT
from tests.integration.behaviour_house import PROMPT, Anna, open_anna
from tests.integration.safety_house import HandClock

DRAFT: dict[str, Any] = {**PROMPT, "autonomy": "draft"}
UP = "\U0001f44d"


async def edit(anna: Anna, message_id: str, text: str, **more: Any) -> None:
    anna.clock.pass_by(1)
    await anna.hear(text, kind=MessageKind.EDIT, changes=message_id, **more)


async def delete(anna: Anna, message_id: str) -> None:
    await anna.hear("", kind=MessageKind.DELETION, changes=message_id)


async def told(anna: Anna, message_id: str) -> str:
    """What its owner is told of what became of a message."""
    rows = await anna.house.bot_service.messages(anna.bot.instance_id, limit=200)
    [row] = [row for row in rows if row.message_id == message_id]
    return (await anna.house.bot_service.decision(anna.bot.instance_id, row.seq)).explanation


async def drafts(anna: Anna) -> list[tuple[str, str, str, DraftState]]:
    """Oldest first."""
    rows = await anna.house.bot_service.conversation_service.drafts(anna.bot.instance_id)
    return [(row.question, row.text, row.why, row.state) for row in reversed(rows)]


async def own_chat(anna: Anna) -> str:
    """All that stands in it on record."""
    rows = await anna.house.bot_service.messages(anna.bot.instance_id, limit=200)
    return "\n".join(row.content for row in rows if row.conversation == OWN_CHAT)


@pytest.mark.parametrize("answered_first", [False, True])
async def test_new_words_that_could_not_be_read_are_the_owners(tmp_path: Path, *, answered_first: bool) -> None:
    more: dict[str, Any] = {"kind": MessageKind.EDIT, "changes": "e1", "note": UNREADABLE, "answerable": False}
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "debounce_seconds": 5}) as anna:
        await anna.hear("the lake was blue", message_id="e1")
        if answered_first:
            await edit(anna, "e1", "")
            assert (await anna.reasons())[""] == ("ignored", "empty")
        await anna.hear("", **more)
        await anna.pass_by(6)
        assert await drafts(anna) == [("", "re:", "unseen", DraftState.OPEN)]
        assert anna.platform.texts("bob") == []
        await edit(anna, "e1", "the lake was green")
        await anna.pass_by(6)
        assert anna.platform.texts("bob") == ["re: the lake was green"], "what can be read now is not unseen any more"


async def test_a_message_that_was_deleted_after_its_answer_was_answered(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await anna.hear("coming?", message_id="m1")
        await anna.settle()
        assert await told(anna, "m1") == "Answered."
        await delete(anna, "m1")
        assert await told(anna, "m1") == "Answered; it was deleted for everyone afterwards."
        await anna.hear("or not?", message_id="m2")
        await anna.settle()
        await edit(anna, "m2", "or tomorrow?")
        assert await told(anna, "m2") == "Answered; it was edited afterwards, so the answer is to its older words."


async def test_what_was_deleted_before_its_answer_was_not_answered(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "debounce_seconds": 5}) as anna:
        await anna.hear("coming?", message_id="m1")
        await anna.hear("or not?", message_id="m2")
        await delete(anna, "m1")
        await anna.pass_by(6)
        assert anna.platform.texts("bob") == ["re: or not?"]
        assert await told(anna, "m1") == "Not answered: it was deleted for everyone."


async def test_let_me_check_is_no_answer(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "guard": "let_me_check"}) as anna:
        await anna.hear("can you lend me 500 euros until Monday?", message_id="m1")
        await anna.settle()
        assert len(anna.platform.texts("bob")) == 1
        assert "because it would bind you" in await told(anna, "m1")
        await delete(anna, "m1")
        assert await told(anna, "m1") == "Not answered: it was deleted for everyone."


async def test_who_edits_on_and_on_is_left_to_the_owner(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("v0", message_id="m1")
        await anna.settle()
        for number in range(1, 9):
            await edit(anna, "m1", f"v{number}")
            await anna.settle()
        *_, standing = await drafts(anna)
        assert standing == ("v8", "", "edited_too_often", DraftState.OPEN)
        assert len(anna.model.asked) == 6, "no answer was made to what it says no more"
        assert "edited it too often" in await told(anna, "m1")
        with pytest.raises(InvalidState, match="no answer to send"):
            await anna.house.bot_service.conversation_service.send_draft(anna.bot.instance_id, 7)
        await anna.say_to_herself("see you", quotes=anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["see you"]


async def test_no_answer_to_older_words_goes_out(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "debounce_seconds": 30, "debounce_max_seconds": 30}) as anna:
        await anna.hear("v0", message_id="m1")
        for number in range(1, 9):
            await edit(anna, "m1", f"v{number}")
        await anna.pass_by(60)
        assert await drafts(anna) == [("v8", "", "edited_too_often", DraftState.OPEN)]
        assert anna.platform.texts("bob") == []


async def test_the_others_in_a_group_are_answered_as_ever(tmp_path: Path) -> None:
    chat = {"chat_provider_config": {"provider_name": "platform", "provider_config": {"allow_group_messages": True}}}
    behaviour = {**PROMPT, "debounce_seconds": 30, "debounce_max_seconds": 30, "group_trigger": "always"}
    async with open_anna(tmp_path, HandClock(), behaviour, **chat) as anna:
        group = Group("team")
        await anna.hear("v0", "eve", message_id="m1", group=group)
        await anna.hear("who comes?", "bob", group=group)
        for number in range(1, 9):
            await edit(anna, "m1", f"v{number}", sender="eve", group=group)
        await anna.pass_by(60)
        assert anna.platform.texts("team") == ["re: who comes?"]
        assert [(question, text) for question, text, *_ in await drafts(anna)] == [("v8", "")]


@pytest.mark.parametrize("keep_edits", [False, True])
async def test_no_older_word_stays_in_drafts_and_in_the_owners_own_chat(tmp_path: Path, *, keep_edits: bool) -> None:
    async with open_anna(tmp_path, HandClock(), {**DRAFT, "keep_edits": keep_edits}) as anna:
        await anna.hear("OLD", message_id="m1")
        await anna.settle()
        await anna.hear("and?", message_id="m2")
        await anna.settle()
        await edit(anna, "m1", "NEW")
        await anna.settle()
        texts = [text for _, text, *_ in await drafts(anna)]
        kept = [text for text in texts[:-1] if text]
        assert texts[-1] == "re: and?"
        assert bool(kept) is keep_edits
        assert ("OLD" in await own_chat(anna)) is keep_edits
        assert "NEW" in await own_chat(anna)


async def test_one_note_stands_for_each_draft_that_does(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("v0", message_id="m1")
        await anna.settle()
        for number in range(1, 4):
            await edit(anna, "m1", f"v{number}")
            await anna.settle()
        gone = [what.removeprefix("deleted ") for _, who, what in anna.platform.seen if what.startswith("deleted ")]
        assert gone == [anna.note_id(place) for place in range(3)]
        rows = await anna.house.bot_service.messages(anna.bot.instance_id, limit=200)
        assert [row.message_id for row in rows if row.conversation == OWN_CHAT] == [anna.note_id()]
        await anna.react(UP, anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: v3"]


async def test_a_note_without_words_can_still_be_answered(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "blocked": ["divorce"]}) as anna:
        await anna.hear("about the divorce", message_id="m1")
        await anna.settle()
        await edit(anna, "m1", "about the house")
        await anna.settle()
        assert "divorce" not in await own_chat(anna)
        await anna.say_to_herself("tonight", quotes=anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["tonight"]


async def test_a_draft_of_what_was_deleted_says_so(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("my PIN is 4711", message_id="m1")
        await anna.settle()
        await delete(anna, "m1")
        await anna.settle()
        for text in (None, "other words"):
            with pytest.raises(InvalidState, match="it was for was deleted"):
                await anna.house.bot_service.conversation_service.send_draft(anna.bot.instance_id, 1, text)
        assert "4711" not in await own_chat(anna)
