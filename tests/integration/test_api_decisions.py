"""Why a message was answered, was not, or is not yet: what the API tells its owner."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from chatbot_manager import ChatbotInstance
from imposter.contracts.errors import ModelRefused, ModelUnavailable, Refused
from imposter.contracts.messages import Turn
from imposter.contracts.model import Answer
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.web.api import examples
from tests.house import HASTE, until
from tests.integration.api_house import Api, open_api
from tests.integration.behaviour_house import PROMPT, Anna
from tests.integration.safety_house import HandClock

MINUTE = 60.0


class CountingModel:
    """Says what its answers cost, or raises what comes next."""

    trouble: list[Exception] = []  # noqa: RUF012 - of the one bot of a test
    hold: asyncio.Event | None = None
    """Answering waits for it."""
    waiting = 0

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        pass

    async def reply(self, turns: Sequence[Turn]) -> Answer:
        if self.trouble:
            raise self.trouble.pop(0)
        if self.hold is not None:
            type(self).waiting += 1
            await self.hold.wait()
        return Answer(f"re: {turns[-1].content}", "counting-1", prompt_tokens=21, completion_tokens=5, cached_tokens=0)


class Owner(Anna):
    """Who asks for reasons."""

    def __init__(self, api: Api, bot: ChatbotInstance, clock: HandClock) -> None:
        super().__init__(api.house, bot, clock)
        self.api = api

    async def ask(self, seq: int, status: int = 200) -> Any:
        response = await self.api.client.get(f"/chatbot/{self.bot.instance_id}/messages/{seq}/decision")
        assert response.status_code == status, response.text
        return response.json()

    async def why(self, text: str) -> Any:
        """About the message with this text."""
        return await self.ask(await self.seq(text))

    async def told(self, text: str) -> str:
        return str((await self.why(text))["explanation"])

    async def seq(self, text: str) -> int:
        rows = await self.house.bot_service.messages(self.bot.instance_id, limit=200)
        return next(row.seq for row in rows if row.content == text)


@asynccontextmanager
async def open_owner(folder: Path, behaviour: dict[str, Any], **more: Any) -> AsyncIterator[Owner]:
    clock = HandClock()
    CountingModel.trouble, CountingModel.hold, CountingModel.waiting = [], None, 0
    async with open_api(
        folder, ProviderFile(ProviderKind.MODEL, "counting", provider=CountingModel), clock=clock
    ) as api:
        rest = {"behaviour_config": behaviour, "limits_config": HASTE, **more}
        instance_id = await api.create("anna", chat="platform", model="counting", **rest)
        bot = api.house.bots.get(instance_id)
        assert isinstance(bot, ChatbotInstance)
        await until(lambda: "anna" in api.house.platforms and api.house.platforms["anna"].listening)
        await until(lambda: bot.state == "connected")
        yield Owner(api, bot, clock)


def gates(why: Any, outcome: str) -> list[str]:
    return [gate["gate"] for gate in why["gates"] if gate["outcome"] == outcome]


async def test_an_answer_is_told_with_its_cost_its_times_and_what_was_sent(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT) as owner:
        await owner.hear("swordfish?")
        await owner.settle()
        why = await owner.why("swordfish?")
        assert why["explanation"] == "Answered."
        assert set(gates(why, "passed")) == {gate["gate"] for gate in why["gates"]}
        prompt = why["model"].pop("prompt_sha256")
        assert len(prompt) == 64
        assert why["model"] == {
            "name": "counting-1",
            "fallback": None,
            "attempts": 1,
            "turns": 1,
            "prompt_tokens": 21,
            "completion_tokens": 5,
            "cached_tokens": 0,
            "cost": None,
            "currency": None,
        }
        steps = ("received", "taken", "asked", "ended")
        times = [datetime.fromisoformat(why["times"][step]) for step in steps]
        assert times == sorted(times)
        [part] = why["answer"]
        assert (part["message_id"], part["delivery"]) == (owner.platform.sent[0].message_id, "sent")
        assert datetime.fromisoformat(part["sent_at"]) >= times[-1]
        assert "swordfish" not in str(why)
        await owner.hear("again?")
        await owner.settle()
        assert (await owner.why("again?"))["model"]["prompt_sha256"] != prompt


async def test_what_was_answered_together_says_so_and_what_it_waited_for(tmp_path: Path) -> None:
    async with open_owner(tmp_path, {}) as owner:
        for text in ("one", "two", "three"):
            await owner.hear(text)
        await owner.live_until(lambda: bool(owner.platform.sent))
        await owner.settle()
        assert await owner.told("one") == "Answered together with 2 later messages."
        assert await owner.told("two") == "Answered together with 1 earlier and 1 later message."
        why = await owner.why("three")
        assert why["explanation"] == "Answered together with 2 earlier messages."
        assert why["together"] == [await owner.seq(text) for text in ("one", "two", "three")]
        assert [wait["what"] for wait in why["waits"]] == ["burst"]
        assert gates(why, "waited") == ["burst"]
        due_at, sent_at = (datetime.fromisoformat(why["answer"][0][step]) for step in ("due_at", "sent_at"))
        assert due_at <= sent_at


async def test_who_is_not_on_the_list_is_told_of_at_its_gate(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT, respond_to_whitelist=["eve"]) as owner:
        await owner.hear("hello")
        why = await owner.why("hello")
        assert why["explanation"] == "Not answered: its sender is not on the whitelist (respond_to_whitelist)."
        assert (why["state"], why["reason"], why["model"], why["answer"]) == ("ignored", "not_allowed", None, [])
        assert gates(why, "passed") == ["author", "kind", "groups"]
        assert gates(why, "stopped") == ["whitelist"]
        assert "model" in gates(why, "not_reached")


async def test_a_takeover_is_told_with_how_long_ago_it_was(tmp_path: Path) -> None:
    async with open_owner(tmp_path, {"pace": "off", "takeover_minutes": 30}) as owner:
        await owner.hear("who is there?")
        await owner.pass_by(1)
        await owner.write_herself("It is me")
        await owner.pass_by(12 * MINUTE)
        await owner.hear("really?")
        await owner.settle()
        assert await owner.told("who is there?") == "Not answered: you took over this chat 1 second later."
        why = await owner.why("really?")
        assert why["explanation"] == "Not answered: you took over this chat 12 minutes before."
        assert gates(why, "stopped") == ["pause"]
        assert await owner.told("It is me") == "You wrote this yourself: it is part of the conversation."


async def test_a_model_that_gave_no_answer_is_told_with_how_often_it_was_asked(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT) as owner:
        CountingModel.trouble = [ModelUnavailable("busy"), ModelRefused("a secret of the vendor")]
        await owner.hear("hello")
        await owner.pass_by(MINUTE)
        why = await owner.why("hello")
        nothing = "Not answered: the model gave no answer, and trying again would not help."
        assert why["explanation"] == nothing
        assert (why["model"]["attempts"], why["model"]["name"], why["state"]) == (2, None, "failed")
        taken, asked = (datetime.fromisoformat(why["times"][step]) for step in ("taken", "asked"))
        assert taken < asked
        assert gates(why, "stopped") == ["model"]
        assert "secret" not in str(why)


async def test_an_answer_that_the_platform_refused_is_told_until_it_is_sent_again(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT) as owner:
        owner.platform.trouble = [Refused("not to them")]
        await owner.hear("hello")
        await owner.settle()
        why = await owner.why("hello")
        assert why["explanation"] == "Answered, but the platform refused it."
        assert gates(why, "stopped") == ["delivery"]
        await owner.house.bot_service.conversation_service.retry(owner.bot.instance_id)
        await owner.settle()
        assert await owner.told("hello") == "Answered."


async def test_what_waits_for_the_morning_says_so_and_so_does_what_waited_for_it(tmp_path: Path) -> None:
    opens = {"time_zone": "Europe/Berlin", "start": "08:00", "end": "11:00"}
    async with open_owner(tmp_path, {**PROMPT, "active_hours": opens}) as owner:
        await owner.hear("hello")
        await owner.settle()
        why = await owner.why("hello")
        assert why["explanation"] == "Waiting: your active hours begin on Monday at 08:00."
        assert gates(why, "waiting") == ["hours"]
        await owner.live_until(lambda: bool(owner.platform.sent))
        await owner.settle()
        why = await owner.why("hello")
        assert (why["explanation"], gates(why, "waited")) == ("Answered.", ["hours"])
        assert [wait["what"] for wait in why["waits"]] == ["hours"]


async def test_what_is_just_being_answered_and_what_waits_for_a_bot_that_was_stopped_say_so(tmp_path: Path) -> None:
    async with open_owner(tmp_path, {"debounce_seconds": 2.5, "pace": "off"}) as owner:
        await owner.hear("hello")
        await owner.settle()
        assert await owner.told("hello") == "Waiting: its sender may still be typing."
        await owner.house.bot_service.stop(owner.bot.instance_id)
        assert await owner.told("hello") == "Waiting: the bot does not run; start it."


async def test_there_is_no_reason_for_what_is_no_message_of_somebody_elses(tmp_path: Path) -> None:
    async with open_owner(tmp_path, PROMPT) as owner:
        await owner.hear("hello")
        await owner.settle()
        for seq in (await owner.seq("re: hello"), 4711):
            problem = await owner.ask(seq, 404)
            assert problem["detail"].startswith("There is no such message. For an answer of the bot, ask")
        await owner.ask(0, 422)
        unknown = await owner.api.client.get(f"/chatbot/{examples.INSTANCE_ID}/messages/1/decision")
        assert unknown.json()["detail"] == "There is no bot with this instance_id."


async def test_the_documented_example_is_what_a_takeover_comes_to(tmp_path: Path) -> None:
    async with open_owner(tmp_path, {"pace": "off"}) as owner:
        await owner.write_herself("It is me")
        await owner.pass_by(12 * MINUTE)
        await owner.hear("really?")
        await owner.settle()
        why = await owner.why("really?")
        assert why.keys() == examples.DECISION.keys()
        assert why["times"].keys() == examples.DECISION["times"].keys()
        for field in ("explanation", "state", "reason", "gates", "waits", "model", "answer"):
            assert why[field] == examples.DECISION[field]
