from pathlib import Path

import pytest

from imposter.contracts.errors import InvalidConfig
from imposter.runtime.providers.discovery import Catalog, ProviderFile, ProviderKind, discover

ROOT = Path(__file__).parents[2]

CHAT = """
class {name}:
    'Talks to a test platform.'
    def __init__(self, user_id, config, user_queues): pass
    def {start}(self): pass
    def {send}(self, recipient, message): pass
"""


def chat(name: str = "Provider", start: str = "start_listening", send: str = "sendMessage") -> str:
    return CHAT.format(name=name, start=start, send=send)


def found(tmp_path: Path, **files: str) -> dict[str, ProviderFile]:
    folder = tmp_path / f"providers_{tmp_path.name}"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return {file.name: file for file in discover(ProviderKind.CHAT, folder)}


def test_the_shipped_providers_are_found_and_usable() -> None:
    chats = {file.name: file.error for file in discover(ProviderKind.CHAT, ROOT / "chat_providers")}
    models = {file.name: file.error for file in discover(ProviderKind.MODEL, ROOT / "llm_providers")}
    assert chats == {"dummy": None, "whatsAppBaileyes": None}
    assert models == {"fakeLlm": None, "openAi": None}


def test_a_file_that_cannot_be_used_says_why_and_harms_no_other(tmp_path: Path) -> None:
    files = found(
        tmp_path,
        good=chat(),
        missing="import no_such_package_anywhere",
        leaves="raise SystemExit(3)",
        typo="def (",
        empty="",
        half="class Provider:\n    def start_listening(self): pass",
        arguments=chat().replace("user_id, config, user_queues", "one"),
        _private="raise RuntimeError",
    )
    assert files["good"].error is None
    assert "no_such_package_anywhere" in (files["missing"].error or "")
    assert "(line 1)" in (files["missing"].error or "")
    assert files["leaves"].error == "SystemExit: 3 (line 1)"
    assert "SyntaxError" in (files["typo"].error or "")
    assert files["empty"].error == files["half"].error == "defines no class with start_listening and sendMessage"
    assert "user_id, config, user_queues" in (files["arguments"].error or "")
    assert "_private" not in files


@pytest.mark.parametrize(("start", "send"), [("start_listening", "send_message"), ("startListening", "sendMessage")])
def test_methods_may_be_named_in_either_style(tmp_path: Path, start: str, send: str) -> None:
    assert found(tmp_path, styled=chat(start=start, send=send))["styled"].error is None


def test_of_several_classes_the_one_with_the_providers_name_is_meant(tmp_path: Path) -> None:
    files = found(
        tmp_path,
        my_platform=chat("Base") + chat("MyPlatformProvider"),
        plain=chat("Other") + chat("Provider"),
        unclear=chat("One") + chat("Two"),
    )
    assert files["my_platform"].provider is not None
    assert files["my_platform"].provider.__name__ == "MyPlatformProvider"
    assert files["plain"].provider is not None
    assert files["plain"].provider.__name__ == "Provider"
    assert "several classes" in (files["unclear"].error or "")


def test_a_class_that_was_only_imported_is_not_the_files_own(tmp_path: Path) -> None:
    files = found(tmp_path, borrower="from chat_providers.dummy import DummyProvider")
    assert files["borrower"].error == "defines no class with start_listening and sendMessage"


def test_names_are_found_in_either_style(tmp_path: Path) -> None:
    catalog = Catalog(found(tmp_path, my_platform=chat()).values())
    for spelling in ("my_platform", "myPlatform", "MyPlatform", "my-platform"):
        assert catalog.find(ProviderKind.CHAT, spelling).name == "my_platform"


def test_an_unknown_name_gets_a_suggestion_and_is_never_imported(tmp_path: Path) -> None:
    catalog = Catalog(found(tmp_path, my_platform=chat()).values())
    with pytest.raises(InvalidConfig, match=r"provider_name: .*did you mean 'my_platform'"):
        catalog.find(ProviderKind.CHAT, "my_platfrom")
    for name in ("os", "../main", "chat_providers.dummy", "__init__"):
        with pytest.raises(InvalidConfig, match="there are: my_platform"):
            catalog.find(ProviderKind.CHAT, name)


def test_a_name_that_two_files_could_mean_must_be_spelled_exactly(tmp_path: Path) -> None:
    catalog = Catalog(found(tmp_path, my_platform=chat(), myPlatform=chat()).values())
    assert catalog.find(ProviderKind.CHAT, "myPlatform").name == "myPlatform"
    with pytest.raises(InvalidConfig, match="spell it exactly"):
        catalog.find(ProviderKind.CHAT, "MYPLATFORM")


def test_asking_for_a_broken_one_tells_what_is_wrong_with_it(tmp_path: Path) -> None:
    catalog = Catalog(found(tmp_path, broken="import no_such_package_anywhere").values())
    with pytest.raises(InvalidConfig, match="no_such_package_anywhere"):
        catalog.find(ProviderKind.CHAT, "broken")
