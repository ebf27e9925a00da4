"""Making, changing, showing and removing bots through the API."""

import json
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import StorageError
from imposter.storage.database.jobs import Pending
from imposter.web.api import examples
from imposter.web.api.bots import MAX_ITEMS
from tests.house import House, until
from tests.integration.api_house import Api, config, open_api

SECRET = "sk-never-to-be-seen"


def openai(**more: Any) -> dict[str, Any]:
    return {"provider_name": "openAi", "provider_config": {"api_key": SECRET, "model": "gpt-4"} | more}


async def test_the_documented_examples_create_what_they_say(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        for configs in examples.CONFIGS.values():
            response = await api.put(*configs)
            assert response.status_code == 200, response.text
            assert [set(answer) for answer in response.json()] == [{"user_id", "instance_id"}]
            assert response.json()[0]["user_id"] == configs[0]["user_id"]


async def test_the_answer_is_in_the_order_of_the_request(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        users = [f"user {number}" for number in range(100)]
        response = await api.put(*(config(user) for user in users))
        assert response.status_code == 200
        assert [answer["user_id"] for answer in response.json()] == users
        assert len({answer["instance_id"] for answer in response.json()}) == 100
        assert [status["user_id"] for status in (await api.client.get("/chatbot")).json()] == users


async def test_the_same_user_again_is_changed_in_place(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        first = await api.create("anna")
        assert await api.create("anna", respond_to_whitelist=["123456"]) == first
        shown = (await api.client.get(f"/chatbot/{first}")).json()
        assert shown["config"]["respond_to_whitelist"] == ["123456"]
        assert len((await api.client.get("/chatbot")).json()) == 1


async def test_some_bad_items_do_not_keep_the_good_ones_back(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        response = await api.put(config("good"), config("bad", queue_config={"max_messages": 0, "maxdays": 1}), 5)
        assert response.status_code == 207
        good, bad, worse = response.json()
        assert set(good) == {"user_id", "instance_id"}
        assert bad["user_id"] == "bad"
        assert bad["error"]["field"] == "queue_config.max_messages"
        assert [error["field"] for error in bad["errors"]] == ["queue_config.max_messages", "queue_config.maxdays"]
        assert worse == {"user_id": None, "error": {"field": "", "message": "must be a JSON object"}}
        assert [bot["user_id"] for bot in (await api.client.get("/chatbot")).json()] == ["good"]


async def test_all_bad_is_422_with_an_answer_for_each(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        response = await api.put(config("x", chat="nowhere"), config("x"))
        assert response.status_code == 422
        assert [answer["user_id"] for answer in response.json()] == ["x", "x"]
        assert (await api.client.get("/chatbot")).json() == []


async def test_a_changed_base_url_wants_its_key_again(tmp_path: Path) -> None:
    """Neither the key that is stored, nor the mask in its place, nor the server's own goes to a new address."""
    where = "llm_provider_config.provider_config"
    async with open_api(tmp_path) as api:
        bot = await api.create("anna", llm_provider_config=openai())
        kept = (await api.client.get(f"/chatbot/{bot}")).json()["config"]
        moved = {**kept["llm_provider_config"]["provider_config"], "base_url": "https://models.example/v1"}
        for key in ({}, {"api_key": None}, {"api_key": moved["api_key"]}):
            sent = {name: value for name, value in moved.items() if name != "api_key"} | key
            choice = {"provider_name": "openAi", "provider_config": sent}
            response = await api.put(config("anna", llm_provider_config=choice))
            assert response.status_code == 422, response.text
            assert response.json()[0]["error"]["field"] == f"{where}.api_key"
        assert (await api.client.get(f"/chatbot/{bot}")).json()["config"] == kept
        choice = {"provider_name": "openAi", "provider_config": moved | {"api_key": "sk-of-models-example"}}
        assert await api.create("anna", llm_provider_config=choice) == bot


async def test_a_private_base_url_is_refused_by_its_path_with_the_cure(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        given = {"model": "llama", "api_key": "ollama", "base_url": "http://127.0.0.1:11434/v1"}
        choice = {"provider_name": "openAi", "provider_config": given}
        response = await api.put(config("anna", llm_provider_config=choice))
        assert response.status_code == 422
        error = response.json()[0]["error"]
        assert error["field"] == "llm_provider_config.provider_config.base_url"
        assert "127.0.0.1:11434 to IMPOSTER_ALLOW_PRIVATE_URLS" in error["message"]


async def test_more_configs_than_one_request_may_hold_are_refused_unread(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        response = await api.put(config("good"), *[0] * MAX_ITEMS)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert "in several requests" in response.json()["errors"][0]["message"]
        assert (await api.client.get("/chatbot")).json() == []
        fits = await api.put(*[0] * MAX_ITEMS)
        assert (fits.status_code, len(fits.json())) == (422, MAX_ITEMS)
        body = api.app.openapi()["paths"]["/chatbot"]["put"]["requestBody"]["content"]["application/json"]
        assert body["schema"]["maxItems"] == MAX_ITEMS


@pytest.mark.parametrize(
    ("field", "largest"), [("max_tokens", 10**7), ("max_completion_tokens", 10**7), ("seed", 2**63 - 1)]
)
async def test_a_number_for_the_model_has_a_bound(tmp_path: Path, field: str, largest: int) -> None:
    async with open_api(tmp_path) as api:
        assert (await api.put(config(llm_provider_config=openai(**{field: largest})))).status_code == 200
        response = await api.put(config(llm_provider_config=openai(**{field: largest + 1})))
        assert response.json()[0]["error"]["field"] == f"llm_provider_config.provider_config.{field}"


async def test_an_empty_array_is_nothing_to_do(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        response = await api.put()
        assert (response.status_code, response.json()) == (200, [])


@pytest.mark.parametrize("body", [{}, {"user_id": "a"}, "text", 5, None, True])
async def test_what_is_no_array_is_refused_with_the_cure(tmp_path: Path, body: Any) -> None:
    async with open_api(tmp_path) as api:
        sent = json.dumps(body).encode()
        response = await api.client.put("/chatbot", content=sent, headers={"Content-Type": "application/json"})
        assert response.status_code == 422
        assert "array" in response.json()["errors"][0]["message"]


async def test_a_provider_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        response = await api.put(config(chat="broken"))
        assert "line 1" in response.json()[0]["error"]["message"]


async def test_a_secret_goes_in_and_never_comes_out(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await api.create(llm_provider_config=openai())
        answers = [
            await api.client.get(path)
            for path in ("/chatbot", f"/chatbot/{instance_id}", f"/chatbot/{instance_id}/status", "/providers")
        ]
        assert all(answer.status_code == 200 for answer in answers)
        assert SECRET not in "".join(answer.text for answer in answers)
        shown = answers[1].json()["config"]
        assert shown["llm_provider_config"]["provider_config"] == {"api_key": "**********", "model": "gpt-4"}
        again = await api.put(shown)
        assert again.status_code == 422
        assert again.json()[0]["error"]["field"] == "llm_provider_config.provider_config.api_key"
        refused = await api.put(config(llm_provider_config=openai(api_key=[SECRET], modl=SECRET)))
        assert refused.status_code == 422
        assert SECRET not in refused.text


async def test_a_stopped_bot_stays_stopped_until_it_is_started(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await api.create()
        stopped = await api.client.post(f"/chatbot/{instance_id}/stop")
        assert (stopped.status_code, stopped.json()["status"]) == (200, "stopped")
        assert await api.create() == instance_id
        assert (await api.client.get(f"/chatbot/{instance_id}/status")).json()["status"] == "stopped"
        assert (await api.client.post(f"/chatbot/{instance_id}/start")).status_code == 200
        await until(lambda: _status_is(api, instance_id, "connected"))
        assert (await api.client.post(f"/chatbot/{instance_id}/unlink")).status_code == 200


async def test_a_deleted_bot_is_gone_and_its_user_gets_a_new_one(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        first = await api.create()
        gone = await api.client.delete(f"/chatbot/{first}")
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await api.client.delete(f"/chatbot/{first}")).status_code == 404
        assert await api.create() != first


@pytest.mark.parametrize(
    "user_id", ["../../etc/passwd", "a/b", "'; DROP TABLE bots; --", "名前 🙂", "{user_id}", "%00"]
)
async def test_any_text_is_a_user_and_none_is_a_path(tmp_path: Path, user_id: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with open_api(folder) as api:
        before = _folders(tmp_path)
        instance_id = await api.create(user_id)
        assert (await api.client.get(f"/chatbot/{instance_id}/status")).json()["user_id"] == user_id
        assert _folders(tmp_path) == before


async def test_when_nothing_can_be_stored_the_request_fails_and_may_be_sent_again(tmp_path: Path) -> None:
    def full(house: House) -> None:
        def add(*args: Any, **more: Any) -> Pending[Any]:
            raise StorageError("connection to 10.1.2.3 failed")

        house.store.bots.add = add  # type: ignore[method-assign]

    async with open_api(tmp_path, spoil=full) as api:
        response = await api.put(config("anna"), config("bob", queue_config={"max_days": 0}))
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert "the server's log says why" in response.json()["detail"]
        assert "10.1.2.3" not in response.text
        assert (await api.client.get("/chatbot")).json() == []


async def test_messages_are_listed_newest_first_and_page_by_page(tmp_path: Path) -> None:
    script = {"messages": [{"content": f"message {number}", "sender": f"friend {number}"} for number in range(3)]}
    async with open_api(tmp_path) as api:
        chat = {"provider_name": "dummy", "provider_config": script}
        instance_id = await api.create(chat_provider_config=chat)
        address = f"/chatbot/{instance_id}/messages"

        async def all_answered() -> bool:
            page = (await api.client.get(address)).json()
            return len(page["messages"]) == 6

        await until(all_answered)
        whole = (await api.client.get(address)).json()
        assert whole["before"] is None
        paged: list[dict[str, Any]] = []
        before: int | None = None
        while True:
            more = {} if before is None else {"before": before}
            page = (await api.client.get(address, params={"limit": 4} | more)).json()
            paged += page["messages"]
            before = page["before"]
            if before is None:
                break
        assert [message["seq"] for message in paged] == sorted((m["seq"] for m in paged), reverse=True)
        assert {message["seq"] for message in paged} == {message["seq"] for message in whole["messages"]}
        assert {m["content"] for m in paged if m["source"] == "user"} == {f"message {number}" for number in range(3)}
        conversation = whole["messages"][0]["conversation"]
        one = (await api.client.get(address, params={"conversation": conversation})).json()
        assert {message["conversation"] for message in one["messages"]} == {conversation}
        assert len(one["messages"]) == 2
        assert (await api.client.get(address, params={"conversation": "nobody"})).json()["messages"] == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "before=0", f"before={2**63}", "conversation=%0A", "conversation=", "befor=1"],
)
async def test_a_question_that_makes_no_sense_is_refused_by_name(tmp_path: Path, query: str) -> None:
    async with open_api(tmp_path) as api:
        response = await api.client.get(f"/chatbot/{await api.create()}/messages?{query}")
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_the_providers_are_listed_with_what_they_take(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        listed = {info["name"]: info for info in (await api.client.get("/providers")).json()}
        assert {"dummy", "whatsAppBaileyes", "fakeLlm", "openAi"} <= set(listed)
        assert "api_key" in listed["openAi"]["config_schema"]["properties"]
        assert listed["openAi"]["kind"] == "model"
        assert listed["openAi"]["summary"]
        assert listed["broken"]["error"] == "SyntaxError: invalid syntax (line 1)"


async def _status_is(api: Api, instance_id: str, status: str) -> bool:
    said = await api.client.get(f"/chatbot/{instance_id}/status")
    return bool(json.loads(said.text)["status"] == status)


def _folders(within: Path) -> set[Path]:
    return {path for path in within.rglob("*") if path.is_dir()}


async def test_a_user_id_that_is_no_text_is_named_by_its_field(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        response = await api.put(config("bob"), {**config(), "user_id": 5})
        assert response.status_code == 207
        refused = response.json()[1]
        assert (refused["user_id"], refused["error"]["field"]) == (None, "user_id")
