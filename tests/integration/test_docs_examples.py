"""The guides' example files work as they stand: dropped into a folder, found by discovery, used by a bot."""

import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chat_providers.dummy import DummyProvider
from imposter.contracts.behaviour import Autonomy, Behaviour, GroupTrigger, Outside, Pace
from imposter.contracts.budget import Budget, Price, WhenSpent
from imposter.contracts.errors import ModelRefused, ModelUnavailable
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import ModelContext
from imposter.contracts.status import LinkState
from imposter.contracts.url_guard import AddressGuard
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, discover
from imposter.runtime.providers.shared_resources import SharedResources
from imposter.settings import load_settings
from imposter.testing.check import Outcome
from imposter.testing.runner import check_provider
from tests.house import config_of, open_house, until
from tests.integration.api_house import open_api

DOCS = Path(__file__).parents[2] / "docs"
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def example(guide: str, folder: str, into: Path) -> ProviderFile:
    """The guide's complete file, written under the name that the guide gives it, as discovery finds it."""
    text = (DOCS / guide).read_text()
    [name] = re.findall(rf"^`{folder}/(\w+\.py)`:", text, re.MULTILINE)
    code = PYTHON.findall(text)[0]
    (into / folder).mkdir(parents=True)
    (into / folder / name).write_text(code)
    kind = ProviderKind.CHAT if folder == "chat_providers" else ProviderKind.MODEL
    [file] = discover(kind, into / folder)
    assert file.error is None, file.error
    return file


async def test_the_guides_chat_provider_answers_and_is_a_pair_of_start_and_stop(tmp_path: Path) -> None:
    file = example("add-a-chat-provider.md", "chat_providers", tmp_path)
    inbox, outbox = tmp_path / "mail" / "inbox" / "bob", tmp_path / "mail" / "outbox" / "bob"
    inbox.mkdir(parents=True)

    def write(name: str, text: str) -> None:
        (inbox / "draft").write_text(text)
        (inbox / "draft").rename(inbox / name)

    def answers() -> list[str]:
        return [path.read_text() for path in sorted(outbox.glob("*.txt"))]

    async with open_house(tmp_path / "data", file) as house:
        bot = await house.bots.put(config_of(chat=file.name, chat_config={"folder": str(tmp_path / "mail")}))
        write("1.txt", "hello")
        await until(lambda: answers() == ["re: hello"])
        assert not list(inbox.iterdir()), "what is stored is gone from the platform"

        await house.bots.stop(bot.instance_id)
        assert (await bot.status()).status is LinkState.STOPPED
        write("1.txt", "while you were away")
        await house.bots.start(bot.instance_id)
        await until(lambda: answers() == ["re: hello", "re: while you were away"])


async def test_the_guides_harness_lets_the_kit_check_the_guides_chat_provider(tmp_path: Path) -> None:
    file = example("add-a-chat-provider.md", "chat_providers", tmp_path)
    _, harness = PYTHON.findall((DOCS / "add-a-chat-provider.md").read_text())
    (tmp_path / "folder_harness.py").write_text(harness)
    results = [
        result async for result in check_provider(file, load_settings({}), harness=tmp_path / "folder_harness.py")
    ]
    assert [result for result in results if result.outcome is Outcome.FAILS] == []
    assert sum(result.outcome is Outcome.HOLDS for result in results) == 8


class Ollama:
    """As much of Ollama's chat API as the guide's example uses."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[dict[str, Any]] = []
        self.url = ""


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    fake = Ollama()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - the base class's name
            fake.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = json.dumps({"message": {"role": "assistant", "content": " hi there\n"}, "done": True}).encode()
            self.send_response(fake.status if self.path == "/api/chat" else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as fake.url:
        yield fake


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[str]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@asynccontextmanager
async def ollama_bot(folder: Path, config: dict[str, Any], *, allowed: bool = True) -> AsyncIterator[Any]:
    """The guide's model, on a server that allows this machine or not."""
    file = example("add-a-model-provider.md", "llm_providers", folder)
    assert file.provider is not None
    addresses = AddressGuard.read("127.0.0.1") if allowed else AddressGuard()
    shared = SharedResources(environment={}, node="node", secret=lambda name: None, addresses=addresses)
    model = file.provider("anna", config)
    model.attach(ModelContext("bot-1", shared))
    try:
        yield model
    finally:
        await shared.aclose()


