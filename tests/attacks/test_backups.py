"""Backups as a way to the data, or to a full disk."""

import asyncio
from pathlib import Path

import httpx2

from imposter.storage.upkeep.backup import KEPT
from tests.acceptance.product import running

KEY = "a-key-of-the-tests-0123456789"


async def test_only_the_key_makes_a_backup(tmp_path: Path) -> None:
    async with running(tmp_path, {"IMPOSTER_API_KEY": KEY}) as product:
        async with httpx2.AsyncClient(base_url=product.api.base_url) as browser:
            assert (await browser.post("/login", data={"key": KEY})).status_code == 303
            assert (await browser.get("/new")).status_code == 200
            for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Authorization": "Bearer wrong"}):
                assert (await browser.post("/backup", headers=headers)).status_code == 401
        assert not (product.data / "backups").exists()
        assert (await product.api.post("/backup")).status_code == 200


async def test_backups_asked_for_without_end_leave_a_bounded_number(tmp_path: Path) -> None:
    async with running(tmp_path) as product:
        answers = [await product.api.post("/backup") for _ in range(KEPT)]
        answers += await asyncio.gather(*(product.api.post("/backup") for _ in range(KEPT)))
        assert {answer.status_code for answer in answers} == {200}
        kept = [path for path in (product.data / "backups").iterdir() if path.is_dir()]
        assert len(kept) == KEPT
        assert answers[0].json()["folder"] not in map(str, kept)
