"""How the owner writes: learned from exports and their own messages, and told to the model of that very chat alone."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from imposter.contracts.messages import Sender, Source, Turn
from imposter.contracts.model import Guidance, Prompt
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.storage.learning.evaluations import EvaluationState
from tests.house import AT_ONCE, HASTE, Calendar, until
from tests.integration.api_house import Api, open_api

BOBS, TO_BOB, TO_CAROL, BOTS = "bobs-canary", "canary-for-bob", "canary-for-carol", "canary-of-the-bot"
Asked = list[tuple[list[str], Guidance | None]]


def export(count: int = 30) -> str:
    """A chat with Bob, of an exchange a day, in which Anna writes small letters and no full stop."""
    began = datetime(2025, 1, 1, 10, 0, tzinfo=UTC)
    return "".join(
        f"[{day:%d.%m.%y}, 10:00:00] Bob: {BOBS} what about the boat number {number}?\n"
        f"[{day:%d.%m.%y}, 10:05:00] Anna: {TO_BOB} boat {number} is fine\n"
        for number in range(count)
        for day in [began + timedelta(days=number)]
    )


@asynccontextmanager
async def guided(folder: Path, **behaviour: Any) -> AsyncIterator[tuple[Api, str, Asked, Calendar]]:
    """Anna's bot, whose model takes guidance; what it was asked stands in the list."""
    asked: Asked = []
    clock = Calendar()

    class Guided:
        def __init__(self, user_id: str, config: dict[str, Any]) -> None: ...

        async def reply(self, turns: Sequence[Turn]) -> str:
            return await self.reply_to(Prompt(turns))

        async def reply_to(self, prompt: Prompt) -> str:
            asked.append(([turn.content for turn in prompt.turns], prompt.guidance))
            guided = prompt.guidance is not None and prompt.turns[-1].content == "SAY IT"
            return prompt.guidance.style if prompt.guidance is not None and guided else BOTS

    async with open_api(folder, ProviderFile(ProviderKind.MODEL, "guided", provider=Guided), clock=clock) as api:
        bot = await api.create(
            chat="platform", model="guided", behaviour_config={**AT_ONCE, **behaviour}, limits_config=HASTE
        )
        await until(lambda: "anna" in api.house.platforms and api.house.platforms["anna"].listening)
        yield api, bot, asked, clock


async def upload(api: Api, bot: str, data: str | bytes, **query: str) -> httpx2.Response:
    content = data.encode() if isinstance(data, str) else data
    return await api.client.post(f"/chatbot/{bot}/voice/import", params=query, content=content)


async def ask(api: Api, asked: Asked, sender: str, text: str) -> Guidance | None:
    """What the model was told of the owner's voice when this contact wrote."""
    before = len(asked)
    await api.house.platforms["anna"].hear(sender, text)
    await until(lambda: len(asked) > before)
    return asked[-1][1]


async def write_herself(api: Api, to: str, *texts: str) -> None:
    for text in texts:
        await api.house.platforms["anna"].queue.add_message(text, Sender("anna"), source=Source.OWNER, to=Sender(to))


async def test_the_model_is_told_how_the_owner_writes_to_this_very_contact(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, asked, _):
        assert await ask(api, asked, "bob", "hello there") is None
        answer = await upload(api, bot, export(), contact="bob", owner="Anna")
        assert answer.json()["answers"] == 30, answer.text
    async with guided(tmp_path) as (api, _, asked, _):
        told = await ask(api, asked, "bob", "and what about the boat number 7?")
        assert told is not None
        assert "Mostly small letters only" in told.style
        assert BOBS not in told.style
        assert f"{TO_BOB} boat 7 is fine" in [example.answered for example in told.examples]


async def test_what_is_said_in_one_chat_reaches_no_other_chats_prompt(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, asked, _):
        await upload(api, bot, export(), contact="bob", owner="Anna")
        await write_herself(api, "carol", *(f"{TO_CAROL} boat {number} \U0001f600" for number in range(25)))
        to_dora = await ask(api, asked, "dora", "what about the boat number 7?")
        assert to_dora is not None
        assert "characters" in to_dora.style
        assert to_dora.examples == ()
        for words in (BOBS, TO_BOB, TO_CAROL, "boat", "\U0001f600"):
            assert words not in to_dora.style
        to_carol = await ask(api, asked, "carol", "what about the boat number 7?")
        assert to_carol is not None
        assert "\U0001f600" in to_carol.style
        shown = to_carol.style + "".join(each.asked + each.answered for each in to_carol.examples)
        assert BOBS not in shown
        assert TO_BOB not in shown


