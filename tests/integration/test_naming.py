"""People and groups bear the name that their owner gave them, wherever the owner reads of them."""

from pathlib import Path
from typing import Any

from imposter.contracts.chat import NewNames
from imposter.contracts.messages import Group, Sender
from tests.house import AT_ONCE, OWN_CHAT
from tests.integration.api_house import Api
from tests.integration.knowing_model import answered, drafted, open_knowing

SIS: dict[str, Any] = {"id": "ann", "name": "Sis"}
GROUPS: dict[str, Any] = {
    "chat_provider_config": {"provider_name": "platform", "provider_config": {"allow_group_messages": True}}
}


async def shown(api: Api, path: str) -> str:
    return (await api.client.get(path)).text


async def test_a_draft_its_note_and_the_page_say_what_the_owner_calls_them(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, behaviour_config={**AT_ONCE, "autonomy": "draft"}, contacts=[SIS]) as (api, bot):
        platform = api.house.platforms["anna"]
        # The entry names one of her ids, and she writes by another.
        await platform.queue.add_message("coming?", Sender("ann@lid", "Ann Kern", ("ann",)))
        [draft] = await drafted(api, bot, 1)
        assert draft["name"] == "Sis"
        [note] = await answered(api, OWN_CHAT, 1)
        assert "My answer to \u201cSis\u201d" in note
        assert "\u201cSis\u201d wrote:" in note
        assert "Ann Kern" not in note
        for path in ("chats", f"chat?chat={draft['conversation']}", "drafts"):
            page = await shown(api, f"/bots/{bot}/{path}")
            assert "<bdi>Sis</bdi>" in page or ">Sis<" in page
            assert "Ann Kern" not in page
        [row] = (await api.client.get(f"/chatbot/{bot}/contacts")).json()["contacts"]
        assert (row["name"], row["saved_name"], row["own_name"]) == ("Sis", "", "Ann Kern")
        refused = await api.client.post(f"/chatbot/{bot}/drafts/{draft['number']}/drop")
        assert refused.json()["name"] == "Sis"
        refused = await api.client.post(f"/chatbot/{bot}/drafts/{draft['number']}/send")
        assert "the answer to \u201cSis\u201d" in refused.json()["detail"]


async def test_then_the_address_book_counts_and_then_their_own_word(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, behaviour_config={**AT_ONCE, "autonomy": "draft"}) as (api, bot):
        platform = api.house.platforms["anna"]
        await platform.context.learn_names([NewNames(["ben"], saved="Plumber")])
        await platform.queue.add_message("the pipe", Sender("ben", "Benny"))
        await platform.queue.add_message("hello", Sender("eve", "Eve"))
        drafts = await drafted(api, bot, 2)
        assert {draft["name"] for draft in drafts} == {"Plumber", "Eve"}
        rows = (await api.client.get(f"/chatbot/{bot}/contacts")).json()["contacts"]
        assert [row["name"] for row in rows] == ["Plumber", "Eve"]


async def test_in_a_group_each_speaker_has_theirs(tmp_path: Path) -> None:
    contacts = [SIS, {"id": "team", "name": "Work"}]
    behaviour = {**AT_ONCE, "autonomy": "draft"}
    async with open_knowing(tmp_path, behaviour_config=behaviour, contacts=contacts, **GROUPS) as (api, bot):
        group = Group("team", "The Team")
        await api.house.platforms["anna"].queue.add_message("who comes?", Sender("ann", "Ann Kern"), group=group)
        [draft] = await drafted(api, bot, 1)
        assert draft["name"] == "Sis"
        [note] = await answered(api, OWN_CHAT, 1)
        assert "to \u201cSis\u201d in the group \u201cWork\u201d" in note
        page = await shown(api, f"/bots/{bot}/chat?chat=team")
        assert "<bdi>Sis</bdi>" in page
        assert "Ann Kern" not in page
        [row] = (await api.client.get(f"/chatbot/{bot}/groups")).json()["groups"]
        assert row == {"id": "team", "name": "Work", "title": "The Team"}


async def test_so_has_what_was_said_for_the_owner(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, contacts=[SIS]) as (api, bot):
        await api.house.platforms["anna"].queue.add_message("hello", Sender("ann", "Ann Kern"))
        await answered(api, "ann", 1)
        brief = await api.client.get(f"/chatbot/{bot}/brief?contact=ann")
        assert brief.json()["name"] == "Sis"
