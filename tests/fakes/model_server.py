"""A fake of an OpenAI-compatible model server: real HTTP on 127.0.0.1, no model.

    async with ModelServer() as models:
        ...                                  # OPENAI_BASE_URL=models.base_url
        models.reply = "always this"
        [asked] = await models.wait_requests(1)

As a program, for benchmarks: `python -m tests.fakes.model_server --port N` answers `re: ...` at once, remembers nothing
and prints `{"base_url": ...}` when it is ready.
"""

import argparse
import asyncio
import json
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.timeouts import FACT

Chat = Mapping[str, Any]
"""The JSON body of `POST /v1/chat/completions`."""
Moment = Literal["asked", "answering", "answered"]
"""A request is here; its answer is about to be written; its answer is written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: Chat
    query: str = ""

    @property
    def texts(self) -> list[str]:
        """What its messages say, in order."""
        return [text for message in self.body["messages"] for text in words(message)]


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is no answer: an error of OpenAI's form, or any bytes."""

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None


TRUNCATED = Failure(status=200, raw=b'{"id": "chatcmpl-fake", "object": "chat.completion", "choi')


def words(message: Mapping[str, str]) -> list[str]:
    """What a message says: of each quotation in JSON in a user's, the words, behind the name if it is there."""
    if message["role"] != "user":
        return [message["content"]]
    try:
        quotations = [json.loads(line) for line in message["content"].split("\n")]
        told = [each for each in quotations if "text" in each or not isinstance(each, dict)]
        return [": ".join(str(each[name]) for name in ("from", "text") if name in each) for each in told]
    except (ValueError, TypeError):
        return [message["content"]]


def echo(chat: Chat) -> str:
    """`re: ` and the last thing that the user said."""
    said = [text for message in chat["messages"] if message["role"] == "user" for text in words(message)]
    return f"re: {said[-1] if said else ''}"


class ModelServer:
    """The server while entered, in a thread of its own, so that it answers whatever the test's loop does.

    `reply` is the text of every answer (it may be empty), or a function of the request, called in that thread; a
    Failure that it gives is what the request ends in.
    `failures` are given first, one for each request, oldest first; `always_fail` to all of them. `watch` is called in
    that thread, too, at each moment of a request.
    """

    def __init__(self, port: int = 0) -> None:
        self._news = threading.Condition()
        self._gate: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.reset()
        self._socket = socket.create_server(("127.0.0.1", port))
        self._server = _server(self._answer, self._list)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="model-server", daemon=True
        )

    def reset(self) -> None:
        """As it is at first."""
        self.release()
        self.reply: str | Callable[[Chat], str | Failure] = echo
        self.failures: list[Failure] = []
        self.always_fail: Failure | None = None
        self.models: list[str] | Failure = ["gpt-4", "gpt-5"]
        """What `GET /v1/models` lists."""
        self.listings: list[Asked] = []
        """Requests for that list, as they came, with an empty body."""
        self.requests: list[Asked] = []
        self.watch: Callable[[Moment, Chat], None] = lambda moment, chat: None
        self._held: Callable[[Chat], bool] = lambda chat: True

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._server.should_exit = True
        await asyncio.to_thread(self._thread.join)

    @property
    def base_url(self) -> str:
        """For the OpenAI SDK: ends with `/v1`."""
        return _base_url(self._socket)

    def hang(self, held: Callable[[Chat], bool] = lambda chat: True) -> None:
        """From now on requests (those that are `held`) are taken and not answered, until `release`."""
        self._held = held
        self._gate = asyncio.Event()

    def release(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(gate.set)

    async def wait_requests(self, count: int, timeout: float = FACT) -> list[Asked]:  # noqa: ASYNC109 - another thread's
        """All requests so far, once there are at least `count`. Raises TimeoutError."""
        return await asyncio.to_thread(self._wait_requests, count, timeout)

    def _wait_requests(self, count: int, timeout: float) -> list[Asked]:
        with self._news:
            if not self._news.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} of {count} requests in {timeout} s")
            return list(self.requests)

    async def _list(self, request: Request) -> Response:
        self.listings.append(Asked(dict(request.headers), {}, request.url.query))
        self._loop = asyncio.get_running_loop()
        if (gate := self._gate) is not None and self._held({}):
            await gate.wait()
        if isinstance(self.models, Failure):
            return _failed(self.models)
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in self.models]
        return JSONResponse({"object": "list", "data": rows})

    async def _answer(self, request: Request) -> Response:
        chat = await request.json()
        with self._news:
            self.requests.append(Asked(dict(request.headers), chat, request.url.query))
            failure = self.failures.pop(0) if self.failures else self.always_fail
            self._news.notify_all()
        self.watch("asked", chat)
        self._loop = asyncio.get_running_loop()
        if (gate := self._gate) is not None and self._held(chat):
            await gate.wait()
        if failure is not None:
            return _failed(failure)
        reply = self.reply if isinstance(self.reply, str) else self.reply(chat)
        if isinstance(reply, Failure):
            return _failed(reply)
        completion = _completion(chat, reply)
        self.watch("answering", chat)

        async def answered() -> None:
            self.watch("answered", chat)

        return JSONResponse(completion, background=BackgroundTask(answered))


def _failed(failure: Failure) -> Response:
    if failure.raw is not None:
        return Response(failure.raw, failure.status, failure.headers, media_type="application/json")
    error = {"message": "the fake fails as told", "type": "fake_error", "param": None, "code": None}
    return JSONResponse({"error": error}, failure.status, failure.headers)


def _completion(chat: Chat, text: str) -> dict[str, Any]:
    """A chat completion as in OpenAI's API reference, `POST /chat/completions`, non-streaming."""
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 0,
        "model": chat.get("model", "fake"),
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _server(
    answer: Callable[[Request], Awaitable[Response]], models: Callable[[Request], Awaitable[Response]] | None = None
) -> uvicorn.Server:
    routes = [Route("/v1/chat/completions", answer, methods=["POST"])]
    if models is not None:
        routes.append(Route("/v1/models", models))
    app = Starlette(routes=routes)
    return uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )


def _base_url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def _run(port: int) -> None:
    async def answer(request: Request) -> Response:
        chat = await request.json()
        return JSONResponse(_completion(chat, echo(chat)))

    listening = socket.create_server(("127.0.0.1", port))
    sys.stdout.write(json.dumps({"base_url": _base_url(listening)}) + "\n")
    sys.stdout.flush()
    _server(answer).run([listening])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int, default=0)
    _run(arguments.parse_args().port)