async def test_what_the_bot_said_never_becomes_the_owners_voice(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, asked, clock):
        for number in range(25):
            await ask(api, asked, "bob", f"what about the boat number {number}?")
            clock.pass_by(minutes=2)
        assert {told for _, told in asked} == {None}
        assert (await api.client.get(f"/chatbot/{bot}/voice")).json() == {"told": [], "messages": 0, "imported": []}
        await write_herself(api, "bob", *(f"well number {number}" for number in range(25)))
        told = await ask(api, asked, "bob", "what about the boat number 3?")
        assert told is not None
        assert BOTS not in told.style + "".join(each.asked + each.answered for each in told.examples)
        assert "boat" not in "".join(each.asked for each in told.examples)  # that the bot had answered before


async def test_turned_off_nothing_is_told(tmp_path: Path) -> None:
    async with guided(tmp_path, voice=False) as (api, bot, asked, _):
        await upload(api, bot, export(), contact="bob", owner="Anna")
        assert await ask(api, asked, "bob", "what about the boat number 7?") is None


async def test_the_owner_sees_what_is_known_and_deletes_it(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, asked, clock):
        await upload(api, bot, export(), contact="bob", owner="Anna")
        await upload(api, bot, export(25), contact="bob", owner="anna")
        seen = (await api.client.get(f"/chatbot/{bot}/voice")).json()
        assert seen["imported"] == [{"contact": "bob", "answers": 25}]
        assert seen["messages"] == 25
        assert "Messages end with no mark at all (100%)." in seen["told"]
        assert await ask(api, asked, "bob", "what about the boat number 7?") is not None
        assert (await api.client.delete(f"/chatbot/{bot}/voice")).json() == {"answers": 25}
        clock.pass_by(minutes=11)
        assert await ask(api, asked, "bob", "what about the boat number 7?") is None


async def test_who_is_forgotten_is_told_of_no_more(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, asked, _):
        await upload(api, bot, export(), contact="bob", owner="Anna")
        assert await ask(api, asked, "bob", "what about the boat number 7?") is not None
        assert (await api.client.delete(f"/chatbot/{bot}/contacts/bob")).status_code == 200
        assert (await api.client.get(f"/chatbot/{bot}/voice")).json()["imported"] == []
        assert await ask(api, asked, "bob", "what about the boat number 7?") is None


@pytest.mark.parametrize(
    ("query", "data", "field", "told"),
    [
        ({"contact": "bob"}, export(), "owner", "is missing: which of these are you? 'Bob', 'Anna'"),
        ({"contact": "bob", "owner": "Zoe"}, export(), "owner", "must be one of the names in the file: 'Bob', 'Anna'"),
        ({"contact": "0151 2345678", "owner": "Anna"}, export(), "contact", "with its country code"),
        ({"owner": "Anna"}, export(), "contact", "required"),
        ({"contact": "bob", "owner": "Anna"}, "", "file", "is empty"),
        ({"contact": "bob", "owner": "Anna"}, "hello", "file", "No message of an exported WhatsApp chat"),
        ({"contact": "bob", "owner": "Anna"}, b"PK\x03\x04 nothing", "file", "The zip is broken"),
    ],
)
async def test_what_cannot_be_learned_from_is_refused_by_its_field(
    tmp_path: Path, query: dict[str, str], data: str | bytes, field: str, told: str
) -> None:
    async with guided(tmp_path) as (api, bot, *_):
        await upload(api, bot, export(), contact="bob", owner="Anna")
        answer = await upload(api, bot, data, **query)
        assert answer.status_code == 422, answer.text
        (problem,) = answer.json()["errors"]
        assert problem["field"] == field
        assert told.lower() in problem["message"].lower()
        seen = (await api.client.get(f"/chatbot/{bot}/voice")).json()
        assert seen["imported"] == [{"contact": "bob", "answers": 30}]


async def test_a_chat_may_be_larger_than_other_bodies_and_has_its_own_bound(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, *_):
        long = export() + f"[01.03.25, 10:00:00] Bob: {'x' * 2_000_000}\n"
        assert (await upload(api, bot, long, contact="bob", owner="Anna")).status_code == 200
        answer = await upload(api, bot, b"x" * (20 * 1024 * 1024 + 1), contact="bob", owner="Anna")
        assert answer.status_code == 413
        assert "export the chat without media" in answer.text


