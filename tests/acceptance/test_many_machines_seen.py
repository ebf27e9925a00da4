"""/nodes and /metrics of real servers that share a PostgreSQL database."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.conftest import KEY
from tests.acceptance.product import Product, running
from tests.house import AT_ONCE
from tests.scrape import Scrape, scrape


def dummy(user_id: str, *texts: str) -> dict[str, Any]:
    messages = [{"content": text, "sender": "4915123456789"} for text in texts]
    return {
        "user_id": user_id,
        "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": messages}},
        "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}},
        "behaviour_config": AT_ONCE,
    }


async def nodes(product: Product) -> list[dict[str, Any]]:
    answer = await product.api.get("/nodes")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def detail(product: Product, instance_id: str) -> dict[str, Any]:
    return dict((await product.api.get(f"/chatbot/{instance_id}")).json())


@pytest.fixture
def environment(postgres_database: str) -> dict[str, str]:
    return {"IMPOSTER_DATABASE_URL": postgres_database, "IMPOSTER_SECRET_KEY": KEY, "IMPOSTER_LEASE_SECONDS": "5"}


async def test_what_a_server_did_is_seen_as_prometheus_reads_it(tmp_path: Path, environment: dict[str, str]) -> None:
    async with running(tmp_path, environment | {"IMPOSTER_NODE_NAME": "one"}) as product:
        await product.put(dummy("anna", "hello"))

        async def read() -> Scrape:
            return await scrape(product.api)

        seen = await product.until(read, lambda seen: seen["imposter_answers_sent_total"] == 1)
        assert seen["imposter_bots", "connected"] == 1
        assert seen["imposter_store_commit_seconds_count"] > 0
        assert (seen["imposter_leases_lost_total"], seen["imposter_takeovers_total"]) == (0, 0)
        assert 0 <= seen["imposter_lease_age_seconds"] < 5
        async with await psycopg.AsyncConnection.connect(environment["IMPOSTER_DATABASE_URL"]) as other:
            await other.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
            cut_off = await scrape(product.api)
        assert "imposter_waiting_messages" in seen
        assert "imposter_waiting_messages" not in cut_off
        assert cut_off["imposter_answers_sent_total"] == 1


async def test_the_servers_see_each_other_and_who_has_which_bot(tmp_path: Path, environment: dict[str, str]) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with (
        running(tmp_path / "one", environment | {"IMPOSTER_NODE_NAME": "one"}) as one,
        running(tmp_path / "two", environment | {"IMPOSTER_NODE_NAME": "two"}) as two,
    ):
        bots = await one.put(dummy("user anna"), dummy("user bob"))

        async def seen_by_two() -> list[tuple[str, int, bool]]:
            return [(node["name"], node["bots"], node["this"]) for node in await nodes(two)]

        await two.until(seen_by_two, lambda seen: seen == [("one", 1, False), ("two", 1, True)])
        assert [node["this"] for node in await nodes(one)] == [True, False]
        assert all(node["node_id"] and node["lease_until"] for node in await nodes(one))
        shown = [await detail(one, bot) for bot in bots]
        assert sorted(bot["node"] for bot in shown) == ["one", "two"]
        theirs = next(bot for bot in shown if bot["node"] == "one")

        await one.stop()

        async def theirs_now() -> dict[str, Any]:
            return await detail(two, theirs["instance_id"])

        taken = await two.until(theirs_now, lambda now: now["node"] == "two" and now["epoch"] > theirs["epoch"])
        assert taken["config"] == theirs["config"]
        seen = await scrape(two.api)
        assert seen["imposter_takeovers_total"] == 2

        async def report() -> dict[str, Any]:
            [node] = await nodes(two)
            return dict(node["report"])

        await two.until(report, lambda said: said["taken_over"] == 2 and said["uptime_seconds"] > 0)
        for product in (one, two):
            log = product.output.read_text()
            assert "user anna" not in log
            assert "user bob" not in log
        assert '"bots given away"' in one.output.read_text()
        assert '"node left"' in one.output.read_text()
        assert '"bots taken"' in two.output.read_text()
