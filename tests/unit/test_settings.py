import os
from datetime import timedelta
from pathlib import Path

import pytest

from imposter.contracts.errors import InvalidConfig
from imposter.settings import load_settings, usable_settings

LONG = "a-secret-that-is-long-enough"


def test_nothing_has_to_be_set() -> None:
    settings = load_settings({})
    assert settings.data_dir == Path.cwd() / "data"
    assert (settings.database_url, settings.api_key, settings.secret_key) == (None, None, None)
    assert (settings.log_level, settings.model_calls_at_once) == ("info", 32)
    assert os.access(settings.node, os.X_OK)


def test_what_is_set_counts() -> None:
    settings = load_settings(
        {
            "IMPOSTER_DATA_DIR": "/srv/bots",
            "IMPOSTER_DATABASE_URL": "postgresql+psycopg://me:pw@host/db",
            "IMPOSTER_API_KEY": LONG,
            "IMPOSTER_SECRET_KEY": f" {LONG}\n",
            "IMPOSTER_LOG_LEVEL": "debug",
            "IMPOSTER_LOG_FORMAT": "console",
            "IMPOSTER_NODE": "/usr/bin/node",
            "IMPOSTER_MODEL_CALLS_AT_ONCE": "7",
            "UNRELATED": "x",
        }
    )
    assert settings.data_dir == Path("/srv/bots")
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://me:pw@host/db"
    assert settings.secret_key == settings.api_key
    assert (settings.log_level, settings.log_format) == ("debug", "console")
    assert (settings.node, settings.model_calls_at_once) == (Path("/usr/bin/node"), 7)


@pytest.mark.parametrize(("value", "kept"), [("", timedelta(days=365)), ("7", timedelta(days=7)), ("Forever", None)])
def test_messages_are_kept_for_so_many_days_or_forever(value: str, kept: timedelta | None) -> None:
    assert load_settings({"IMPOSTER_KEEP_DAYS": value}).keep == kept


def test_an_empty_setting_is_an_unset_one() -> None:
    settings = load_settings({"IMPOSTER_DATA_DIR": "", "IMPOSTER_DATABASE_URL": "", "IMPOSTER_LOG_LEVEL": ""})
    assert (settings.data_dir, settings.database_url, settings.log_level) == (Path.cwd() / "data", None, "info")


@pytest.mark.parametrize("variable", ["IMPOSTER_API_KEY", "IMPOSTER_SECRET_KEY"])
@pytest.mark.parametrize("value", ["", "  ", "undefined", "null", "None", "fifteen-letters"])
def test_a_secret_that_is_none_is_refused_by_name_and_not_repeated(variable: str, value: str) -> None:
    with pytest.raises(InvalidConfig) as refusal:
        load_settings({variable: value})
    text = str(refusal.value)
    assert text.startswith(f"{variable}: is ")
    assert not value.strip() or value not in text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IMPOSTER_LOG_LEVEL", "loud"),
        ("IMPOSTER_LOG_FORMAT", "xml"),
        ("IMPOSTER_MODEL_CALLS_AT_ONCE", "many"),
        ("IMPOSTER_MODEL_CALLS_AT_ONCE", "0"),
        ("IMPOSTER_ACCOUNTS_PER_PROCESS", "0"),
        ("IMPOSTER_ACCOUNTS_PER_PROCESS", "1001"),
        ("IMPOSTER_SERVER", "127.0.0.1:8000"),
        ("IMPOSTER_SERVER", "ftp://host"),
        ("IMPOSTER_SERVER", "http://"),
        ("IMPOSTER_SERVER", "http://me:password@host"),
        ("IMPOSTER_SERVER", "http://host:99999"),
        ("IMPOSTER_KEEP_DAYS", "0"),
        ("IMPOSTER_KEEP_DAYS", "-1"),
        ("IMPOSTER_KEEP_DAYS", "1.5"),
        ("IMPOSTER_KEEP_DAYS", "never"),
        ("IMPOSTER_KEEP_DAYS", "99999999999"),
        ("IMPOSTER_ALLOW_PRIVATE_URLS", "*"),
        ("IMPOSTER_ALLOW_PRIVATE_URLS", "localhost,10.0.0.0/8"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(InvalidConfig) as refusal:
        load_settings({variable: value})
    assert [problem.field for problem in refusal.value.problems] == [variable]


def test_a_host_that_is_none_is_refused_by_its_place_and_not_repeated() -> None:
    with pytest.raises(InvalidConfig, match=r"^IMPOSTER_ALLOW_PRIVATE_URLS: entry 2 is no host") as refusal:
        load_settings({"IMPOSTER_ALLOW_PRIVATE_URLS": "localhost,me@host"})
    assert "me@host" not in str(refusal.value)


def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidConfig, match="IMPOSTER_APIKEY: is no setting; did you mean IMPOSTER_API_KEY"):
        load_settings({"IMPOSTER_APIKEY": LONG})
    with pytest.raises(InvalidConfig, match="did you mean IMPOSTER_DATA_DIR"):
        load_settings({"imposter_data_dir": "x"})
    with pytest.raises(InvalidConfig, match="IMPOSTER_ZZZZZZ: is no setting; unset it"):
        load_settings({"IMPOSTER_ZZZZZZ": "x"})


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidConfig) as refusal:
        load_settings({"IMPOSTER_API_KEY": "short", "IMPOSTER_LOG_LEVEL": "loud"})
    assert {problem.field for problem in refusal.value.problems} == {"IMPOSTER_API_KEY", "IMPOSTER_LOG_LEVEL"}


def test_what_can_be_used_is_used_where_all_that_is_wrong_is_wanted() -> None:
    given = {"IMPOSTER_LOG_LEVEL": "loud", "IMPOSTER_ZZZZZZ": "x", "IMPOSTER_LEASE_SECONDS": "20"}
    settings, problems = usable_settings(given)
    assert {problem.field for problem in problems} == {"IMPOSTER_LOG_LEVEL", "IMPOSTER_ZZZZZZ"}
    assert (settings.log_level, settings.lease_seconds) == ("info", 20)


def test_a_secret_of_the_environment_is_found_by_name_and_an_empty_one_is_none() -> None:
    settings = load_settings({"OPENAI_API_KEY": f"{LONG}\n", "EMPTY": " "})
    found = settings.secret("OPENAI_API_KEY")
    assert found is not None
    assert found.get_secret_value() == LONG
    assert settings.secret("EMPTY") is None
    assert settings.secret("MISSING") is None


def test_children_see_paths_and_proxies_but_no_key() -> None:
    seen = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "NODE_OPTIONS": "--max-old-space-size=200",
        "https_proxy": "http://proxy",
        "NO_PROXY": "localhost",
    }
    keys = {"OPENAI_API_KEY": LONG, "IMPOSTER_SECRET_KEY": LONG, "AWS_SECRET": LONG}
    assert load_settings(seen | keys).child_environment == seen


def test_no_secret_shows_when_settings_are_printed() -> None:
    names = ("IMPOSTER_API_KEY", "IMPOSTER_SECRET_KEY", "IMPOSTER_DATABASE_URL", "OPENAI_API_KEY")
    settings = load_settings({name: f"{LONG}-{name}" for name in names})
    assert LONG not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_the_process_s_own_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPOSTER_DATA_DIR", "/srv/mine")
    assert load_settings().data_dir == Path("/srv/mine")
