"""The exam by the API, and as a page that is safe to look at."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from imposter.contracts.messages import Sender, Source
from tests.house import AT_ONCE, until
from tests.integration.api_house import Api, config, open_api

EVIL = "<script>alert('x')</script><img src=http://evil.example/x onerror=1>\u202e"
OBSERVING = {**AT_ONCE, "autonomy": "observe"}


async def talked(api: Api, *words: str) -> str:
    """A bot whose owner answered each of these."""
    item = config(chat="platform", behaviour_config=OBSERVING)
    item["chat_provider_config"]["provider_config"] = {}
    response = await api.put(item)
    instance_id = str(response.json()[0]["instance_id"])
    await until(lambda: "anna" in api.house.platforms and api.house.platforms["anna"].listening)
    platform = api.house.platforms["anna"]
    for text in words:
        await platform.hear("ben", text)
        await platform.queue.add_message(f"mine: {text}", Sender("me"), source=Source.OWNER, to="ben")
    return instance_id


async def exam(api: Api, instance_id: str) -> dict[str, Any]:
    """Once it has ended."""
    found: dict[str, Any] = {}

    async def has_ended() -> bool:
        found.update((await api.client.get(f"/chatbot/{instance_id}/exam")).json())
        return bool(found["state"] != "running")

    await until(has_ended, "the exam ends")
    return found


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")]


async def test_an_exam_is_begun_and_read_by_the_api(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await talked(api, "one?", "two?")
        address = f"/chatbot/{instance_id}/exam"
        assert (await api.client.get(address)).status_code == 404
        assert "no exam yet" in (await api.client.get(f"/bots/{instance_id}/exam")).text
        begun = await api.client.post(address, json={"pairs": 1})
        assert (begun.status_code, begun.json()["total"]) == (202, 1)
        found = await exam(api, instance_id)
        assert (found["state"], found["told"], found["done"]) == ("done", "It is finished.", 1)
        assert found["score"] == found["last_score"]
        assert [measure["name"] for measure in found["measures"]] == [
            "length",
            "emoji",
            "punctuation",
            "casing",
            "vocabulary",
        ]
        [pair] = found["pairs"]
        assert (pair["asked"], pair["owner"], pair["bot"]) == ("two?", "mine: two?", "Echo: two?")
        assert (await api.client.delete(address)).json() == found


async def test_what_cannot_be_asked_is_refused_by_name(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await talked(api)
        address = f"/chatbot/{instance_id}/exam"
        for body, field in (({"pairs": 0}, "pairs"), ({"pairs": 201}, "pairs"), ({"pears": 1}, "pears")):
            refused = await api.client.post(address, json=body)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
        assert (await api.client.post(address, json={"contact": "nobody"})).status_code == 404
        nothing = await api.client.post(address)
        assert nothing.status_code == 409
        assert "Import a chat" in nothing.json()["detail"]
        assert (await api.client.delete(address)).status_code == 404


async def test_the_page_shows_whatever_was_written_as_words(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await talked(api, EVIL)
        await api.client.post(f"/chatbot/{instance_id}/exam")
        await exam(api, instance_id)
        answer = await api.client.get(f"/bots/{instance_id}/exam")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        page = Page(answer.text)
        assert not {"iframe", "object", "base"} & set(page.tags)
        assert page.tags.count("img") == 1
        assert all(address.startswith(("/", "#")) for address in page.addresses)
        assert answer.text.count("&lt;script&gt;") == 3


async def test_the_page_shows_how_far_it_is(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await talked(api, "one?", "two?", "three?")
        slow = config(chat="platform", behaviour_config=OBSERVING)
        slow["chat_provider_config"]["provider_config"] = {}
        slow["llm_provider_config"]["provider_config"] = {"delay_seconds": 600}
        assert (await api.put(slow)).status_code == 200
        await api.client.post(f"/chatbot/{instance_id}/exam")
        page = (await api.client.get(f"/bots/{instance_id}/exam")).text
        assert '<progress max="3" value="0" aria-label="Answered">' in page
        assert (await api.client.delete(f"/chatbot/{instance_id}/exam")).json()["state"] == "cancelled"
        page = (await api.client.get(f"/bots/{instance_id}/exam")).text
        assert "<progress" not in page.partition("side")[0].partition('sse-swap="exam"')[2]
        assert "It was cancelled." in page
