"""Any node answers any request, whichever runs the bot, and what holds for a bot holds wherever it runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

from tests.acceptance.conftest import bot
from tests.acceptance.test_safety import second_leg
from tests.cluster.cluster import Cluster, Node, dummy
from tests.fakes.model_server import words

Record = Callable[[str, object], None]


@asynccontextmanager
async def bot_on(cluster: Cluster, node: Node, config: dict[str, Any]) -> AsyncIterator[str]:
    """The instance_id of a bot that this node made; it is deleted afterwards."""
    [instance_id] = await node.put(config)
    try:
        yield instance_id
    finally:
        there = next(node for node in cluster.nodes if node.running)
        await there.api.delete(f"/chatbot/{instance_id}")


async def elsewhere(cluster: Cluster, instance_id: str) -> Node:
    """A node that does not run this bot."""
    return cluster.others(await cluster.owner(instance_id))[0]


async def link(cluster: Cluster, node: Node, instance_id: str) -> str:
    """The phone that is linked now."""
    phone = cluster.phone()
    await cluster.network.scan(await node.qr(instance_id), phone)
    await node.until_status(instance_id, "connected")
    return phone


async def test_a_bot_is_linked_and_read_by_the_others(cluster: Cluster) -> None:
    one, two, three = cluster.nodes
    async with bot_on(cluster, one, bot("linked by others")) as instance_id:
        assert await cluster.owner(instance_id) is one
        await two.qr(instance_id)
        assert (await three.api.get(f"/chatbot/{instance_id}/qr.png")).headers["content-type"] == "image/png"
        answer = await two.api.post(f"/chatbot/{instance_id}/pairing-code", json={"phone": "4915112345678"})
        assert answer.status_code == 200, answer.text
        phone, friend = cluster.phone(), cluster.phone()
        await cluster.network.scan(await two.qr(instance_id), phone)
        for node in cluster.nodes:
            assert (await node.until_status(instance_id, "connected"))["account"].startswith(phone)
        await cluster.network.say(phone, friend, "c9999 hello")
        await cluster.network.wait_inbox(friend, 1)
        for node in cluster.nodes:
            [question] = [row for row in await node.messages(instance_id) if row["source"] == "user"]
            assert question["content"] == "c9999 hello"
            why = await node.api.get(f"/chatbot/{instance_id}/messages/{question['seq']}/decision")
            assert why.json()["explanation"].startswith("Answered")
            costs = await node.api.get(f"/chatbot/{instance_id}/costs", params={"by": "model"})
            assert (costs.json()["total"]["calls"], costs.json()["total"]["prompt_tokens"]) == (1, 1)


async def test_every_errand_is_run_from_afar(cluster: Cluster) -> None:
    one, two, three = cluster.nodes
    async with bot_on(cluster, one, bot("commands")) as instance_id:
        phone, friend = await link(cluster, two, instance_id), cluster.phone()
        away = await elsewhere(cluster, instance_id)
        assert (await away.api.post(f"/chatbot/{instance_id}/stop")).json()["status"] == "stopped"
        for node in cluster.nodes:
            await node.until_status(instance_id, "stopped")
        await away.api.post(f"/chatbot/{instance_id}/start")
        for node in cluster.nodes:
            await node.until_status(instance_id, "connected")
        await cluster.network.say(phone, friend, "forget me")
        await cluster.network.wait_inbox(friend, 1)
        forgotten = await away.api.delete(f"/chatbot/{instance_id}/contacts/{friend}")
        assert (forgotten.status_code, forgotten.json()["messages"]) == (200, 2)
        again = await away.api.delete(f"/chatbot/{instance_id}/contacts/{friend}")
        assert again.status_code == 404
        assert await three.messages(instance_id) == []
        assert (await away.api.post(f"/chatbot/{instance_id}/dead-letters/1/retry")).status_code == 404
        assert (await away.api.post(f"/chatbot/{instance_id}/dead-letters/retry")).status_code == 200
        await away.until_status(instance_id, "connected")  # forgetting somebody renews the connection
        assert (await away.api.post(f"/chatbot/{instance_id}/resume")).json()["status"] == "connected"
        assert (await away.api.post(f"/chatbot/{instance_id}/unlink")).json()["status"] == "logged_out"
        await cluster.network.wait_log("logout", phone=phone)
        assert (await away.api.delete(f"/chatbot/{instance_id}")).status_code == 204
        for node in cluster.nodes:
            assert (await node.api.get(f"/chatbot/{instance_id}/status")).status_code == 404
            assert (await node.api.post(f"/chatbot/{instance_id}/start")).status_code == 404


async def test_a_config_that_is_put_elsewhere_is_in_force(cluster: Cluster) -> None:
    one, two, three = cluster.nodes
    config = dummy("changed elsewhere")
    async with bot_on(cluster, one, config) as instance_id:
        assert await two.put({**config, "respond_to_whitelist": ["4915112345678"]}) == [instance_id]
        shown = (await three.api.get(f"/chatbot/{instance_id}")).json()
        assert shown["config"]["respond_to_whitelist"] == ["4915112345678"]
        refused = await two.api.put("/chatbot", json=[{**config, "queue_config": {"max_messages": 0}}])
        assert refused.status_code == 422
        assert refused.json()[0]["error"]["field"] == "queue_config.max_messages"
        assert (await three.api.get(f"/chatbot/{instance_id}")).json()["config"] == shown["config"]


async def test_a_user_who_is_put_on_two_nodes_at_once_has_one_bot(cluster: Cluster) -> None:
    one, two, three = cluster.nodes
    for turn in range(5):
        config = dummy(f"twice {turn}")
        answers = await asyncio.gather(*(node.put(config) for node in (one, two)))
        assert answers[0] == answers[1]
        users = [status["user_id"] for status in (await three.api.get("/chatbot")).json()]
        assert users.count(config["user_id"]) == 1
        assert (await three.api.delete(f"/chatbot/{answers[0][0]}")).status_code == 204


async def test_every_node_lists_all_bots(cluster: Cluster) -> None:
    lists = [(await node.api.get("/chatbot")).json() for node in cluster.nodes]
    ids = [[status["instance_id"] for status in listed] for listed in lists]
    assert ids[0] == ids[1] == ids[2]
    assert set(cluster.accounts) < set(ids[0])
    assert {status["status"] for listed in lists for status in listed} == {"connected"}


async def test_how_long_an_errand_takes(cluster: Cluster, record_property: Record) -> None:
    seconds = []
    async with bot_on(cluster, cluster.nodes[0], dummy("commands in a row")) as instance_id:
        away = await elsewhere(cluster, instance_id)
        for _ in range(30):
            began = time.perf_counter()
            assert (await away.api.post(f"/chatbot/{instance_id}/resume")).status_code == 200
            seconds.append(time.perf_counter() - began)
    record_property("median_milliseconds", round(median(seconds) * 1000, 1))
    record_property("longest_milliseconds", round(max(seconds) * 1000, 1))


async def test_two_bots_on_two_nodes_that_face_each_other_stop(cluster: Cluster) -> None:
    one, two, three = cluster.nodes
    cluster.model.reply = lambda chat: f"re: {words(chat['messages'][-1])[-1]}"
    try:
        async with (
            bot_on(cluster, one, bot("facing two", limits_config={})) as first,
            bot_on(cluster, two, bot("facing one", limits_config={})) as second,
        ):
            phones = [await link(cluster, three, instance_id) for instance_id in (first, second)]
            assert await cluster.owner(first) is not await cluster.owner(second)
            async with second_leg(cluster.network, *phones):
                await cluster.network.say(phones[1], phones[0], "hello")
                for instance_id in (first, second):
                    status = await three.until(
                        lambda bot=instance_id: three.status(bot),  # type: ignore[misc]
                        lambda status: status["safety"]["level"] == "slowed",
                    )
                    assert "as only a machine does" in status["safety"]["reasons"][0]
    finally:
        cluster.model.reply = cluster.journal.reply


async def test_a_cap_holds_when_another_node_takes_over(cluster: Cluster) -> None:
    one, two, _ = cluster.nodes
    cluster.model.reply = "an answer"
    try:
        async with bot_on(cluster, one, bot("capped", limits_config={"answers_per_day": 2})) as instance_id:
            phone, friends = await link(cluster, two, instance_id), [cluster.phone() for _ in range(4)]
            for friend in friends[:2]:
                await cluster.network.say(phone, friend, "hello")
                await cluster.network.wait_inbox(friend, 1)
            before = await cluster.owner(instance_id)
            logins = len(await cluster.network.log("login"))
            await cluster.network.say(phone, friends[2], "are you there?")
            await before.until_message(instance_id, content="are you there?")
            await before.stop()
            after = await cluster.owner(instance_id)
            assert after is not before
            await after.until_status(instance_id, "connected")
            assert len(await cluster.network.log("login")) > logins
            await cluster.network.say(phone, friends[3], "and you?")
            await after.until(lambda: after.status(instance_id), lambda status: status["waiting"] == 2)
            assert [len(await cluster.network.inbox(friend)) for friend in friends] == [1, 1, 0, 0]
            await after.put(bot("capped", limits_config={"answers_per_day": 3}))
            await after.until(lambda: after.status(instance_id), lambda status: status["waiting"] == 1)
    finally:
        cluster.model.reply = cluster.journal.reply
