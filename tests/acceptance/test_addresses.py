"""A model on a private address, as Ollama is: the server asks it where its operator allows it, and nowhere else."""

from pathlib import Path
from typing import Any

from tests.acceptance.product import running
from tests.fakes.model_server import ModelServer
from tests.house import AT_ONCE


def bot(**provider_config: Any) -> dict[str, Any]:
    return {
        "user_id": "anna",
        "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": [{"content": "hello"}]}},
        "llm_provider_config": {"provider_name": "openAi", "provider_config": {"model": "llama"} | provider_config},
        "behaviour_config": AT_ONCE,
    }


async def test_a_model_on_this_machine_answers_where_its_host_is_allowed(
    tmp_path: Path, place: dict[str, str], model: ModelServer
) -> None:
    host = model.base_url.split("/")[2]
    async with running(tmp_path, place | {"IMPOSTER_ALLOW_PRIVATE_URLS": f"ollama.lan, {host}"}) as product:
        [instance_id] = await product.put(bot(base_url=model.base_url, api_key="ollama"))
        assert (await product.until_message(instance_id, source="bot"))["content"] == "re: hello"


async def test_it_is_refused_where_nothing_is_allowed(
    tmp_path: Path, place: dict[str, str], model: ModelServer
) -> None:
    async with running(tmp_path, place) as product:
        for host in ("127.0.0.1", "localhost"):
            config = bot(base_url=model.base_url.replace("127.0.0.1", host), api_key="ollama")
            answer = await product.api.put("/chatbot", json=[config])
            assert answer.status_code == 422
            assert "IMPOSTER_ALLOW_PRIVATE_URLS" in answer.json()[0]["error"]["message"]
    assert model.requests == []
