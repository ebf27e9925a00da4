"""A form from what a provider declares, and its answers back."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from imposter.contracts.model import Preset
from imposter.web.pages.forms import Look, fields, kept, read
from imposter.web.pages.model_presets import with_service

PATH = "llm_provider_config.provider_config"


class Inner(BaseModel):
    text: str


class Config(BaseModel):
    model: str = Field(description="Its name.")
    key: SecretStr | None = None
    prompt: str | None = Field(default=None, json_schema_extra={"format": "textarea"})
    top: float | None = Field(default=None, ge=0)
    most: int = 3
    loud: bool = False
    kind: bool = True
    mood: Literal["calm", "wild"] = "calm"
    stop: list[str] | None = None
    extra: dict[str, int] = {}
    either: str | list[str] | None = None
    inner: Annotated[list[Inner], Field(max_length=3)] = []


SCHEMA = Config.model_json_schema()


def test_each_kind_of_field_looks_as_people_expect() -> None:
    looks = {field.name: field.look for field in fields(SCHEMA, "m", PATH, {}, {})}
    assert looks == {
        "m.model": Look.TEXT,
        "m.key": Look.SECRET,
        "m.prompt": Look.LONG,
        "m.top": Look.NUMBER,
        "m.most": Look.NUMBER,
        "m.loud": Look.YES_NO,
        "m.kind": Look.YES_NO,
        "m.mood": Look.CHOICE,
        "m.stop": Look.LINES,
        "m.extra": Look.JSON,
        "m.either": Look.JSON,
        "m.inner": Look.JSON,
    }


def test_what_was_filled_in_comes_back_as_the_config_takes_it() -> None:
    sent = {
        "m.model": " gpt ",
        "m.key": "sk-1",
        "m.prompt": "You are\r\n me. ",
        "m.top": "0.5",
        "m.most": "7",
        "m.loud": "yes",
        "m.kind": "yes",
        "m.mood": "wild",
        "m.stop": "a\r\n\r\n b \n",
        "m.extra": '{"x": 1}',
        "m.inner": '[{"text": "t"}]',
    }
    found, problems = read(SCHEMA, "m", PATH, sent)
    assert problems == []
    assert found == {
        "model": "gpt",
        "key": "sk-1",
        "prompt": "You are\n me. ",
        "top": 0.5,
        "most": 7,
        "loud": True,
        "mood": "wild",
        "stop": ["a", "b"],
        "extra": {"x": 1},
        "inner": [{"text": "t"}],
    }
    Config.model_validate(found)


def test_a_box_that_is_ticked_at_first_can_be_unticked() -> None:
    ticked = {field.name: field.value for field in fields(SCHEMA, "m", PATH, None, {})}
    assert (ticked["m.kind"], ticked["m.loud"]) == ("yes", "")
    assert read(SCHEMA, "m", PATH, {})[0] == {"kind": False}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("most", "1.5", "whole number"), ("top", "much", "a number"), ("extra", "{", "not usable JSON")],
)
def test_what_is_no_value_is_named_at_its_field(name: str, text: str, told: str) -> None:
    _, [problem] = read(SCHEMA, "m", PATH, {f"m.{name}": text})
    assert problem.field == f"{PATH}.{name}"
    assert told in problem.message


def test_a_secret_is_never_repeated_and_a_problem_stands_at_its_field() -> None:
    made = {
        field.name: field
        for field in fields(SCHEMA, "m", PATH, {"m.key": "sk-canary", "m.stop": "a"}, {f"{PATH}.stop.0": "is bad"})
    }
    assert made["m.key"].value == ""
    assert (made["m.stop"].value, made["m.stop"].problem) == ("a", "is bad")
    assert made["m.model"].required
    assert made["m.most"].hint == "3"


def test_a_schema_that_leads_round_in_circles_ends_in_json() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}
    [field] = fields(schema, "m", PATH, {}, {})
    assert field.look is Look.JSON


class Elsewhere(BaseModel):
    preset: str | None = Field(default=None, json_schema_extra={"x-address": True})
    base_url: str | None = None
    key: SecretStr | None = None
    top: float | None = None


@pytest.mark.parametrize(
    ("before", "given", "is_kept"),
    [
        ({"preset": "a"}, {"preset": "a", "top": 1}, True),
        ({"preset": "a"}, {"preset": "b"}, False),
        ({"preset": "a"}, {}, False),
        ({}, {"preset": "a"}, False),
        ({"base_url": "https://a.example"}, {"base_url": "https://a.example", "preset": "a"}, False),
        ({"preset": "a"}, {"preset": "a", "base_url": "https://b.example"}, False),
    ],
)
def test_a_secret_stays_only_where_it_goes_to_the_same_place(
    before: dict[str, str], given: dict[str, str], is_kept: bool
) -> None:
    result = kept(Elsewhere.model_json_schema(), given, {**before, "key": "sk-1"})
    assert result == ({**given, "key": "sk-1"} if is_kept else given)


PRESETS = (
    Preset("one", "One", "https://one.example/v1"),
    Preset("mine", "Mine", "https://{name}.cloud.example/v1"),
)


@pytest.mark.parametrize(
    ("preset", "typed", "then"),
    [
        ("one", "https://other.example", ""),
        ("one", "", ""),
        ("mine", "https://other.example", "https://{name}.cloud.example/v1"),
        ("mine", "https://me.cloud.example/v1", "https://me.cloud.example/v1"),
        ("", "https://other.example", "https://other.example"),
        ("", "https://{name}.cloud.example/v1", ""),
        ("unknown", "https://one.example/v1/", ""),
    ],
)
def test_the_address_follows_the_service_that_was_chosen(preset: str, typed: str, then: str) -> None:
    sent = {"m.preset": preset, "m.base_url": typed, "m.model": "x"}
    assert with_service(sent, "m", PRESETS) == {**sent, "m.base_url": then}
