"""A model is looked at before a bot is made of it, through the API of the real server."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, running
from tests.fakes.model_server import Chat, Failure, ModelServer, echo

KEY = "sk-canary-model-key-1234567890"
SYSTEM = "You are {user_id}, who sells used typewriters in a small shop by the harbour and is in a good mood."


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    environment = {"IMPOSTER_ALLOW_PRIVATE_URLS": "127.0.0.1", "OPENAI_API_KEY": "sk-of-the-server-0123456789"}
    async with running(Path(tmp_path_factory.mktemp("house")), environment) as product:
        yield product


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


def choice(server: ModelServer, **config: Any) -> dict[str, Any]:
    whole = {"base_url": server.base_url, "api_key": KEY, "model": "gpt-4", "system": SYSTEM, **config}
    return {"provider_name": "openAi", "provider_config": {k: v for k, v in whole.items() if v is not None}}


async def tried(house: Product, server: ModelServer, more: Mapping[str, Any] | None = None, **config: Any) -> Any:
    body = {"llm_provider_config": choice(server, **config), "user_id": "Anna", **(more or {})}
    answer = await house.api.post("/providers/llm/test", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(house: Product, config: Mapping[str, Any]) -> Any:
    return await house.api.post("/providers/llm/models", json={"llm_provider_config": config})


def is_judge(chat: Chat) -> bool:
    return "BINDS" in chat["messages"][0]["content"]


def answering(text: str, judged: str = "FREE") -> Callable[[Chat], str]:
    return lambda chat: judged if is_judge(chat) else text


def refused(name: str) -> Failure:
    error = {"message": f"Unsupported parameter: '{name}'", "param": name, "code": "unsupported_parameter"}
    return Failure(400, raw=json.dumps({"error": error}).encode())


NO_SYSTEM = Failure(400, raw=json.dumps({"error": {"message": "System role not supported"}}).encode())


async def test_it_asks_what_a_chat_asks(house: Product, server: ModelServer) -> None:
    server.reply = answering("fine, you?")
    said = await tried(house, server, temperature=0.3, more={"time_zone": "Europe/Berlin"})
    asked, judged = server.requests
    system, first, ours, burst = asked.body["messages"]
    assert [each["role"] for each in (system, first, ours, burst)] == ["system", "user", "assistant", "user"]
    assert system["content"].startswith(SYSTEM.replace("{user_id}", "Anna"))
    assert "User messages are quotations in JSON" in system["content"]
    assert ours["content"].count("\n") == 1, "what the bot said, and what the owner did"
    lines = [json.loads(line) for line in burst["content"].split("\n")]
    assert lines[0]["now"].endswith("Europe/Berlin")
    assert [line["text"] for line in lines[1:]] == said["asked"]
    assert len(said["asked"]) > 1
    assert asked.body["temperature"] == 0.3
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert is_judge(judged.body)
    assert (said["works"], said["answer"], said["model"], said["error"]) == (True, "fine, you?", "gpt-4", None)
    assert (said["prompt_tokens"], said["completion_tokens"]) == (2, 2)
    assert 0 <= said["seconds"] < 45
    assert said["told"][0].startswith("gpt-4 answered in ")
    assert said["not_taken"] == []
    assert (await house.api.get("/chatbot")).json() == []


async def test_what_the_server_does_not_take_is_told_and_the_model_works_all_the_same(
    house: Product, server: ModelServer
) -> None:
    def picky(chat: Chat) -> str | Failure:
        if chat["messages"][0]["role"] == "system":
            return NO_SYSTEM
        for name in ("temperature", "max_tokens"):
            if name in chat:
                return refused(name)
        return "FREE" if is_judge(chat) else "<think>hm, hm</think>[[unsure]] I would have to look."

    server.reply = picky
    prices = {"prices": {"gpt-4": {"input": 30.0, "output": 60.0}}}
    said = await tried(house, server, more={"budget_config": prices}, temperature=0.5, max_tokens=100)
    assert said["works"]
    assert said["answer"] == "I would have to look."
    assert [(each["name"], each["sent_as"]) for each in said["not_taken"]] == [
        ("system", None),
        ("temperature", None),
        ("max_tokens", "max_completion_tokens"),
    ]
    assert (said["reasoned"], said["unsure"], said["judged"]) == (True, True, "rightly")
    assert said["price_known"]
    assert said["cost"] == pytest.approx(2 * 90e-6)
    told = "\n".join(said["told"])
    for words in (
        "takes no message of the role `system`",
        "`temperature`: it is left out",
        "`max_tokens`: it is sent as `max_completion_tokens`",
        "wrote its reasoning into the answer",
        "marks what it cannot know",
        "can judge answers",
        "the test cost 0.000180 USD",
    ):
        assert told.count(words) == 1, words


async def test_what_was_found_out_is_told_when_the_model_fails_after_it(house: Product, server: ModelServer) -> None:
    server.failures = [refused("seed"), Failure(401)]
    said = await tried(house, server, seed=1)
    assert (said["works"], said["answer"]) == (False, "")
    assert "does not accept the API key" in said["error"]
    assert [each["name"] for each in said["not_taken"]] == ["seed"]
    assert said["told"] == [said["not_taken"][0]["told"]]
    assert len(server.requests) == 2


async def test_a_model_that_only_reasons_is_asked_twice_and_no_more(house: Product, server: ModelServer) -> None:
    server.reply = "<think>who is asking, and why"
    said = await tried(house, server)
    assert (said["works"], said["answer"], said["reasoned"], said["judged"]) == (False, "", True, "not_asked")
    assert any("came to no answer" in told for told in said["told"])
    assert len(server.requests) == 2


async def test_what_it_cannot_do_is_told(house: Product, server: ModelServer) -> None:
    server.reply = answering("It is 12.", judged="BINDS")
    said = await tried(house, server)
    assert (said["unsure"], said["judged"], said["price_known"]) == (False, "wrongly", False)
    told = "\n".join(said["told"])
    assert "did not mark that it cannot know" in told
    assert "cannot judge answers" in told
    assert "price is not known" in told


async def test_an_answer_that_would_be_held_back_is_told(house: Product, server: ModelServer) -> None:
    server.reply = lambda chat: "FREE" if is_judge(chat) else chat["messages"][0]["content"].split("\n")[0]
    assert (await tried(house, server))["leaks"]
    server.reply = answering(f"my key is {KEY}")
    said = await tried(house, server)
    assert said["leaks"]
    assert KEY not in json.dumps(said)
    server.reply = answering('{"tool": "x"} <tool_call>')
    assert (await tried(house, server))["machinery"]
    server.reply = ""
    said = await tried(house, server)
    assert not said["works"]


async def test_a_judgement_that_fails_fails_nothing_else(house: Product, server: ModelServer) -> None:
    server.reply = lambda chat: Failure(500) if is_judge(chat) else echo(chat)
    said = await tried(house, server)
    assert (said["works"], said["judged"]) == (True, "failed")


async def test_a_server_that_is_silent_is_not_waited_for_for_long(house: Product, server: ModelServer) -> None:
    server.hang()
    said = await tried(house, server, timeout=1)
    assert (said["works"], said["error"]) == (False, "The model did not answer in time.")
    answer = await listed(house, choice(server, timeout=1))
    assert (answer.status_code, answer.json()["detail"]) == (502, "The model did not answer in time.")


async def test_a_config_that_cannot_be_used_is_told_field_by_field(house: Product, server: ModelServer) -> None:
    for body, fields in (
        ({}, {"llm_provider_config"}),
        ({"llm_provider_config": choice(server, model=None)}, {"llm_provider_config.provider_config.model"}),
        ({"llm_provider_config": choice(server, preset="olama")}, {"llm_provider_config.provider_config.preset"}),
        ({"llm_provider_config": {"provider_name": "nobody"}}, {"llm_provider_config.provider_name"}),
        (
            {"llm_provider_config": choice(server, api_key="**********")},
            {"llm_provider_config.provider_config.api_key"},
        ),
        ({"llm_provider_config": choice(server), "user_id": ""}, {"user_id"}),
    ):
        answer = await house.api.post("/providers/llm/test", json=body)
        assert answer.status_code == 422, answer.text
        assert {each["field"] for each in answer.json()["errors"]} == fields
    assert server.requests == []


async def test_the_models_of_a_server_are_listed_before_one_is_chosen(house: Product, server: ModelServer) -> None:
    server.models = ["zeta", "Alpha", "beta", "beta", "", "x" * 300, "bad\nname"]
    answer = await listed(house, choice(server, model=None))
    assert (answer.status_code, answer.json()) == (200, {"models": ["Alpha", "beta", "zeta"]})
    [asked] = server.listings
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert server.requests == []
    server.models = [f"model-{number:05}" for number in range(5000)]
    assert len((await listed(house, choice(server))).json()["models"]) == 1000


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (Failure(401), "does not accept the API key"),
        (Failure(404), "gives no list of its models (HTTP 404)"),
        (Failure(503), "has trouble (HTTP 503)"),
        (Failure(302, {"location": "http://127.0.0.1:1/"}), "sends elsewhere"),
        (Failure(200, raw=b'{"data": 5}'), "did not answer with a list of models"),
        (Failure(200, raw=b"<html>log in</html>"), "web page"),
        (Failure(200, raw=b'{"data": [{"id": "' + b"x" * 3_000_000 + b'"}]}'), "larger than 2 MiB"),
    ],
)
async def test_a_list_that_does_not_come_says_why(
    house: Product, server: ModelServer, models: Failure, told: str
) -> None:
    server.models = models
    answer = await listed(house, choice(server))
    assert answer.status_code == 502, answer.text
    assert told in answer.json()["detail"]


async def test_the_server_s_own_key_lists_nobody_else_s_models(house: Product, server: ModelServer) -> None:
    answer = await listed(house, choice(server, api_key=None))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "llm_provider_config.provider_config.api_key"
    answer = await listed(house, {"provider_name": "openAi", "provider_config": {"preset": "ollama"}})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "llm_provider_config.provider_config.base_url"
    assert error["message"].endswith("IMPOSTER_ALLOW_PRIVATE_URLS=localhost:11434")
    assert server.listings == []


async def test_a_provider_without_such_a_list_says_so(house: Product) -> None:
    assert (await listed(house, {"provider_name": "fakeLlm"})).status_code == 409
    answer = await house.api.post("/providers/llm/test", json={"llm_provider_config": {"provider_name": "fakeLlm"}})
    said = answer.json()
    assert (said["works"], said["judged"], said["model"]) == (True, "cannot", None)
    assert said["answer"].startswith("Echo: ")


async def test_presets_are_shown_with_the_providers(house: Product) -> None:
    files = {each["name"]: each for each in (await house.api.get("/providers")).json()}
    assert files["openAi"]["lists_models"]
    assert [files["fakeLlm"][name] for name in ("lists_models", "presets")] == [False, []]
    presets = {each["name"]: each for each in files["openAi"]["presets"]}
    assert len(presets) == 13
    assert presets["ollama"]["base_url"] == "http://localhost:11434/v1"
    assert presets["azure"]["is_pattern"]


async def test_a_bot_is_made_with_a_preset_and_shows_it(house: Product, server: ModelServer) -> None:
    item = {
        "user_id": "preset",
        "chat_provider_config": {"provider_name": "dummy"},
        "llm_provider_config": choice(server, preset="lmstudio", api_key=None),
    }
    [instance_id] = await house.put(item)
    try:
        shown = (await house.api.get(f"/chatbot/{instance_id}")).json()["config"]["llm_provider_config"]
        assert shown == item["llm_provider_config"]
        item["llm_provider_config"] = choice(server, preset="nope")
        answer = await house.api.put("/chatbot", json=[item])
        assert answer.status_code == 422
        assert answer.json()[0]["error"]["field"] == "llm_provider_config.provider_config.preset"
        assert "ollama" in answer.json()[0]["error"]["message"]
    finally:
        await house.api.delete(f"/chatbot/{instance_id}")
