"""The fake model server, seen by a client over HTTP."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import pytest

from tests.fakes.model_server import TRUNCATED, Failure, ModelServer


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield http


def chat(*texts: str) -> dict[str, Any]:
    return {"model": "gpt-4", "messages": [{"role": "user", "content": text} for text in texts]}


async def ask(client: httpx2.AsyncClient, models: ModelServer, *texts: str) -> httpx2.Response:
    return await client.post(
        f"{models.base_url}/chat/completions", json=chat(*texts), headers={"Authorization": "Bearer sk-test"}
    )


async def test_it_repeats_the_last_thing_said_and_remembers_the_request(
    models: ModelServer, client: httpx2.AsyncClient
) -> None:
    answer = (await ask(client, models, "hello", "you")).json()

    assert answer["choices"][0]["message"]["content"] == "re: you"
    [asked] = await models.wait_requests(1)
    assert asked.texts == ["hello", "you"]
    assert asked.headers["authorization"] == "Bearer sk-test"


async def test_the_openai_sdk_reads_its_answer(models: ModelServer) -> None:
    models.reply = lambda request: f"{request['model']} says so"
    async with openai.AsyncOpenAI(api_key="sk-test", base_url=models.base_url) as sdk:
        answer = await sdk.chat.completions.create(model="gpt-4", messages=[{"role": "user", "content": "hello"}])

    assert answer.choices[0].message.content == "gpt-4 says so"


async def test_failures_come_first_and_once(models: ModelServer, client: httpx2.AsyncClient) -> None:
    models.reply = ""
    models.failures = [Failure(429, {"Retry-After": "7"}), TRUNCATED]

    limited, truncated, empty = [await ask(client, models, "hello") for _ in range(3)]

    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    with pytest.raises(json.JSONDecodeError):
        truncated.json()
    assert empty.json()["choices"][0]["message"]["content"] == ""


async def test_a_hanging_request_is_answered_on_release(models: ModelServer, client: httpx2.AsyncClient) -> None:
    models.hang()
    asking = asyncio.create_task(ask(client, models, "hello"), name="asking")
    await models.wait_requests(1)
    assert not asking.done()

    models.release()

    assert (await asking).status_code == 200


async def test_waiting_for_requests_has_a_deadline(models: ModelServer) -> None:
    with pytest.raises(TimeoutError):
        await models.wait_requests(1, timeout=0.01)


async def test_it_runs_as_a_program(client: httpx2.AsyncClient) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.model_server", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        base_url = json.loads(await process.stdout.readline())["base_url"]
        answer = await client.post(f"{base_url}/chat/completions", json=chat("hello"))
    finally:
        process.terminate()
        await process.wait()
    assert answer.json()["choices"][0]["message"]["content"] == "re: hello"
