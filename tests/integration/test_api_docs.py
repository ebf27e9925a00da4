"""docs/api.md says what is true."""

import json
import re
import shlex
from pathlib import Path

from imposter.contracts.config import BotConfig
from imposter.contracts.status import LinkState
from tests.integration.api_house import ROOT, Api, open_api

PAGE = (ROOT / "docs" / "api.md").read_text()


def commands() -> list[list[str]]:
    """Every curl command of the page's `bash` blocks, as its words."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    return [shlex.split(words) for block in blocks for words in re.split(r"^curl ", block, flags=re.MULTILINE)[1:]]


async def run(api: Api, command: list[str], instance_id: str) -> int:
    """Do what curl would; the status of the answer."""
    method, url, body, headers = "GET", "", None, {}
    words = iter(command)
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words).encode()
        else:
            url = word.replace("$BASE", "").replace("$ID", instance_id)
    return (await api.client.request(method, url, headers=headers, content=body)).status_code


async def test_the_commands_of_the_page_work_one_after_the_other(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        for command in commands():
            bots = (await api.client.get("/chatbot")).json()
            assert await run(api, command, bots[0]["instance_id"] if bots else "") == 200, command
    assert len(commands()) >= 10


async def test_the_page_names_every_route_and_no_other(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        paths = api.app.openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    named = set(re.findall(r"`(GET|PUT|POST|DELETE) (/[^`?]*)`", PAGE))
    shown_by_command = {("GET", "/chatbot/{instance_id}/qr.png")}
    assert named | shown_by_command == routes


def test_the_page_names_every_field_and_every_status() -> None:
    for name in (*BotConfig.model_fields, *LinkState):
        assert f"`{name}" in PAGE, name


def test_the_json_of_the_page_is_json() -> None:
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL):
        json.loads(block)
