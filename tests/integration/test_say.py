"""What an owner says by way of the server, not on their phone."""

from pathlib import Path

from imposter.contracts.errors import NotConnected
from tests.house import OWN_CHAT, until
from tests.integration.api_house import Api, config, open_api
from tests.integration.behaviour_house import PROMPT

BEN = "ben"


async def made(api: Api, **behaviour: object) -> str:
    item = config(chat="platform", behaviour_config={**PROMPT, **behaviour})
    item["chat_provider_config"]["provider_config"] = {}
    instance_id = str((await api.put(item)).json()[0]["instance_id"])
    await until(lambda: "anna" in api.house.platforms and api.house.platforms["anna"].listening)
    return instance_id


async def say(api: Api, instance_id: str, text: str = "Let me call you.", **more: object) -> tuple[int, dict[str, str]]:
    answer = await api.client.post(f"/chatbot/{instance_id}/messages", json={"contact": BEN, "text": text, **more})
    return answer.status_code, answer.json()


async def test_it_is_sent_in_the_owners_name_and_the_bot_is_silent_there(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await made(api, brief=False)
        platform = api.house.platforms["anna"]
        await platform.hear(BEN, "one")
        await until(lambda: platform.texts(BEN) == ["Echo: one"])
        status, said = await say(api, instance_id)
        assert status == 202
        await until(lambda: platform.texts(BEN) == ["Echo: one", "Let me call you."])
        await platform.hear(BEN, "two")
        await platform.hear("eve", "three")
        await until(lambda: platform.texts("eve") == ["Echo: three"])
        messages = (await api.client.get(f"/chatbot/{instance_id}/messages", params={"conversation": BEN})).json()
        newest, by_hand, *_ = messages["messages"]
        assert (newest["content"], newest["state"], newest["reason"]) == ("two", "context", "takeover")
        assert (by_hand["message_id"], by_hand["source"], by_hand["reason"]) == (said["message_id"], "owner", "owner")
        assert by_hand["delivery"] == "sent"
        assert platform.texts(BEN) == ["Echo: one", "Let me call you."]


async def test_they_are_named_by_their_number_in_any_spelling_with_its_country(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await made(api, brief=False)
        platform = api.house.platforms["anna"]
        await platform.hear("491512345678", "one")
        await until(lambda: platform.texts("491512345678") == ["Echo: one"])
        assert (await say(api, instance_id, contact="\u202a+49 (0)151\u00a02345678\u202c"))[0] == 202
        status, said = await say(api, instance_id, contact="0151 2345678")
        assert status == 404
        assert "a number with its country code, such as +49 151 2345678" in said["detail"]


async def test_what_waited_there_is_not_answered_any_more(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await made(api, autonomy="draft")
        platform = api.house.platforms["anna"]
        await platform.hear(BEN, "one")
        await until(lambda: len(platform.texts(OWN_CHAT)) == 1)
        await say(api, instance_id)
        await until(lambda: platform.texts(BEN) == ["Let me call you."])
        [draft] = (await api.client.get(f"/chatbot/{instance_id}/drafts")).json()["drafts"]
        assert draft["state"] == "dropped"


async def test_asked_for_twice_it_is_said_once_also_when_the_link_was_away(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await made(api)
        platform = api.house.platforms["anna"]
        await platform.hear(BEN, "one")
        await until(lambda: len(platform.texts(BEN)) == 1)
        platform.trouble.append(NotConnected())
        first = await say(api, instance_id, key="k")
        assert await say(api, instance_id, key="k") == first
        await say(api, instance_id, "and then", key="l")
        await until(lambda: platform.texts(BEN)[1:] == ["Let me call you.", "and then"])
        await platform.hear("eve", "two")
        assert (await say(api, instance_id, "to another", key="k", contact="eve"))[0] == 202
        await until(lambda: platform.texts("eve")[-1:] == ["to another"])


async def test_where_the_owner_turned_takeover_off_the_bot_goes_on(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await made(api, takeover_minutes=0)
        platform = api.house.platforms["anna"]
        await platform.hear(BEN, "one")
        await until(lambda: len(platform.texts(BEN)) == 1)
        await say(api, instance_id)
        await until(lambda: len(platform.texts(BEN)) == 2)
        await platform.hear(BEN, "two")
        await until(lambda: platform.texts(BEN)[2:] == ["Echo: two"])


async def test_what_cannot_be_said_is_refused(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await made(api)
        assert (await say(api, instance_id))[0] == 404
        await api.house.platforms["anna"].hear(BEN, "one")
        status, problem = await say(api, instance_id, " \n ")
        assert (status, problem["errors"][0]["field"]) == (422, "text")  # type: ignore[index]
        await api.client.post(f"/chatbot/{instance_id}/stop")
        status, problem = await say(api, instance_id)
        assert (status, problem["detail"]) == (409, "The bot is not running: start it first.")


async def test_what_the_page_cannot_send_stays_in_its_box(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await made(api)
        platform = api.house.platforms["anna"]
        await platform.hear(BEN, "one")
        await until(lambda: len(platform.texts(BEN)) == 1)
        address = f"/bots/{instance_id}/chat"
        token = (await api.client.get("/new")).text.partition('name="form_token" value="')[2].partition('"')[0]
        form = {"form_token": token, "key": "k", "text": "x" * 20_001}
        refused = await api.client.post(f"{address}/say?chat={BEN}", data=form)
        assert refused.status_code == 422
        assert "longer than 20,000 characters" in refused.text
        assert "x" * 20_001 in refused.text
        await api.client.post(f"/chatbot/{instance_id}/stop")
        refused = await api.client.post(f"{address}/say?chat={BEN}", data=form | {"text": "a word of mine"})
        assert "start it first" in refused.text
        assert "a word of mine</textarea>" in refused.text
        assert len(platform.texts(BEN)) == 1
