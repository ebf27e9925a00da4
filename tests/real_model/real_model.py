"""A real model under a chat template of one's choice, behind a gateway that writes down what was asked and answered."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_providers._quoted import NOTES
from tests.acceptance.product import ROOT

PYTHON = ROOT / ".venv-real-model/bin/python"
TEMPLATES = ROOT / "tests/fakes/chat_templates"
PATIENCE = 300.0
"""Seconds that one answer may take on a machine that has other things to do."""
LONGEST = 120
"""Characters of an answer."""
SETTINGS = {
    "extra": {"grammar": f"root ::= [^\\x00]{{1,{LONGEST}}}", "repeat_penalty": 1.2, "repeat_last_n": 256},
    "temperature": 1.0,
    "seed": 7,
    "timeout": PATIENCE,
}
"""For the model provider's config. Under another model's template this model does not know when it is done, or goes
round in circles: by the grammar llama.cpp ends it, as if it had been done."""

CONTROL = re.compile(
    r"<\|[^|<>]{0,40}\|>|</?s>|<(?:bos|eos|pad|unk)>|<(?:start|end)_of_(?:turn|image)>|\[/?[A-Z][A-Z_]{1,30}\]|<</?SYS>>|"
    r"</?(?:think|thinking|thought|tool|tools|tool_call|tool_response|reasoning)>|<\||\|>"
)
WRAPPER = re.compile(r"[\[{]\s{0,9}[\"']?(?:text|from|you_wrote_before|now|at|examples|content|role)[\"']?\s{0,9}:")
CODE = re.compile(r"\A\s{0,9}[\[{]\s{0,9}[\"'\w]{1,40}\s{0,9}[:=]|\A(?:user|assistant|model|system)\n|</\w{1,40}></?\w")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the model, and what came of it."""

    asked: dict[str, Any]
    status: int
    answered: dict[str, Any]
    seconds: float
    """That the model took."""

    @property
    def is_note(self) -> bool:
        """The model was to note down what fell out of its window, not to answer."""
        return bool(self.asked["messages"][0]["content"].startswith(NOTES))

    @property
    def text(self) -> str:
        """What the model said, as it came."""
        return str(self.answered["choices"][0]["message"].get("content") or "")

    @property
    def prompt_tokens(self) -> int:
        return int(self.answered["usage"]["prompt_tokens"])

    @property
    def cached_tokens(self) -> int:
        return int(self.answered["usage"]["prompt_tokens_details"]["cached_tokens"])


@dataclass
class RealModel:
    """`base_url` is the gateway's."""

    base_url: str
    calls: list[Call] = field(default_factory=list)

    @property
    def refused(self) -> list[Call]:
        return [call for call in self.calls if call.status >= 400]

    def config(self, system: str, **more: Any) -> dict[str, Any]:
        """A config of the model provider `openAi`."""
        return {"base_url": self.base_url, "api_key": "none", "model": "smollm2", "system": system, **SETTINGS, **more}


@asynccontextmanager
async def real_model(template: str | None = None, context: int = 8192) -> AsyncIterator[RealModel]:
    """`template` is the name of a file in `tests/fakes/chat_templates`; None: the model's own."""
    if not PYTHON.exists():
        raise RuntimeError("there is no real model here: script/test --real-model installs it")
    chosen = [] if template is None else ["--template", str(TEMPLATES / f"{template}.jinja")]
    process = await asyncio.create_subprocess_exec(
        str(PYTHON), str(ROOT / "tests/real_model/serve.py"), *chosen, "--context", str(context),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            base_url = json.loads(await process.stdout.readline())["base_url"]
        async with _gateway(base_url) as model:
            yield model
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def _gateway(base_url: str) -> AsyncIterator[RealModel]:
    calls: list[Call] = []
    async with httpx2.AsyncClient(timeout=PATIENCE) as client:

        async def pass_on(request: Request) -> Response:
            body = await request.body()
            began = time.monotonic()
            answer = await client.post(
                f"{base_url}/chat/completions", content=body, headers={"Content-Type": "application/json"}
            )
            calls.append(Call(json.loads(body), answer.status_code, answer.json(), time.monotonic() - began))
            return Response(answer.content, answer.status_code, media_type="application/json")

        app = Starlette(routes=[Route("/v1/chat/completions", pass_on, methods=["POST"])])
        server = uvicorn.Server(
            uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        running = asyncio.create_task(server.serve(), name="gateway")
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield RealModel(f"http://127.0.0.1:{port}/v1", calls)
        finally:
            server.should_exit = True
            await running


def debris(text: str) -> list[str]:
    """What in a text is for no person."""
    return [found[0] for pattern in (CONTROL, WRAPPER, CODE) for found in pattern.finditer(text)]


def repeats(text: str, told: str, run: int) -> bool:
    """Whether so many words of `told`, one behind the other, stand in the text."""
    said, words = f" {' '.join(_words(text))} ", _words(told)
    return any(f" {' '.join(words[at : at + run])} " in said for at in range(len(words) - run + 1))


def _words(text: str) -> Sequence[str]:
    return re.findall(r"\w+", text.casefold())
