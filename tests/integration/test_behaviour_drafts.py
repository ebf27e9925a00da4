"""Answers that wait for their owner's word, and what the owner says to the bot in their own chat."""

from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import InvalidState
from imposter.domain.drafts import DraftState
from imposter.runtime.commands import ResumeBot
from tests.integration.behaviour_house import PROMPT, Anna, open_anna
from tests.integration.safety_house import HandClock

DRAFT: dict[str, Any] = {**PROMPT, "autonomy": "draft"}
UP, DOWN = "\U0001f44d\U0001f3fd", "\U0001f44e"


async def drafts(anna: Anna) -> list[tuple[str, str, str, DraftState]]:
    """Question, text, why and state of each, the oldest first."""
    rows = await anna.house.bot_service.conversation_service.drafts(anna.bot.instance_id)
    return [(row.question, row.text, row.why, row.state) for row in reversed(rows)]


async def states(anna: Anna) -> list[DraftState]:
    return [state for *_, state in await drafts(anna)]


async def test_the_owner_sees_it_first_and_sends_it_by_a_thumb_up(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        assert anna.platform.texts("bob") == []
        [note] = anna.notes()
        assert "coming?" in note
        assert "re: coming?" in note
        assert (await anna.reasons())["coming?"] == ("context", "drafted")
        await anna.react(UP, anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: coming?"]
        assert await drafts(anna) == [("coming?", "re: coming?", "autonomy", DraftState.SENT)]
        assert len(anna.notes()) == 1
        await anna.react(UP, anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: coming?"]


async def test_a_reply_is_sent_in_its_place(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        await anna.say_to_herself("not today", quotes=anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == ["not today"]
        assert await states(anna) == [DraftState.EDITED]
        await anna.hear("and tomorrow?")
        await anna.settle()
        assert anna.model.prompts()[-1] == ["coming?", "not today", "and tomorrow?"]


async def test_a_reply_goes_with_whom_it_was_for_when_they_are_forgotten(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        await anna.say_to_herself("not today, Bob", quotes=anna.note_id())
        await anna.say_to_herself("buy milk")
        await anna.hear("and you?", sender="cleo")
        await anna.settle()
        await anna.say_to_herself("I am, Cleo", quotes=anna.note_id())
        await anna.settle()
        await anna.house.bot_service.forget(anna.bot.instance_id, "bob")
        left = await anna.reasons()
        assert not [text for text in left if "Bob" in text or "coming" in text]
        assert {"buy milk", "and you?", "I am, Cleo"} <= left.keys()


async def test_a_thumb_down_drops_it(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        await anna.react(DOWN, anna.note_id())
        await anna.settle()
        assert (await anna.reasons())["coming?"] == ("context", "draft_dropped")
        await anna.react(UP, anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert anna.notes()[-1] == "Too late for the answer to “bob”: it was dropped."


async def test_an_hour_s_silence_drops_it_over_a_restart_too(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        note = anna.note_id()
        await anna.pass_by(1800)
    async with open_anna(tmp_path, clock, DRAFT) as anna:
        await anna.pass_by(1799)
        assert await states(anna) == [DraftState.OPEN]
        await anna.pass_by(2)
        assert await states(anna) == [DraftState.EXPIRED]
        assert (await anna.reasons())["coming?"] == ("context", "draft_expired")
        await anna.react(UP, note)
        await anna.settle()
        assert anna.platform.texts("bob") == []


async def test_a_restart_in_between_loses_and_doubles_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        note = anna.note_id()
    async with open_anna(tmp_path, clock, DRAFT) as anna:
        await anna.settle()
        assert anna.notes() == []
        await anna.react(UP, note)
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: coming?"]


async def test_what_comes_in_meanwhile_is_answered_with_it(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        first = anna.note_id()
        await anna.hear("or not?")
        await anna.settle()
        assert await states(anna) == [DraftState.REPLACED, DraftState.OPEN]
        assert anna.model.prompts()[-1] == ["coming?", "or not?"]
        await anna.react(UP, first)
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert "there is a newer draft" in anna.notes()[-1]
        await anna.react(UP, anna.note_id(1))
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: or not?"]


async def test_two_who_approve_at_once_send_once(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        [row] = await anna.house.bot_service.conversation_service.drafts(anna.bot.instance_id)
        await anna.react(UP, anna.note_id())
        await anna.settle()
        with pytest.raises(InvalidState, match="it was sent"):
            await anna.house.bot_service.conversation_service.send_draft(anna.bot.instance_id, row.number)
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: coming?"]


async def test_other_words_to_oneself_are_nobody_s_business(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.say_to_herself("buy milk")
        await anna.say_to_herself("the one from yesterday", quotes="another")
        await anna.react(UP, "another")
        await anna.settle()
        assert anna.model.asked == []
        assert anna.platform.sent == []
        assert set((await anna.reasons()).values()) == {("ignored", "own_chat")}


async def test_the_owner_who_takes_over_needs_no_draft(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), DRAFT) as anna:
        await anna.hear("coming?")
        await anna.settle()
        await anna.write_herself("on my way")
        await anna.react(UP, anna.note_id())
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert await states(anna) == [DraftState.DROPPED]
        assert (await anna.reasons())["coming?"] == ("context", "takeover")


async def test_a_model_in_doubt_asks_its_owner(tmp_path: Path) -> None:
    more = {"llm_provider_config": {"provider_name": "model", "provider_config": {"prefix": "maybe [[unsure]] "}}}
    async with open_anna(tmp_path, HandClock(), PROMPT, **more) as anna:
        await anna.hear("coming?")
        await anna.settle()
        assert await drafts(anna) == [("coming?", "maybe coming?", "doubt", DraftState.OPEN)]
        assert "[[unsure]]" not in "".join(anna.notes())


HOURS = {"time_zone": "UTC", "start": "08:00", "end": "22:00"}


async def test_by_itself_within_the_hours_and_as_a_draft_outside(tmp_path: Path) -> None:
    clock = HandClock()
    behaviour = {**PROMPT, "autonomy": "auto_in_hours", "active_hours": HOURS}
    async with open_anna(tmp_path, clock, behaviour) as anna:
        await anna.hear("at noon")
        await anna.settle()
        await anna.pass_by(11 * 3600)
        await anna.hear("at eleven")
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: at noon"]
        assert await drafts(anna) == [("at eleven", "re: at eleven", "out_of_hours", DraftState.OPEN)]


async def test_blocked_topics_are_left_to_the_owner_without_asking_the_model(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "blocked": ["divorce"]}) as anna:
        await anna.hear("about the DIVORCE...")
        await anna.settle()
        assert anna.model.asked == []
        assert await drafts(anna) == [("about the DIVORCE...", "", "blocked", DraftState.OPEN)]
        await anna.react(UP, anna.note_id())
        await anna.settle()
        assert "no answer to send" in anna.notes()[-1]
        await anna.say_to_herself("let us talk tonight", quotes=anna.note_id(0))
        await anna.settle()
        assert anna.platform.texts("bob") == ["let us talk tonight"]


async def test_who_asks_for_a_machine_gets_its_owner(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, PROMPT) as anna:
        await anna.hear("Are you a bot?")
        await anna.settle()
        await anna.hear("hello?")
        await anna.settle()
        assert anna.platform.texts("bob") == []
        assert (await anna.reasons())["hello?"] == ("context", "handed_over")
        assert "machine" in (await anna.bot.status()).safety.reasons[0]
        await anna.bot.execute(ResumeBot(contact="bob"))
        await anna.hear("so?")
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: so?"]


async def test_or_an_honest_word(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "asked_if_bot": "honest"}) as anna:
        await anna.hear("bist du ein Bot?")
        await anna.settle()
        assert anna.platform.texts("bob")[0].startswith("Ja, hier antwortet ein automatischer Assistent")
        assert anna.model.asked == []


async def test_or_a_light_one_but_only_once(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), {**PROMPT, "asked_if_bot": "deflect"}) as anna:
        await anna.hear("are you a bot?")
        await anna.settle()
        await anna.hear("no really, are you a bot?")
        await anna.settle()
        assert anna.platform.texts("bob") == ["Haha, why do you ask?"]
        assert (await anna.reasons())["no really, are you a bot?"] == ("context", "drafted")


async def test_a_word_in_the_chat_pauses_it_and_another_ends_that(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await anna.write_herself(" !Pause ")
        await anna.hear("hello?")
        await anna.settle()
        await anna.pass_by(3 * 3600)
        await anna.hear("hello again?")
        await anna.settle()
        assert anna.platform.texts("bob") == []
        await anna.write_herself("!resume")
        await anna.hear("anybody?")
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: anybody?"]
        assert "!resume" not in anna.model.prompts()[-1]


async def test_so_does_a_reaction(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), PROMPT) as anna:
        await anna.hear("hi", message_id="m1")
        await anna.settle()
        await anna.react("\u270b\U0001f3fb", "m1", chat="bob")
        await anna.hear("hello?")
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: hi"]
        await anna.react("\u25b6", "m1", chat="bob")
        await anna.hear("anybody?")
        await anna.settle()
        assert anna.platform.texts("bob") == ["re: hi", "re: anybody?"]


async def test_a_word_to_oneself_pauses_the_whole_bot_or_the_chat_that_a_note_is_about(tmp_path: Path) -> None:
    async with open_anna(
        tmp_path, HandClock(), {**PROMPT, "names": ["Anna"]}, contacts=[{"id": "bob", "autonomy": "draft"}]
    ) as anna:
        await anna.hear("coming?")
        await anna.settle()
        await anna.say_to_herself("!pause", quotes=anna.note_id())
        await anna.hear("hello?")
        await anna.hear("hello?", "eve")
        await anna.settle()
        assert len(anna.notes()) == 1
        assert anna.platform.texts("eve") == ["re: hello?"]
        await anna.say_to_herself("!pause")
        await anna.hear("still there?", "eve")
        await anna.settle()
        assert anna.platform.texts("eve") == ["re: hello?"]
        await anna.say_to_herself("!resume")
        await anna.settle()
        await anna.hear("and now?", "eve")
        await anna.settle()
        assert anna.platform.texts("eve") == ["re: hello?", "re: and now?"]
