"""What whoever runs a server sees of it: /nodes, /metrics, and which server has a bot."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from imposter.contracts.errors import ModelError, Refused
from tests.house import HASTE, until
from tests.integration.api_house import ROOT, Api, open_api
from tests.scrape import Scrape, scrape

FRIEND = "4915123456789@s.whatsapp.net"


async def talking(api: Api, user_id: str = "anna of a long name", **more: object) -> str:
    """A bot whose platform and model the test holds in its hand."""
    instance_id = await api.create(user_id, chat="platform", model="model", limits_config=HASTE, **more)
    await until(lambda: user_id in api.house.platforms and api.house.platforms[user_id].listening)
    return instance_id


async def until_scraped(api: Api, name: str, value: float) -> Scrape:
    async def holds() -> bool:
        return (await scrape(api.client))[name] == value

    await until(holds, name)
    return await scrape(api.client)


async def test_a_server_that_is_alone_is_the_only_node_and_has_every_bot(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        bots = [await api.create("anna"), await api.create("bob")]
        [node] = (await api.client.get("/nodes")).json()
        assert (node["name"], node["this"], node["bots"]) == ("house", True, 2)
        assert (node["node_id"], node["lease_until"], node["leaving"]) == (None, None, False)
        assert datetime.fromisoformat(node["since"]) <= datetime.now(UTC)
        assert node["revision"]
        counts = ("taken_over", "given_away", "leases_lost", "remote_commands")
        assert [node["report"][name] for name in counts] == [0, 0, 0, 0]
        assert {(await api.client.get(f"/chatbot/{bot}")).json()["node"] for bot in bots} == {"house"}


async def test_each_start_of_a_bot_is_a_new_epoch(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await talking(api)
        first = (await api.client.get(f"/chatbot/{instance_id}")).json()["epoch"]
        await api.client.post(f"/chatbot/{instance_id}/stop")
        assert (await api.client.get(f"/chatbot/{instance_id}")).json()["epoch"] == first
        await api.client.post(f"/chatbot/{instance_id}/start")

        async def next_epoch() -> bool:
            return bool((await api.client.get(f"/chatbot/{instance_id}")).json()["epoch"] == first + 1)

        await until(next_epoch)


async def test_bots_are_counted_by_their_state(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        assert (await scrape(api.client))["imposter_bots", "connected"] == 0
        await talking(api)
        stopped = await talking(api, "bob")
        await api.client.post(f"/chatbot/{stopped}/stop")
        seen = await scrape(api.client)
        assert (seen["imposter_bots", "connected"], seen["imposter_bots", "stopped"]) == (1, 1)
        assert sum(value for (name, status), value in seen.by_status.items() if name == "imposter_bots") == 2


async def test_answers_and_what_did_not_become_one_are_counted(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        await talking(api)
        platform, model = api.house.platforms["anna of a long name"], api.house.models["anna of a long name"]
        await platform.hear(FRIEND, "hello")
        seen = await until_scraped(api, "imposter_answers_sent_total", 1)
        assert (seen["imposter_model_failures_total"], seen["imposter_dead_letters_total"]) == (0, 0)
        model.trouble.append(ModelError("no"))
        await platform.hear(FRIEND, "and you?")
        seen = await until_scraped(api, "imposter_dead_letters_total", 1)
        assert seen["imposter_model_failures_total"] == 1
        platform.trouble.append(Refused("no"))
        await platform.hear(FRIEND, "well?")
        seen = await until_scraped(api, "imposter_dead_letters_total", 2)
        assert (seen["imposter_model_failures_total"], seen["imposter_answers_sent_total"]) == (1, 1)


async def test_what_waits_and_what_the_queue_put_out_is_counted(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        await talking(api, queue_config={"max_messages": 2})
        platform, model = api.house.platforms["anna of a long name"], api.house.models["anna of a long name"]
        hold = model.hold["first"] = asyncio.Event()
        await platform.hear(FRIEND, "first")
        await until(lambda: bool(model.asked))
        for text in ("second", "third", "fourth"):
            await platform.hear(FRIEND, text)
        seen = await scrape(api.client)
        assert (seen["imposter_waiting_messages"], seen["imposter_evicted_messages_total"]) == (2, 2)
        hold.set()
        await until_scraped(api, "imposter_waiting_messages", 0)


async def test_metrics_name_nobody(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await talking(api)
        await api.house.platforms["anna of a long name"].hear(FRIEND, "hello")
        await until_scraped(api, "imposter_answers_sent_total", 1)
        text = (await api.client.get("/metrics")).text
        assert not [word for word in ("anna", instance_id, FRIEND, "49151", "hello") if word in text]


async def test_a_server_that_nobody_asks_for_metrics_does_not_load_their_library() -> None:
    asked = "import sys, main; sys.exit(any(name.startswith('prometheus_client') for name in sys.modules))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", asked, cwd=ROOT)
    assert await process.wait() == 0
