"""What the owner can do about what is kept: dead letters, forgetting somebody, backups; through the API."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest

from imposter.clock import SystemClock
from imposter.contracts.errors import InvalidState, ModelRefused, Refused
from imposter.contracts.messages import Sender
from imposter.contracts.status import LinkState, LinkStatus
from imposter.runtime.commands import EraseContact
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.runtime.retention import retention
from imposter.storage.database.engine import DATABASE_FILE
from tests.house import Platform, config_of, open_house, until
from tests.integration.api_house import Api, config, open_api
from tests.storage.traces import traces

NUMBER, LID, NAME, WORDS = "4915198765432", "99887766554433", "Canary Smith", "canary-words-7c1e"


async def running(api: Api, **more: Any) -> str:
    """A bot on the platform and with the model that the test holds in its hand."""
    instance_id = await api.create(chat="platform", model="model", **more)
    await until(lambda: "anna" in api.house.platforms and api.house.platforms["anna"].listening)
    return instance_id


async def letters(api: Api, instance_id: str) -> list[dict[str, Any]]:
    answer = await api.client.get(f"/chatbot/{instance_id}/dead-letters")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["dead_letters"])


async def refused_answer(api: Api, instance_id: str, sender: str = "ben") -> dict[str, Any]:
    platform, before = api.house.platforms["anna"], len(await letters(api, instance_id))
    platform.trouble.append(Refused("no"))
    await platform.hear(sender, "hi")

    async def is_lost() -> bool:
        return len(await letters(api, instance_id)) == before + 1

    await until(is_lost)
    return (await letters(api, instance_id))[0]


async def test_an_answer_that_was_refused_is_sent_again_once_as_the_same_message(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        platform = api.house.platforms["anna"]
        letter = await refused_answer(api, instance_id)
        assert (letter["kind"], letter["message"], letter["answer"], letter["delivery"]) == (
            "answer",
            "hi",
            "re: hi",
            "failed",
        )
        url = f"/chatbot/{instance_id}/dead-letters/{letter['seq']}/retry"
        first, second = await asyncio.gather(api.client.post(url), api.client.post(url))
        assert sorted((first.status_code, second.status_code)) == [200, 404]
        await until(lambda: platform.texts("ben") == ["re: hi"])
        assert len({sent.message_id for sent in platform.attempts}) == 1
        assert len(api.house.models["anna"].asked) == 1
        assert await letters(api, instance_id) == []


async def test_a_message_without_an_answer_is_asked_about_again(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        api.house.models["anna"].trouble.append(ModelRefused("no"))
        await api.house.platforms["anna"].hear("ben", "hi")

        async def failed() -> bool:
            return bool(await letters(api, instance_id))

        await until(failed)
        [letter] = await letters(api, instance_id)
        assert (letter["kind"], letter["message"], letter["answer"]) == ("message", "hi", None)
        answer = await api.client.post(f"/chatbot/{instance_id}/dead-letters/retry")
        assert (answer.status_code, answer.json()) == (200, {"retried": 1, "refused": 0})
        await until(lambda: api.house.platforms["anna"].texts("ben") == ["re: hi"])


async def test_a_stopped_bot_sends_what_was_retried_once_it_runs(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        await refused_answer(api, instance_id)
        await api.client.post(f"/chatbot/{instance_id}/stop")
        stopped = api.house.platforms["anna"]
        assert (await api.client.post(f"/chatbot/{instance_id}/dead-letters/retry")).status_code == 200
        await api.client.post(f"/chatbot/{instance_id}/start")
        await until(lambda: api.house.platforms["anna"] is not stopped)
        await until(lambda: api.house.platforms["anna"].texts("ben") == ["re: hi"])
        assert stopped.sent == []


async def test_whom_todays_rules_leave_out_is_not_written_to(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        letter = await refused_answer(api, instance_id)
        await api.put(config("anna", chat="platform", model="model", respond_to_whitelist=[]))
        refused = await api.client.post(f"/chatbot/{instance_id}/dead-letters/{letter['seq']}/retry")
        assert refused.status_code == 409
        assert "not_allowed" in refused.json()["detail"]
        every = await api.client.post(f"/chatbot/{instance_id}/dead-letters/retry")
        assert every.json() == {"retried": 0, "refused": 1}
        gone = await api.client.delete(f"/chatbot/{instance_id}/dead-letters/{letter['seq']}")
        assert gone.status_code == 204
        assert await letters(api, instance_id) == []
        assert api.house.platforms["anna"].sent == []


async def test_letters_come_in_pages(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        seqs = [(await refused_answer(api, instance_id, name))["seq"] for name in ("ben", "carl", "dora")]
        first = (await api.client.get(f"/chatbot/{instance_id}/dead-letters?limit=2")).json()
        assert [letter["seq"] for letter in first["dead_letters"]] == seqs[:0:-1]
        rest = (await api.client.get(f"/chatbot/{instance_id}/dead-letters?before={first['before']}")).json()
        assert ([letter["seq"] for letter in rest["dead_letters"]], rest["before"]) == (seqs[:1], None)


async def test_one_who_is_forgotten_is_not_answered_and_leaves_no_trace(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        platform, model = api.house.platforms["anna"], api.house.models["anna"]
        her = Sender(LID, NAME, (NUMBER,))
        for number in range(30):
            await platform.queue.add_message(f"{WORDS} {number} " + "x" * 300, her, answerable=False, note="old")
        model.hold[WORDS] = asyncio.Event()
        await platform.queue.add_message(WORDS, her)
        await until(lambda: bool(model.asked))
        await platform.hear("ben", "hello")
        assert traces(None, tmp_path, WORDS, NUMBER, LID, NAME)

        answer = await api.client.delete(f"/chatbot/{instance_id}/contacts/%2B49 151 98765432")
        assert (answer.status_code, answer.json()) == (200, {"messages": 31, "files": "scrubbed"})
        assert traces(None, tmp_path, WORDS, NUMBER, LID, NAME) == []
        model.hold[WORDS].set()
        await until(lambda: platform.texts() == ["re: hello"])
        await platform.hear("ben", "and now?")
        await until(lambda: platform.texts() == ["re: hello", "re: and now?"])
        again = await api.client.delete(f"/chatbot/{instance_id}/contacts/{LID}")
        assert again.status_code == 404


async def test_an_answer_that_waits_for_the_link_does_not_go_to_one_who_was_forgotten(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        platform = api.house.platforms["anna"]
        platform.listening = False
        await platform.hear("ben", "hi")
        await until(lambda: bool(platform.attempts))
        assert (await api.client.delete(f"/chatbot/{instance_id}/contacts/ben")).json() == {
            "messages": 2,
            "files": "scrubbed",
        }
        platform.listening = True
        await platform.hear("carl", "hello")
        await until(lambda: platform.texts("carl") == ["re: hello"])
        assert platform.texts("ben") == []


async def test_a_group_goes_on_without_the_one_who_was_forgotten(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        chat = {"provider_name": "platform", "provider_config": {"allow_group_messages": True}}
        instance_id = await running(api, chat_provider_config=chat)
        platform, model = api.house.platforms["anna"], api.house.models["anna"]
        model.hold["hers"] = asyncio.Event()
        await platform.hear("her", "hers", group="g")
        await until(lambda: bool(model.asked))
        await platform.hear("ben", "his", group="g")
        assert (await api.client.delete(f"/chatbot/{instance_id}/contacts/her")).json() == {
            "messages": 1,
            "files": "scrubbed",
        }
        await until(lambda: platform.texts("g") == ["re: his"])
        assert model.prompts()[-1] == ["his"]


async def test_a_backup_is_made_while_the_server_runs(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        await api.create()
        answer = await api.client.post("/backup")
        assert answer.status_code == 200, answer.text
        folder = Path(answer.json()["folder"])
        assert folder.parent == tmp_path / "backups"
        assert answer.json()["files"] == [DATABASE_FILE]
        assert (folder / DATABASE_FILE).stat().st_size > 0


class Remembering(Platform):
    """A platform with a memory of its own."""

    forgotten: ClassVar[list[Sequence[str]]] = []
    trouble_forgetting: ClassVar[list[Exception]] = []
    queues: ClassVar[list[Any]] = []
    """Of those who listen."""

    async def start_listening(self) -> None:
        await super().start_listening()
        self.queues.append(self.queue)

    async def forget_contact(self, ids: Sequence[str]) -> None:
        if self.trouble_forgetting:
            raise self.trouble_forgetting.pop()
        await self.context.state.write([("names", name, None) for name in ids])
        self.forgotten.append(ids)


@pytest.mark.parametrize("running", [True, False])
async def test_the_platform_forgets_too_whether_the_bot_runs_or_not(tmp_path: Path, running: bool) -> None:
    file = ProviderFile(ProviderKind.CHAT, "remembering", provider=Remembering)
    Remembering.forgotten.clear()
    async with open_house(tmp_path, file) as house:
        bot = await house.bots.put(config_of(chat="remembering"))
        await until(lambda: bool(Remembering.queues))
        await Remembering.queues.pop().add_message("hello", Sender(LID, NAME, (NUMBER,)))
        if not running:
            await house.bots.stop(bot.instance_id)
        Remembering.trouble_forgetting.append(RuntimeError("not now"))
        with pytest.raises(InvalidState):
            await bot.execute(EraseContact(contact=NUMBER))
        assert await house.bot_service.messages(bot.instance_id), "nothing is half forgotten"
        await bot.execute(EraseContact(contact=NUMBER))
        assert Remembering.forgotten == [sorted([LID, NUMBER])]
        assert await house.bot_service.messages(bot.instance_id) == []
        status = (await bot.status()).status
        assert status is (LinkState.CONNECTED if running else LinkState.STOPPED)


async def test_files_that_another_program_reads_are_said_to_be_pending(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        platform = api.house.platforms["anna"]
        await platform.hear("ben", WORDS)
        await until(lambda: bool(platform.texts()))
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM messages").fetchall()
            answer = await api.client.delete(f"/chatbot/{instance_id}/contacts/ben")
        assert answer.json() == {"messages": 2, "files": "pending"}
        async with retention(api.house.store, SystemClock(), None):
            await until(lambda: not traces(None, tmp_path, WORDS))


async def test_one_who_shares_an_answer_with_somebody_forgotten_still_gets_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(chat_config={"allow_group_messages": True})
        platform, thinking = house.platforms["anna"], house.models["anna"]
        thinking.hold |= {"first": asyncio.Event(), "hers": asyncio.Event()}
        await platform.hear("ben", "first", group="G")
        await until(lambda: len(thinking.asked) == 1)
        await platform.hear("ben", "his", group="G")
        await platform.hear(NUMBER, "hers", group="G")
        thinking.hold["first"].set()
        await until(lambda: platform.texts() == ["re: first"])
        platform.listening = False
        thinking.hold["hers"].set()
        await until(lambda: platform.attempts[-1].text == "re: hers")
        await bot.execute(EraseContact(contact=NUMBER))
        platform.listening = True
        platform.context.report(LinkStatus(status=LinkState.CONNECTED))
        await until(lambda: platform.texts() == ["re: first", "re: his"])
        assert "hers" not in thinking.prompts()[-1]


async def test_what_failed_on_one_platform_is_not_sent_on_another(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await running(api)
        await refused_answer(api, instance_id)
        await api.put(config("anna", chat="dummy", model="model"))
        assert await letters(api, instance_id) == []
        assert (await api.client.post(f"/chatbot/{instance_id}/dead-letters/retry")).json()["retried"] == 0