async def test_an_exam_is_guided_by_what_was_before_and_not_by_its_own_answers(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, asked, _):
        await upload(api, bot, export(), contact="bob", owner="Anna")
        await api.client.post(f"/chatbot/{bot}/exam", json={"pairs": 3})

        async def is_done() -> bool:
            return (await api.house.bot_service.exam(bot)).state is EvaluationState.DONE

        await until(is_done)
        told = {turns[-1]: guidance for turns, guidance in asked}
        assert len(told) == 3
        for question, guidance in told.items():
            assert guidance is not None, question
            assert guidance.examples
            answers = {example.answered for example in guidance.examples}
            assert answers.isdisjoint(f"{TO_BOB} boat {number} is fine" for number in (27, 28, 29))


async def test_what_the_model_was_told_of_the_voice_is_not_told_on(tmp_path: Path) -> None:
    async with guided(tmp_path, guard="off") as (api, bot, asked, _):
        await upload(api, bot, export(), contact="bob", owner="Anna")
        told = await ask(api, asked, "bob", "SAY IT")
        assert told is not None

        async def is_held() -> bool:
            return bool(await api.house.bot_service.conversation_service.drafts(bot))

        await until(is_held)
        assert api.house.platforms["anna"].texts("bob") == []


async def test_an_import_says_what_it_read_and_what_not(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, *_):
        lines = export(40) + (
            "[10.02.25, 10:06:00] Anna: \u200eimage omitted\n"
            "[09.01.25, 18:00:00] Karl: bring the ladder\n"
            "[31.02.25, 10:00:00] Bob: see you\n"
        )
        answer = await upload(
            api, bot, lines.encode() + b"[11.02.25, 10:00:00] Bob: h\xffi\n", contact="bob", owner="anna"
        )
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "answers": 40, "app": "WhatsApp", "owner": "Anna", "chat_with": ["Bob"], "members": 2, "group": False,
            "speakers": [
                {"name": "Bob", "lines": 41, "member": True}, {"name": "Anna", "lines": 41, "member": True},
                {"name": "Karl", "lines": 1, "member": False},
            ],
            "counts": {"text": 81, "media": 1, "quoted": 1},
            "unread": [{"file": "", "line": 83, "text": "[31.02.25, 10:00:00] Bob: see you"}],
            "unread_lines": 1, "damaged_lines": 1,
            "first_at": "2025-01-01T10:00:00Z", "last_at": "2025-02-11T10:00:00Z",
        }  # fmt: skip


async def test_several_files_of_one_chat_come_as_a_form(tmp_path: Path) -> None:
    async with guided(tmp_path) as (api, bot, *_):
        files = [("file", ("old.txt", export(30).encode())), ("file", ("new.txt", export(40).encode()))]
        answer = await api.client.post(
            f"/chatbot/{bot}/voice/import", params={"contact": "bob", "owner": "Anna"}, files=files
        )
        assert answer.json()["answers"] == 40, answer.text
        mixed = [files[0], ("file", ("karl.txt", export(30).replace("Bob", "Karl").encode()))]
        query = {"contact": "bob", "owner": "Anna"}
        answer = await api.client.post(f"/chatbot/{bot}/voice/import", params=query, files=mixed)
        assert answer.json()["errors"] == [
            {"field": "chat", "message": "must be one of the chats in the file: 'Bob, Anna', 'Karl, Anna'"}
        ]
        answer = await api.client.post(f"/chatbot/{bot}/voice/import", params={**query, "chat": "Karl"}, files=mixed)
        assert answer.json()["chat_with"] == ["Karl"], answer.text


async def test_a_chat_of_another_app_is_learned_from(tmp_path: Path) -> None:
    messages = [
        {"type": "message", "date": f"2025-01-{day:02}T10:0{minute}:00", "from": name, "from_id": name, "text": text}
        for day in range(1, 31)
        for minute, name, text in ((0, "Bob", f"what about the boat {day}?"), (5, "Anna", f"boat {day} is fine"))
    ]
    async with guided(tmp_path) as (api, bot, asked, _):
        chat = json.dumps({"name": "Bob", "type": "personal_chat", "id": 1, "messages": messages})
        answer = await upload(api, bot, chat, contact="bob", owner="Anna")
        assert (answer.json()["app"], answer.json()["answers"]) == ("Telegram", 30)
        told = await ask(api, asked, "bob", "what about the boat 7?")
        assert told is not None
        assert "boat 7 is fine" in [example.answered for example in told.examples]
