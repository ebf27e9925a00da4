"""What is said of a config that cannot be used, and what is shown of one that can."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, JsonValue, SecretStr, field_validator, model_validator
from pydantic_core.core_schema import ValidationInfo

from imposter.contracts.config import BotConfig, StrictModel
from imposter.runtime.providers.config_validation import MAX_PROBLEMS, Rejected, check_configs
from imposter.runtime.providers.discovery import Catalog, ProviderFile, ProviderKind, discover_all
from imposter.runtime.providers.secret_masking import MASK, masked

ROOT = Path(__file__).parents[2]
SECRET = "sk-never-to-be-seen"


class Proxy(StrictModel):
    host: str
    password: SecretStr | None = None


class Plain(BaseModel):
    """A drop-in's config that calls nothing a secret."""

    bot_token: str = ""
    pin_token: int = 0
    pwd: str = ""
    smtpPass: str = ""  # noqa: N815 - names of any style
    webhook_url: str | None = None
    auth: Proxy | None = None
    api_tokens: list[str] = Field(default_factory=list)
    max_tokens: int = 0
    max_completion_tokens: float = 0
    keyboard: str = ""
    author: str = ""
    use_auth: bool = False


class Modelled(StrictModel):
    api_key: SecretStr | None = Field(default=None, validate_default=True)
    model: str = "small"
    max_tokens: int = 5
    proxy: Proxy | None = None
    proxies: list[Proxy] = Field(default_factory=list)
    extra: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("api_key")
    @classmethod
    def _there(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if key is None and info.context is not None and not info.context["secret"]("THE_KEY"):
            raise ValueError("is missing: give it, or set THE_KEY")
        return key

    @field_validator("model")
    @classmethod
    def _short(cls, model: str) -> str:
        if len(model) > 100:
            raise ValueError(f"{model} is too long")
        return model


class Bursting(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _burst(cls, data: Any) -> Any:
        raise KeyError(f"a bug that holds {SECRET}")


CATALOG = Catalog(
    [
        ProviderFile(ProviderKind.CHAT, "platform"),
        ProviderFile(ProviderKind.CHAT, "broken", error="SyntaxError: invalid syntax (line 3)"),
        ProviderFile(ProviderKind.MODEL, "modelled", config_model=Modelled),
        ProviderFile(ProviderKind.MODEL, "plain", config_model=Plain),
        ProviderFile(ProviderKind.MODEL, "bursting", config_model=Bursting),
        ProviderFile(ProviderKind.MODEL, "free"),
    ]
)


def item(user_id: str = "anna", *, model: str = "free", model_config: JsonValue = None, **more: Any) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "chat_provider_config": {"provider_name": "platform"},
        "llm_provider_config": {"provider_name": model, "provider_config": model_config or {}},
        **more,
    }


def check(*items: JsonValue, key: str | None = SECRET) -> list[BotConfig | Rejected]:
    return check_configs(items, CATALOG, lambda name: SecretStr(key) if key and name == "THE_KEY" else None)


def said(of: JsonValue, **more: Any) -> dict[str, str]:
    """Field and message of each problem with one item."""
    (outcome,) = check(of, **more)
    assert isinstance(outcome, Rejected), outcome
    return {problem.field: problem.message for problem in outcome.problems}


def test_the_contract_s_example_is_good() -> None:
    (outcome,) = check(
        item(
            "user_wa_1",
            model="modelled",
            model_config={"api_key": "sk-...", "model": "gpt-4"},
            respond_to_whitelist=["1234567890"],
            queue_config={"max_messages": 10, "max_characters": 1000, "max_days": 1},
        )
    )
    assert isinstance(outcome, BotConfig)
    assert outcome.user_id == "user_wa_1"


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"user_id": ""}, "user_id", "must not be empty"),
        ({"user_id": "a\nb"}, "user_id", "control characters"),
        ({"user_id": "a\x00"}, "user_id", "control characters"),
        ({"user_id": "x" * 129}, "user_id", "at most 128"),
        ({"user_id": 5}, "user_id", "quotation marks"),
        ({"user_id": None}, "user_id", "quotation marks"),
        ({"respond_to_whitelist": None}, "respond_to_whitelist", "leave it out"),
        ({"respond_to_whitelist": "123"}, "respond_to_whitelist", "list"),
        ({"respond_to_whitelist": ["1", 2]}, "respond_to_whitelist.1", "quotation marks"),
        ({"queue_config": {"max_messages": 0}}, "queue_config.max_messages", "greater than or equal to 1"),
        ({"queue_config": {"max_messages": "10"}}, "queue_config.max_messages", "whole number"),
        ({"queue_config": {"max_messages": True}}, "queue_config.max_messages", "whole number"),
        ({"queue_config": {"max_messages": 10**300}}, "queue_config.max_messages", "less than or equal"),
        ({"queue_config": {"max_days": float("nan")}}, "queue_config.max_days", "finite"),
        ({"queue_config": {"max_days": -1}}, "queue_config.max_days", "greater than 0"),
        ({"queue_config": []}, "queue_config", "object"),
        ({"queue_config": {"max_messsages": 3}}, "queue_config.max_messsages", "did you mean 'max_messages'?"),
        ({"context_config": {"maxmessages": 3}}, "context_config.maxmessages", "did you mean 'max_messages'?"),
        ({"llm_config": {}}, "llm_config", "did you mean"),
        ({"colour": 1}, "colour", "known are: user_id"),
        ({"chat_provider_config": 5}, "chat_provider_config", "object"),
        ({"chat_provider_config": {}}, "chat_provider_config.provider_name", "required"),
        ({"chat_provider_config": {"provider_name": "plattform"}}, "chat_provider_config.provider_name", "'platform'"),
        ({"chat_provider_config": {"provider_name": "../main"}}, "chat_provider_config.provider_name", "no chat prov"),
        ({"chat_provider_config": {"provider_name": "broken"}}, "chat_provider_config.provider_name", "line 3"),
        (
            {"chat_provider_config": {"provider_name": "platform", "provider_config": None}},
            "chat_provider_config.provider_config",
            "object",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_path_and_its_cure(change: dict[str, Any], field: str, word: str) -> None:
    problems = said(item() | change)
    assert list(problems) == [field]
    assert word in problems[field]


@pytest.mark.parametrize(
    "contact",
    [
        *("0151 2345678", " (0151) 23456-78", "01512345678", "49+1512345678", "+0151 2345678", "+999 1234567"),
        *("\u202a0151 2345678\u202c", "+1 555 0001", "+49 152", "+49 152 2345678901234567", "+" + "4" * 64),
    ],
)
def test_a_phone_number_that_could_never_match_is_refused_with_the_cure(contact: str) -> None:
    problems = said(item(respond_to_whitelist=["+49 151 2345678", contact]))
    assert list(problems) == ["respond_to_whitelist.1"]
    assert "with its country code, such as +49 151 2345678" in problems["respond_to_whitelist.1"]
    assert contact not in problems["respond_to_whitelist.1"]


def test_an_empty_entry_is_refused() -> None:
    assert said(item(respond_to_whitelist=[" "])) == {"respond_to_whitelist.0": "is empty; leave it out"}


class Particular:
    """A platform whose ids are words in lower case; its check breaks on digits."""

    @staticmethod
    def id_problem(text: str) -> str | None:
        if text.isdecimal():
            raise KeyError(text)
        return None if text.islower() else "must be in lower case"


def test_a_platform_refuses_who_cannot_be_on_it_and_a_check_that_breaks_spoils_only_its_entry() -> None:
    catalog = Catalog(
        (ProviderFile(ProviderKind.CHAT, "platform", provider=Particular), *CATALOG.all(ProviderKind.MODEL))
    )
    config = item(respond_to_whitelist=["anna", "Anna", "12345678"])
    (outcome,) = check_configs([config], catalog, lambda name: None)
    assert isinstance(outcome, Rejected)
    assert {problem.field: problem.message for problem in outcome.problems} == {
        "respond_to_whitelist.1": "must be in lower case",
        "respond_to_whitelist.2": "could not be checked: the provider's own check broke (KeyError)",
    }


def test_contacts_are_checked_as_the_whitelist_is_and_stand_once_each() -> None:
    contacts = [{"id": name} for name in ("+49 151 2345678", "Anna", "0151 2345678", "491512345678", "a@lid")]
    config = item(contacts=contacts) | {"chat_provider_config": {"provider_name": "whatsAppBaileyes"}}
    config["llm_provider_config"] = {"provider_name": "fakeLlm"}
    (outcome,) = check_configs([config], discover_all(ROOT), lambda name: None)
    assert isinstance(outcome, Rejected)
    problems = {problem.field: problem.message for problem in outcome.problems}
    assert list(problems) == ["contacts.1.id", "contacts.2.id", "contacts.3.id", "contacts.4.id"]
    assert "contacts.0" in problems["contacts.3.id"]


def test_whom_nobody_on_whatsapp_can_be_is_refused_by_place() -> None:
    entries = ["+49 151 2345678", "Anna", "123456789@lid", "anna@gmail.com", "120363041234567890@g.us", "+4"]
    config = item(chat_provider_config={"provider_name": "whatsAppBaileyes"}, respond_to_whitelist=entries)
    config["llm_provider_config"] = {"provider_name": "fakeLlm"}
    (outcome,) = check_configs([config], discover_all(ROOT), lambda name: None)
    assert isinstance(outcome, Rejected)
    assert [problem.field for problem in outcome.problems] == [f"respond_to_whitelist.{place}" for place in (1, 3, 5)]


@pytest.mark.parametrize(
    "contact",
    [
        *("+49 151 2345678", "0049-151-2345678", "491512345678", "+49 (151) 234/5678", "-1001234567", "0123", "Anna+1"),
        *("4915123456@s.whatsapp.net", "0151@lid", "120363-0151@g.us", "dummy-friend", "+49 (0)151 2345678"),
        *("(+49) 151 2345678", "(0049) 151 2345678", "\u202a+49 151 2345678\u202c", "+49\u00a0151\u00a02345678"),
        *("1234567890", "15550001@s.whatsapp.net"),
    ],
)
def test_ids_and_international_numbers_are_taken(contact: str) -> None:
    (outcome,) = check(item(respond_to_whitelist=[contact]))
    assert isinstance(outcome, BotConfig)


@pytest.mark.parametrize("thing", [None, 5, "text", [], True])
def test_what_is_no_object_is_refused_as_a_whole(thing: JsonValue) -> None:
    assert said(thing) == {"": "must be a JSON object"}


@pytest.mark.parametrize(
    ("config", "field", "word"),
    [
        ({"api_key": 5}, "api_key", "quotation marks"),
        ({"apikey": SECRET}, "apikey", "did you mean 'api_key'?"),
        ({"max_tokens": "many"}, "max_tokens", "whole number"),
        ({"proxy": {"host": "h", "pasword": SECRET}}, "proxy.pasword", "did you mean 'password'?"),
        ({"proxies": [{"host": "h"}, {"hots": "h", "host": "i"}]}, "proxies.1.hots", "did you mean 'host'?"),
    ],
)
def test_a_provider_s_own_config_is_checked_by_the_provider_s_model(config: JsonValue, field: str, word: str) -> None:
    problems = said(item(model="modelled", model_config=config))
    assert list(problems) == [f"llm_provider_config.provider_config.{field}"]
    assert word in problems[f"llm_provider_config.provider_config.{field}"]


def test_a_missing_key_is_reported_unless_the_server_has_it() -> None:
    config = item(model="modelled")
    assert isinstance(check(config)[0], BotConfig)
    assert said(config, key=None) == {
        "llm_provider_config.provider_config.api_key": "is missing: give it, or set THE_KEY"
    }


def test_a_provider_whose_check_breaks_spoils_only_its_own_item() -> None:
    bad, good = check(item("bad", model="bursting"), item("good"))
    assert isinstance(bad, Rejected)
    assert "KeyError" in bad.problems[0].message
    assert isinstance(good, BotConfig)


def test_what_was_sent_is_not_repeated() -> None:
    outcomes = check(
        item(user_id=SECRET * 50),
        item(queue_config={"max_messages": SECRET}),
        item(model="modelled", model_config={"api_key": [SECRET], "model": {"key": SECRET}, "proxy": SECRET}),
        item(model="bursting"),
        item(model="modelled", model_config={"model": "x" * 100_000}),
        item("long") | {"x" * 100_000: SECRET},
    )
    text = repr(outcomes)
    assert SECRET not in text
    assert len(text) < 5000


def test_a_field_name_cannot_break_the_line() -> None:
    assert list(said(item() | {"a\r\nb\u202e": 1})) == ["a\\r\\nb\\u202e"]


def test_of_many_problems_only_some_are_named() -> None:
    problems = said(item(respond_to_whitelist=list(range(500))))
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[""] == "there are more problems, not named"
    assert said(item(respond_to_whitelist=list(range(50_000)))) == {"": "has 50000 problems, too many to name"}


@pytest.mark.parametrize(
    "garbage",
    [
        0,
        {f"chat_provider_confg_{number}": 0 for number in range(50)},
        item(model="x" * 60, chat_provider_config={"provider_name": "y" * 60}),
        item(respond_to_whitelist=["0151 2345678"] * 50),
        item(model_config={"list": [MASK] * 50}),
        item(model_config={"n" * 100: {"m" * 100: {"\U000e0001" * 100: {"o" * 100: [MASK, MASK]}}}}),
        item(model="modelled", model_config={"proxies": [{}] * 50}),
    ],
)
def test_many_bad_configs_get_a_short_answer_each(garbage: JsonValue) -> None:
    outcomes = check(*[garbage] * 1000)
    assert len(outcomes) == 1000
    assert all(isinstance(outcome, Rejected) and len(outcome.problems) in (1, 2) for outcome in outcomes)
    assert len(repr(outcomes)) < 700_000


def test_every_item_of_a_user_that_stands_twice_is_refused_and_no_other() -> None:
    outcomes = check(item("anna"), item("bob"), item("anna", queue_config={"max_days": 2}), item("Anna"))
    assert [isinstance(outcome, Rejected) for outcome in outcomes] == [True, False, True, False]
    assert isinstance(outcomes[0], Rejected)
    assert outcomes[0].user_id == "anna"
    assert outcomes[0].problems[0].field == "user_id"


@pytest.mark.parametrize("model", ["modelled", "free"])
def test_a_mask_sent_back_is_refused_rather_than_stored_as_the_secret(model: str) -> None:
    shown = item(model=model, model_config={"api_key": MASK, "extra": {"proxy": f"https://{MASK}@host"}})
    problems = said(shown)
    assert list(problems) == [
        "llm_provider_config.provider_config.api_key",
        "llm_provider_config.provider_config.extra.proxy",
    ]
    assert "mask" in problems["llm_provider_config.provider_config.api_key"]


@pytest.mark.parametrize(
    ("model", "given", "shown"),
    [
        (
            "modelled",
            {"api_key": SECRET, "model": "m", "max_tokens": 7, "proxies": [{"host": "h", "password": SECRET}]},
            {"api_key": MASK, "model": "m", "max_tokens": 7, "proxies": [{"host": "h", "password": MASK}]},
        ),
        (
            "modelled",
            {"proxy": {"host": f"http://me:{SECRET}@h"}, "extra": {"headers": {"Authorization": SECRET}, "n": 1}},
            {"proxy": {"host": f"http://{MASK}@h"}, "extra": {"headers": {"Authorization": MASK}, "n": 1}},
        ),
        ("modelled", {"api_key": None}, {"api_key": None}),
        (
            "plain",
            {
                "bot_token": SECRET,
                "pin_token": 4711,
                "pwd": SECRET,
                "smtpPass": SECRET,
                "webhook_url": f"http://{SECRET}",
            },
            dict.fromkeys(("bot_token", "pin_token", "pwd", "smtpPass", "webhook_url"), MASK),
        ),
        (
            "plain",
            {"auth": {"host": "h", "password": SECRET}, "api_tokens": [SECRET]},
            {"auth": {"host": "h", "password": MASK}, "api_tokens": MASK},
        ),
        *(
            ("plain", harmless, harmless)
            for harmless in (
                {"max_tokens": 7, "max_completion_tokens": 7.5, "use_auth": True},
                {"keyboard": "qwertz", "author": "Anna", "webhook_url": None},
            )
        ),
        (
            "free",
            {
                "botToken": SECRET,
                "a": [{"password": SECRET}],
                "client_secret": {"x": SECRET},
                "max_tokens": 9,
                "b": "c",
            },
            {"botToken": MASK, "a": [{"password": MASK}], "client_secret": MASK, "max_tokens": 9, "b": "c"},
        ),
    ],
)
def test_a_config_is_shown_as_it_was_given_but_for_its_secrets(model: str, given: Any, shown: Any) -> None:
    (config,) = check(item(model=model, model_config=given))
    assert isinstance(config, BotConfig)
    result = masked(config, CATALOG)
    assert result == item(model=model, model_config=shown)
    assert SECRET not in json.dumps(result)


def test_a_provider_file_that_has_gone_leaves_no_secret_open() -> None:
    (config,) = check(item(model="modelled", model_config={"api_key": SECRET}))
    assert isinstance(config, BotConfig)
    assert SECRET not in json.dumps(masked(config, Catalog([])))


def test_the_context_has_bounds_of_its_own_and_never_narrower_ones_than_the_queue() -> None:
    choice = {"provider_name": "x"}
    bot = {"user_id": "anna", "chat_provider_config": choice, "llm_provider_config": choice}
    context = BotConfig.model_validate(bot).context_limits
    assert (context.max_messages, context.max_characters, context.max_days) == (40, 12_000, 30)
    wide = BotConfig.model_validate(bot | {"queue_config": {"max_messages": 100, "max_days": 60}}).context_limits
    assert (wide.max_messages, wide.max_characters, wide.max_days) == (100, 12_000, 60)
    given = BotConfig.model_validate(bot | {"context_config": {"max_messages": 3}}).context_limits
    assert (given.max_messages, given.max_characters) == (3, 12_000)
