"""Linking a bot through the API: a picture to scan or a code to type."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.house import until
from tests.integration.api_house import QR, Api, open_api


async def linking(api: Api, qr: str = QR) -> str:
    """A bot that shows its code."""
    chat = {"provider_name": "linking", "provider_config": {"qr": qr}}
    instance_id = await api.create(chat_provider_config=chat)

    async def shows_it() -> bool:
        status = (await api.client.get(f"/chatbot/{instance_id}/status")).json()
        return bool(status["status"] == "linking" and status["qr"] == qr)

    await until(shows_it)
    return instance_id


async def test_the_code_is_shown_as_a_picture(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await linking(api)
        png = await api.client.get(f"/chatbot/{instance_id}/qr.png")
        assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
        assert png.content.startswith(b"\x89PNG\r\n")
        svg = await api.client.get(f"/chatbot/{instance_id}/qr.svg")
        assert (svg.status_code, svg.headers["content-type"]) == (200, "image/svg+xml")
        assert ElementTree.fromstring(svg.text).tag.endswith("svg")
        assert png.headers["cache-control"] == svg.headers["cache-control"] == "no-store"


async def test_a_code_that_fits_into_no_picture_is_told_of(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await linking(api, "x" * 3000)
        for picture in ("qr.png", "qr.svg"):
            response = await api.client.get(f"/chatbot/{instance_id}/{picture}")
            assert response.status_code == 409
            assert "does not fit" in response.json()["detail"]
            assert "409" in api.app.openapi()["paths"][f"/chatbot/{{instance_id}}/{picture}"]["get"]["responses"]


async def test_a_bot_that_shows_no_code_says_where_it_stands(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await api.create()
        await api.client.post(f"/chatbot/{instance_id}/stop")
        for picture in ("qr.png", "qr.svg"):
            response = await api.client.get(f"/chatbot/{instance_id}/{picture}")
            assert response.status_code == 404
            assert "is stopped, not linking" in response.json()["detail"]


@pytest.mark.parametrize(
    "phone",
    [
        *("+49 151 2345678", "0049-151-2345678", "(+49) 151/2345678", "491512345678", "+49 (0)151 2345678"),
        *("\u202a+49 151 2345678\u202c", "+49\u00a0151\u00a02345678", "+\u0664\u0669 151 2345678"),
    ],
)
async def test_a_code_to_type_is_asked_for_with_the_number_s_digits(tmp_path: Path, phone: str) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await linking(api)
        response = await api.client.post(f"/chatbot/{instance_id}/pairing-code", json={"phone": phone})
        assert response.status_code == 200, response.text
        assert response.json() == {"instance_id": instance_id, "code": "CODE5678"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"phone": "0151 2345678"}, "phone"),
        ({"phone": "151 23456789"}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"phone": "4" * 65}, "phone"),
        ({"phone": "+49 151 CALLME"}, "phone"),
        ({"phone": "+49 151 2345678 ext. 5"}, "phone"),
        ({"phone": "+1 555 0001"}, "phone"),
        ({"phone": 491512345678}, "phone"),
        ({"phone": None}, "phone"),
        ({}, "phone"),
        ({"phone": "+491512345678", "x": 1}, "x"),
        ([], ""),
    ],
)
async def test_what_is_no_number_is_refused(tmp_path: Path, body: Any, field: str) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await linking(api)
        response = await api.client.post(f"/chatbot/{instance_id}/pairing-code", json=body)
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == field


async def test_what_stands_in_the_way_of_a_code_is_told_apart(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        instance_id = await linking(api)
        other = await api.create("bob")

        async def ask(bot: str, phone: str) -> tuple[int, str]:
            response = await api.client.post(f"/chatbot/{bot}/pairing-code", json={"phone": phone})
            assert response.headers["content-type"] == "application/problem+json"
            return response.status_code, response.json()["detail"]

        assert await ask(instance_id, "+491512345670") == (502, "The platform does not know this number.")
        assert await ask(instance_id, "+491512345679") == (409, "Not ready to link yet.")
        assert (await ask(other, "+491512345678"))[0] == 409
        assert (await ask("nobody", "+491512345678"))[0] == 404