async def test_the_guides_model_provider_asks_as_the_api_wants_it(tmp_path: Path, ollama: Ollama) -> None:
    turns = [Turn(Source.CONTACT, "hi", "Bob", in_group=True), Turn(Source.BOT, "hm"), Turn(Source.CONTACT, "so?")]
    async with ollama_bot(tmp_path, {"model": "llama", "system": "You are {user_id}.", "url": ollama.url}) as model:
        assert await model.reply(turns) == "hi there"
    assert ollama.asked == [
        {
            "model": "llama",
            "stream": False,
            "messages": [
                {"role": "system", "content": "You are anna."},
                {"role": "user", "content": "Bob: hi"},
                {"role": "assistant", "content": "hm"},
                {"role": "user", "content": "so?"},
            ],
        }
    ]


async def test_the_guides_model_provider_tells_what_may_pass_from_what_cannot(tmp_path: Path, ollama: Ollama) -> None:
    hi = [Turn(Source.CONTACT, "hi")]
    async with ollama_bot(tmp_path, {"model": "llama", "url": ollama.url}) as model:
        ollama.status = 503
        with pytest.raises(ModelUnavailable):
            await model.reply(hi)
        ollama.status = 404
        with pytest.raises(ModelRefused):
            await model.reply(hi)
    async with ollama_bot(tmp_path / "gone", {"model": "llama", "url": "http://127.0.0.1:9"}) as gone:
        with pytest.raises(ModelUnavailable):
            await gone.reply(hi)


async def test_the_guides_model_provider_goes_nowhere_that_the_operator_does_not_allow(
    tmp_path: Path, ollama: Ollama
) -> None:
    config = {"model": "llama", "url": ollama.url}
    async with ollama_bot(tmp_path, config, allowed=False) as model:
        with pytest.raises(ModelRefused, match="IMPOSTER_ALLOW_PRIVATE_URLS"):
            await model.reply([Turn(Source.CONTACT, "hi")])
        with pytest.raises(ValidationError, match="IMPOSTER_ALLOW_PRIVATE_URLS"):
            model.Config.model_validate(config, context={"addresses": AddressGuard()})
    assert ollama.asked == []


BEHAVIOURS = re.findall(r"```json\n(.*?)```", (DOCS / "behaviour.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("shown", BEHAVIOURS)
async def test_each_behaviour_that_is_shown_can_be_had(tmp_path: Path, shown: str) -> None:
    async with open_api(tmp_path) as api:
        await api.create(**json.loads(shown))


def test_every_field_of_a_budget_is_shown() -> None:
    page = (DOCS / "behaviour.md").read_text()
    for name in (*Budget.model_fields, *Price.model_fields, *WhenSpent):
        assert f'"{name}"' in page or f"`{name}`" in page, name


def test_every_field_of_a_behaviour_is_shown() -> None:
    page = (DOCS / "behaviour.md").read_text()
    for name in (*Behaviour.model_fields, *Autonomy, *Pace, *GroupTrigger, *Outside):
        assert f"`{name}" in page or f"`outside: {name}" in page, name
    assert len(BEHAVIOURS) >= 7


def test_the_script_of_the_dummy_that_is_shown_can_be_had() -> None:
    page = (DOCS / "api.md").read_text()
    [script] = re.findall(
        r"```json\n(\{\"messages\": \[\n.*?)```", page.partition("### A script for `dummy`")[2], re.DOTALL
    )[:1]
    assert len(DummyProvider.Config.model_validate(json.loads(script)).script) == 5
