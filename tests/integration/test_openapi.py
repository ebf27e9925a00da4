"""The API does what its own description says, and the description says all that it does."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from imposter import __version__
from imposter.web.auth import PAGES
from tests.integration.api_house import KEY, Api, open_api, serving

EXAMPLES = os.environ.get("OPENAPI_EXAMPLES") or "20"
"""Random requests to each operation, beside those at every bound of what its description allows."""
OPTIONS = (
    *("--header", f"Authorization: Bearer {KEY}"),
    *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--generation-deterministic"),
    *("--generation-allow-x00", "false"),  # what JSON Schema cannot leave out: tests/attacks sends it
    *("--exclude-checks", "ignored_auth"),  # it tries more wrong keys than one address may: see tests/attacks
    *("--request-timeout", "10", "--warnings", "off", "--no-color"),
)

# The description of a config says nothing of which providers there are, nor that of an export what a chat looks like,
# nor that of a phone number how long each country's are: what fits it may still be refused. A model's server that gives
# no list is a 502 by the description.
RULES = """
[[operations]]
include-path-regex = "^/providers/llm/"
checks.positive_data_acceptance.enabled = false
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 502]

[[operations]]
include-path = "/chatbot/{instance_id}/voice/import"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-path = "/chatbot/{instance_id}/pairing-code"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-path = "/chatbot"
include-method = "PUT"
checks.positive_data_acceptance.enabled = false
"""


async def schemathesis(api: Api, folder: Path, *options: str, rules: str = RULES) -> None:
    """Fails with schemathesis' own report if the API breaks its description anywhere."""
    rules_file = folder / "schemathesis.toml"
    rules_file.write_text(rules)
    async with serving(api) as port:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", rules_file, "run"),
            *(f"http://127.0.0.1:{port}/openapi.json", *OPTIONS, *options),
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        report, _ = await running.communicate()
    assert running.returncode == 0, report.decode()


async def test_any_input_gets_an_answer_that_is_described(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        await schemathesis(api, tmp_path)


async def test_any_input_to_a_bot_that_is_there_gets_an_answer_that_is_described(tmp_path: Path) -> None:
    async with open_api(tmp_path, key=KEY) as api:
        api.client.headers["Authorization"] = f"Bearer {KEY}"
        instance_id = await api.create(chat_provider_config={"provider_name": "linking"})
        rules = f'{RULES}\n[parameters]\ninstance_id = "{instance_id}"\n'
        options = ("--include-path-regex", "instance_id", "--exclude-method", "DELETE")
        await schemathesis(api, tmp_path, *options, rules=rules)


@pytest.fixture
async def described(tmp_path: Path) -> dict[str, Any]:
    async with open_api(tmp_path) as api:
        schema: dict[str, Any] = (await api.client.get("/openapi.json")).json()
        return schema


async def test_every_route_is_described_with_words_and_an_example(tmp_path: Path, described: dict[str, Any]) -> None:
    async with open_api(tmp_path) as api:
        routes = {
            (str(route.path_format), method.lower())
            for route in iter_route_contexts(api.app.routes)
            for method in route.methods or ()
            if not str(route.path).startswith("/openapi") and not PAGES.fullmatch(str(route.path))
        }
    operations = {
        (path, method): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == routes
    for address, operation in operations.items():
        assert operation["summary"], address
        assert operation["description"], address
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["examples"], address
        answer = operation["responses"].get("200", {})
        assert all("example" in content for kind, content in answer.get("content", {}).items() if "json" in kind), (
            address
        )


async def test_the_security_is_described(described: dict[str, Any]) -> None:
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert described["security"] == [{"key": []}]
    open_paths = {path for path, methods in described["paths"].items() if methods.get("get", {}).get("security") == []}
    assert open_paths == {"/healthz"}
    assert "401" not in described["paths"]["/healthz"]["get"]["responses"]


async def test_the_version_is_the_project_s(described: dict[str, Any]) -> None:
    assert described["info"]["version"] == __version__
