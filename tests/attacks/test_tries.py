"""Guessing the key, and keeping its owner out by wrong guesses."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.product import Product, running
from tests.scrape import scrape
from tests.timeouts import FACT

KEY = "a-key-of-the-tests-0123456789"
WRONG = "a-key-of-an-attacker-0123456789"


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(tmp_path, {"IMPOSTER_API_KEY": KEY, "IMPOSTER_LOG_FORMAT": "json"}) as product:
        yield product


@asynccontextmanager
async def reach(product: Product, address: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client from this address, as a proxy on the server's machine tells it."""
    headers = {"X-Forwarded-For": address}
    async with httpx2.AsyncClient(base_url=product.api.base_url, headers=headers, timeout=FACT) as client:
        yield client


async def guess(product: Product, address: str, key: str = WRONG, path: str = "/chatbot") -> httpx2.Response:
    async with reach(product, address) as client:
        return await client.get(path, headers={"Authorization": f"Bearer {key}"})


async def sign_in(product: Product, address: str, key: str) -> httpx2.Response:
    async with reach(product, address) as client:
        return await client.post("/login", data={"key": key})


@pytest.mark.parametrize("path", ["/chatbot", "/", "/login", "/none"])
async def test_guesses_by_header_are_bounded_and_the_key_still_works_from_there(product: Product, path: str) -> None:
    answers = [await guess(product, "192.0.2.1", path=path) for _ in range(12)]
    assert [answer.status_code for answer in answers[5:]] == [429] * 7
    assert all(answer.status_code != 429 for answer in answers[:5])
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert (await guess(product, "192.0.2.1", KEY)).status_code == 200
    assert (await guess(product, "192.0.2.1")).status_code == 429
    assert (await guess(product, "192.0.2.2")).status_code == 401


async def test_both_ways_in_share_one_bound(product: Product) -> None:
    for _ in range(3):
        assert (await guess(product, "192.0.2.1")).status_code == 401
    for _ in range(2):
        assert (await sign_in(product, "192.0.2.1", WRONG)).status_code == 401
    assert (await sign_in(product, "192.0.2.1", WRONG)).status_code == 429
    assert (await guess(product, "192.0.2.1")).status_code == 429


async def test_many_addresses_do_not_keep_the_owner_out(product: Product) -> None:
    signed_in = await sign_in(product, "198.51.100.7", KEY)
    assert signed_in.status_code == 303
    answers = [(await guess(product, f"192.0.2.{number}")).status_code for number in range(60)]
    assert answers == [401] * 50 + [429] * 10
    assert (await guess(product, "203.0.113.9")).status_code == 429
    # A slip of the owner's own, where they got in before; and where they never were, the key.
    assert (await sign_in(product, "198.51.100.7", WRONG)).status_code == 401
    assert (await sign_in(product, "203.0.113.8", KEY)).status_code == 303
    assert (await guess(product, "203.0.113.7", KEY)).status_code == 200
    async with reach(product, "192.0.2.1") as client:
        client.cookies.update(signed_in.cookies)
        assert (await client.get("/new")).status_code == 200


async def test_a_network_of_ipv6_is_one_address(product: Product) -> None:
    answers = [(await guess(product, f"2001:db8:1:2::{number:x}")).status_code for number in range(1, 8)]
    assert answers == [401] * 5 + [429] * 2
    assert (await guess(product, "2001:db8:1:3::1")).status_code == 401


async def test_who_shares_the_address_of_a_guesser_stays_signed_in(product: Product) -> None:
    cookies = (await sign_in(product, "192.0.2.1", KEY)).cookies
    for _ in range(20):
        await guess(product, "192.0.2.1")
    assert (await guess(product, "192.0.2.1")).status_code == 429
    async with reach(product, "192.0.2.1") as client:
        client.cookies.update(cookies)
        assert (await client.get("/new")).status_code == 200
    assert (await sign_in(product, "192.0.2.1", KEY)).status_code == 303


async def test_a_password_of_the_proxy_is_no_guess(product: Product) -> None:
    async with reach(product, "192.0.2.1") as client:
        for _ in range(12):
            answer = await client.get("/chatbot", headers={"Authorization": "Basic b3duZXI6cGFzc3dvcmQ="})
            assert answer.status_code == 401
    assert (await guess(product, "192.0.2.1")).status_code == 401


async def test_guesses_are_counted_and_told_without_the_key_and_without_end(product: Product) -> None:
    for _ in range(100):
        await guess(product, "192.0.2.1")
    await guess(product, "192.0.2.2")
    assert (await scrape(product.api))["imposter_wrong_keys_total"] == 101
    log = product.output.read_text()
    told = [json.loads(line) for line in log.splitlines() if '"wrong key"' in line]
    assert [(line["address"], line["tries"]) for line in told] == [
        *(("192.0.2.1", tries) for tries in (1, 10, 100)),
        ("192.0.2.2", 1),
    ]
    assert WRONG not in log
    assert KEY not in log
