"""What vendors say when they give no answer, through real HTTP: whether they are asked again, and what is told."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imposter.contracts.errors import ModelDeclined, ModelError, ModelRefused, ModelUnavailable
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import Answer, Example, Guidance, Prompt
from imposter.contracts.url_guard import AddressGuard
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from llm_providers._quoted import RULE
from llm_providers.openAi import OpenAiProvider
from tests.fakes.model_server import Chat, Failure, ModelServer
from tests.house import NoWaiting, open_house, until
from tests.integration.test_openai_provider import HELLO, answering, completion, open_model

TALK = [Turn(Source.CONTACT, f"message {number}") for number in range(6)]
KEY = "sk-proj-0123456789abcdef"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


def error(message: Any, kind: str | None = None, code: Any = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True)
class Case:
    """A server that always gives this."""

    name: str
    failure: Failure
    told: str
    """A piece of what the owner reads."""
    kind: type[ModelError] = ModelRefused
    requests: int = 1
    config: dict[str, Any] = field(default_factory=dict)


def case(name: str, status: int, body: Any, told: str, **more: Any) -> Case:
    return Case(name, answering(body, status), told, **more)


def page(status: int, title: str = "Just a moment...") -> Failure:
    return Failure(status, {"content-type": "text/html"}, f"<!DOCTYPE html><title>{title}</title>".encode())


LATER: dict[str, Any] = {"kind": ModelUnavailable}
TWICE: dict[str, Any] = {"requests": 2}
CREDIT, REGION, FILTER, PLAN, LONG = "no credit left", "this region", "declined", "tokens a minute", "too long for this"
CASES = [
    case("openai quota", 429, error("You exceeded your current quota", code="insufficient_quota"), CREDIT),
    case("openrouter credit", 402, error("More credits are required", code=402), CREDIT),
    case("deepseek credit", 402, error("Insufficient Balance", "unknown_error", "invalid_request_error"), CREDIT),
    case("anthropic credit", 400, error("Your credit balance is too low to access the API."), CREDIT),
    case("moonshot credit", 429, error("suspended", "exceeded_current_quota_error"), CREDIT),
    case("xai credit", 403, {"code": "forbidden", "error": "Your team doesn't have any credits yet."}, CREDIT),
    case("alibaba credit", 400, error("Access denied.", "Arrearage", "Arrearage"), CREDIT),
    case("openai region", 403, error("no", code="unsupported_country_region_territory"), REGION),
    case(
        "gemini region",
        400,
        [{"error": {"code": 400, "message": "User location is not supported for the API use."}}],
        REGION,
    ),
    case("openrouter policy", 404, error("No endpoints found matching your data policy.", code=404), "data policy"),
    Case("cloudflare", page(403), "web page"),
    Case("cloudflare with 503", page(503), "web page"),
    Case("nginx", page(502, "502 Bad Gateway"), "HTTP 502", **LATER),
    Case("a portal", page(200, "Log in"), "web page"),
    case("openai key", 401, error(f"Incorrect API key provided: {KEY}", code="invalid_api_key"), "check api_key"),
    case(
        "gemini key",
        400,
        [{"error": {"code": 400, "message": "Bad.", "details": [{"reason": "API_KEY_INVALID"}]}}],
        "check api_key",
    ),
    case("xai key", 400, {"code": "x", "error": "Incorrect API key provided: sk-***. See the console."}, "api_key"),
    case("groq plan", 413, error("Request too large for model `x` on tokens per minute (TPM): Limit 60"), PLAN),
    case("openai plan", 429, error("Request too large for gpt on tokens per min (TPM): Limit 30"), PLAN),
    case("ollama memory", 500, error("model requires more system memory (5.3 GiB) than is available"), "memory"),
    case("llama.cpp memory", 500, error("ggml: CUDA out of memory"), "memory"),
    case("ollama model", 404, error("model 'llama3' not found", "not_found_error"), "pull it"),
    case("openai model", 404, error("The model `gpt-9` does not exist", code="model_not_found"), "`model`"),
    case("mistral model", 400, {"object": "error", "message": "Invalid model: x", "code": "1500"}, "`model`"),
    case("azure filter", 400, error("content management policy", code="content_filter"), FILTER, kind=ModelDeclined),
    case("deepseek filter", 400, error("Content Exists Risk"), FILTER, kind=ModelDeclined),
    case("openai filter", 400, error("no", code="invalid_prompt"), FILTER, kind=ModelDeclined),
    case("openai context", 400, error("x", code="context_length_exceeded"), LONG, **TWICE),
    case(
        "vllm context",
        400,
        {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400},
        LONG,
        **TWICE,
    ),
    case("llama.cpp context", 400, error("no", "exceed_context_size_error"), LONG, **TWICE),
    case("anthropic context", 400, error("prompt is too long: 210 tokens > 200 maximum"), LONG, **TWICE),
    case("gemini context", 400, [error("The input token count (9) exceeds the maximum")], LONG, **TWICE),
    case("xai context", 400, {"error": "This model's maximum prompt length is 131072"}, LONG, **TWICE),
    case("any 413", 413, {}, LONG, **TWICE),
    case("vllm system", 400, {"message": "System role not supported", "code": 400}, "no system message", **TWICE),
    case("gemma system", 400, [error("Developer instruction is not enabled for models/x")], "no system", **TWICE),
    case("template", 500, error("Jinja Exception: only text is supported"), "template"),
    case("loading", 503, error("Loading model", "unavailable_error", 503), "HTTP 503", **LATER),
    case("overloaded", 529, error("Overloaded", "overloaded_error"), "HTTP 529", **LATER),
    case("flex tier", 498, error("Flex tier capacity exceeded"), "HTTP 498", **LATER),
    case("openrouter 200", 200, {"error": {"code": 429, "message": "Provider returned error"}}, "too much", **LATER),
    case("openrouter 200, for good", 200, {"error": {"code": 402, "message": "x"}}, CREDIT),
    case("overloaded 200", 200, error("Overloaded", "overloaded_error"), "trouble", **LATER),
    case("wrong path 200", 200, {"error": "Unexpected endpoint or method."}, "base_url"),
    Case("broken choice", completion({"content": "I would"}, "error"), "broke off", **LATER),
    Case("out of resources", completion({"content": ""}, "insufficient_system_resource"), "broke off", **LATER),
    Case("refusal", completion({"content": None, "refusal": "I can't."}), "declined"),
    Case("filtered", completion({"content": "Well, to"}, "content_filter"), "declined"),
    Case("gemini filtered", completion({}, "content_filter: PROHIBITED_CONTENT"), "declined"),
    Case("empty", completion({"content": ""}), "said nothing", **TWICE),
    Case("null", completion({"content": None}), "said nothing", **TWICE),
    Case("thoughts alone", completion({"content": [{"type": "thinking", "thinking": "x"}]}), "said nothing", **TWICE),
    Case("tool call", completion({"content": None, "tool_calls": [{}]}, "tool_calls"), "said nothing", **TWICE),
]


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.name)
async def test_the_owner_reads_what_it_means_and_the_server_is_asked_as_often_as_it_helps(
    server: ModelServer, each: Case
) -> None:
    server.always_fail = each.failure
    async with open_model(server, **each.config) as model:
        with pytest.raises(ModelError) as raised:
            await model.reply(TALK)
    assert type(raised.value) is each.kind, str(raised.value)
    assert each.told in str(raised.value)
    assert "sk-" not in str(raised.value)
    assert len(server.requests) == each.requests


def refusing(*, unless: Callable[[Chat], bool], failure: Failure) -> Callable[[Chat], str | Failure]:
    return lambda chat: "fine" if unless(chat) else failure


UNSUPPORTED = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
MISTRAL = {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}


@pytest.mark.parametrize(
    ("name", "failure", "then"),
    [
        ("max_tokens", answering(error(UNSUPPORTED, code="x", param="max_tokens"), 400), {"max_completion_tokens": 50}),
        ("max_tokens", answering(error(UNSUPPORTED), 400), {"max_completion_tokens": 50}),
        ("max_completion_tokens", answering(error("no", param="max_completion_tokens"), 400), {"max_tokens": 50}),
        ("seed", answering({"object": "error", "message": MISTRAL}, 422), {}),
        ("seed", answering(MISTRAL, 422), {}),
        ("seed", answering([error('Invalid JSON payload received. Unknown name "seed": Cannot find field.')], 400), {}),
        ("presence_penalty", answering({"error": "Model x does not support parameter presencePenalty"}, 400), {}),
        ("top_k", answering(error("Unrecognized request argument supplied: top_k"), 400), {}),
    ],
)
async def test_a_setting_that_the_server_does_not_take_is_left_out_or_renamed_for_good(
    server: ModelServer, name: str, failure: Failure, then: dict[str, Any]
) -> None:
    server.reply = refusing(unless=lambda chat: name not in chat, failure=failure)
    value: dict[str, Any] = {"extra": {"top_k": 50}} if name == "top_k" else {name: 1 if "pen" in name else 50}
    async with open_model(server, top_p=0.5, **value) as model:
        first, second = await model.reply(HELLO), await model.reply(HELLO)
    assert first.text == second.text == "fine"
    assert first.told is not None
    assert f"`{name}`" in first.told
    assert second.told is None
    _, again, later = [dict(asked.body) for asked in server.requests]
    assert again == later
    assert {key: again[key] for key in again if key not in ("model", "messages")} == {"top_p": 0.5, **then}


async def test_one_setting_after_the_other_is_left_out(server: ModelServer) -> None:
    def strict(chat: Chat) -> str | Failure:
        extra = [name for name in chat if name not in ("model", "messages")]
        return answering(error("no", param=extra[0]), 400) if extra else "fine"

    server.reply = strict
    async with open_model(server, temperature=0.2, max_tokens=9, seed=1) as model:
        answer = await model.reply(HELLO)
    assert answer.text == "fine"
    assert answer.told is not None
    assert all(f"`{name}`" in answer.told for name in ("temperature", "max_tokens", "seed"))


async def test_what_says_who_may_use_the_words_is_never_left_out(server: ModelServer) -> None:
    server.always_fail = answering(error("Unsupported parameter: 'provider'", param="provider"), 400)
    async with open_model(server, extra={"provider": {"data_collection": "deny"}}) as model:
        with pytest.raises(ModelRefused):
            await model.reply(HELLO)
    assert len(server.requests) == 1


async def test_a_shorter_context_keeps_the_instructions_and_the_newest_messages(server: ModelServer) -> None:
    too_long = answering(error("x", code="context_length_exceeded"), 400)
    server.reply = refusing(unless=lambda chat: chat["messages"][-1]["content"].count("\n") < 4, failure=too_long)
    async with open_model(server) as model:
        assert (await model.reply(TALK)).text == "fine"
        assert (await model.reply_to(Prompt(TALK, Guidance("Be brief.", (Example("hi", "yo"),))))).text == "fine"
    assert server.requests[1].texts == [RULE, "message 3", "message 4", "message 5"]
    # Seven messages with the examples, which go first, and with them what the instructions say of them.
    assert server.requests[-1].texts == [f"{RULE}\n\nBe brief.", "message 3", "message 4", "message 5"]


async def test_where_the_server_says_how_much_fits_no_more_than_that_is_asked(server: ModelServer) -> None:
    said = "the request exceeds the available context size: 1000 tokens were asked, and there is room for 600"
    too_long = answering(error(said, code="context_length_exceeded"), 400)
    long = [Turn(Source.CONTACT, f"{number} {'word ' * 200}") for number in range(9)]
    server.reply = refusing(unless=lambda chat: len(chat["messages"][-1]["content"]) < 4000, failure=too_long)
    async with open_model(server) as model:
        assert (await model.reply(long)).text == "fine"
    assert len(server.requests) == 2
    assert 1 < len(server.requests[-1].texts) < 6, "the newest messages, which are less than half"


async def test_a_server_without_a_system_role_gets_the_instructions_with_the_first_message(
    server: ModelServer,
) -> None:
    refusal = answering({"message": "System role not supported"}, 400)
    server.reply = refusing(unless=lambda chat: chat["messages"][0]["role"] == "user", failure=refusal)
    async with open_model(server, system="You are Anna.") as model:
        for _ in range(2):
            assert (await model.reply(HELLO)).text == "fine"
    assert len(server.requests) == 3, "it is remembered"
    [only] = server.requests[-1].body["messages"]
    assert only == {"role": "user", "content": f'You are Anna.\n\n{RULE}\n\n{{"text": "hello"}}'}


@pytest.mark.parametrize(("config", "room"), [({"max_tokens": 300}, 600), ({}, 4096)])
async def test_an_answer_that_was_cut_is_asked_for_again_with_more_room(
    server: ModelServer, config: dict[str, Any], room: int
) -> None:
    server.failures = [completion({"content": "half a sent"}, "length", usage={"completion_tokens": 20})]
    async with open_model(server, **config) as model:
        assert (await model.reply(HELLO)).text == "re: hello"
        await model.reply(HELLO)
    rooms = [asked.body.get("max_tokens") for asked in server.requests]
    assert rooms == [config.get("max_tokens"), room, config.get("max_tokens")]


@pytest.mark.parametrize(("said", "left"), [("I think that", "I think that"), ("", ""), ("<think>They ask. So I", "")])
async def test_an_answer_that_is_cut_twice_is_for_the_owner_to_finish(
    tmp_path: Path, server: ModelServer, said: str, left: str
) -> None:
    server.always_fail = completion({"content": said}, "length", usage={"prompt_tokens": 9, "completion_tokens": 20})
    model_config = {"model": "gpt-4", "base_url": server.base_url, "api_key": "k"}
    file = ProviderFile(ProviderKind.MODEL, "openAi", provider=OpenAiProvider)
    addresses = AddressGuard.read("127.0.0.1")
    async with open_house(tmp_path, file, addresses=addresses, clock=NoWaiting()) as house:
        bot = await house.bot(model="openAi", model_config=model_config)
        await house.platforms["anna"].hear("bob", "hello")

        async def drafted() -> bool:
            return bool(await house.bot_service.conversation_service.drafts(bot.instance_id))

        await until(drafted)
        [draft] = await house.bot_service.conversation_service.drafts(bot.instance_id)
        assert (draft.text, draft.why) == (left, "doubt")
        assert len(server.requests) == 2
        assert house.platforms["anna"].texts("bob") == []
        assert "used up its tokens" in str(await bot.status())


async def test_nothing_of_a_broken_answer_is_kept_and_both_are_paid(server: ModelServer) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    server.failures = [completion({"content": " "}, model="m", usage=usage), completion({"content": "hi"}, usage=usage)]
    async with open_model(server) as model:
        assert await model.reply(HELLO) == Answer("hi", None, 20, 10)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "Hi "}, {"type": "text", "text": "there!"}], "Hi there!"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hi"}], "Hi"),
        ([{"type": "reasoning", "text": "hm"}, "Hi"], "Hi"),
    ],
)
async def test_a_content_in_parts_is_its_words_without_the_thoughts(
    server: ModelServer, content: Any, text: str
) -> None:
    server.failures = [completion({"content": content})]
    async with open_model(server) as model:
        assert (await model.reply(HELLO)).text == text


@pytest.mark.parametrize(
    ("usage", "billed"),
    [
        ({"prompt_tokens": 41, "completion_tokens": 87, "total_tokens": 500}, (41, 459, None)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "prompt_cache_hit_tokens": 8}, (9, 3, 8)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "cached_tokens": 7}, (9, 3, 7)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 5}, (9, 3, None)),
    ],
)
async def test_tokens_are_counted_as_they_are_billed(
    server: ModelServer, usage: dict[str, int], billed: tuple[int | None, ...]
) -> None:
    server.failures = [completion({"content": "hi"}, usage=usage)]
    async with open_model(server) as model:
        answer = await model.reply(HELLO)
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens) == billed


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after-ms": "6500"}, {}, 6.5),
        ({"x-ratelimit-reset-requests": "20s"}, {}, 20),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "7"}, {}, None),
        ({}, error("Rate limit reached. Please try again in 1m2.5s."), 62.5),
        ({}, [{"error": {"code": 429, "message": "x", "details": [{"retryDelay": "34s"}]}}], 34),
    ],
)
async def test_the_server_is_asked_again_when_it_says(
    server: ModelServer, headers: dict[str, str], body: Any, seconds: float | None
) -> None:
    server.failures = [Failure(429, headers, json.dumps(body).encode())]
    async with open_model(server) as model:
        with pytest.raises(ModelUnavailable) as raised:
            await model.reply(HELLO)
    assert raised.value.retry_after == seconds


async def test_an_unknown_error_is_told_in_the_vendors_own_words(server: ModelServer) -> None:
    server.always_fail = answering(error("The frobnicator is set to the wrong colour."), 400)
    async with open_model(server) as model:
        guided = Prompt(HELLO, Guidance("The wrong colour is set in small letters."))
        for ask in (model.reply(HELLO), model.reply_to(guided)):
            with pytest.raises(ModelRefused, match=r"\(HTTP 400\): The frobnicator is set to the wrong colour\.$"):
                await ask


@pytest.mark.parametrize(
    "said",
    [
        "Cannot parse message: my swordfish is 4711",
        "Cannot parse SWORDFISH, SWORDF..., sword-fish: swordfish",
        "Cannot parse \\u0073wordfish",
        "Cannot parse s w o r d f i s h",
        f"Cannot use the key {KEY} or {KEY[:12]}, sorry",
        "Cannot parse c3dvcmRmaXNoIGlzIG15IHNlY3JldA==",
        "Cannot parse number +49 170 1234567 of it",
    ],
)
async def test_what_a_vendor_quotes_of_the_conversation_is_not_told(server: ModelServer, said: str) -> None:
    server.always_fail = answering(error(said), 400)
    async with open_model(server, api_key=KEY) as model:
        with pytest.raises(ModelRefused) as raised:
            await model.reply([Turn(Source.CONTACT, "my swordfish is 4711, call 0170 1234567")])
    told = str(raised.value).lower()
    assert not any(each in told for each in ("sword", "s w o", "4711", "u0073", "sk-proj", "c3dv", "1234567"))


@pytest.mark.parametrize("path", ["/chat/completions", "/chat/completions/", "/"])
async def test_an_address_that_was_copied_with_its_path_is_understood(server: ModelServer, path: str) -> None:
    async with open_model(server, base_url=server.base_url + path, api_key="k") as model:
        assert (await model.reply(HELLO)).text == "re: hello"


async def test_a_server_that_is_away_is_asked_by_one_at_a_time(server: ModelServer) -> None:
    server.always_fail = Failure(503)
    async with open_model(server) as model:
        for _ in range(5):
            with pytest.raises(ModelUnavailable):
                await model.reply(HELLO)
        for _ in range(20):
            with pytest.raises(ModelUnavailable) as raised:
                await model.reply(HELLO)
            assert raised.value.retry_after is not None
    assert len(server.requests) < 10


async def test_azure_gets_its_version_and_the_key_in_its_own_header(server: ModelServer) -> None:
    async with open_model(server, api_version="2024-10-21", api_key="k-of-anna") as model:
        assert (await model.reply(HELLO)).text == "re: hello"
    [asked] = server.requests
    assert asked.query == "api-version=2024-10-21"
    assert asked.headers["api-key"] == "k-of-anna"
    assert "authorization" not in asked.headers
    assert "api_version" not in asked.body


async def test_a_setting_that_has_no_name_there_is_told_as_left_out(server: ModelServer) -> None:
    names = ("max_tokens", "max_completion_tokens")
    server.reply = lambda chat: next(
        (answering(error("no", param=name), 400) for name in names if name in chat), "fine"
    )
    async with open_model(server, max_tokens=9) as model:
        assert model.not_taken() == []
        answer = await model.reply(HELLO)
    assert answer.told is not None
    assert "`max_tokens`: it is left out" in answer.told
    assert "sent as" not in answer.told
    assert [(each.name, each.sent_as, each.told) for each in model.not_taken()] == [("max_tokens", None, answer.told)]


async def test_what_a_judgement_found_out_is_told_with_the_next_answer(server: ModelServer) -> None:
    server.reply = refusing(unless=lambda chat: "seed" not in chat, failure=answering(error("no", param="seed"), 400))
    async with open_model(server, seed=1) as model:
        judgement = await model.judge(HELLO, "fine")
        assert judgement.spent is not None
        assert judgement.spent.told is None
        answer = await model.reply(HELLO)
        assert (await model.reply(HELLO)).told is None
    assert answer.told is not None
    assert "`seed`: it is left out" in answer.told
