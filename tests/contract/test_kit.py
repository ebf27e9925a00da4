"""The kit for whoever writes a provider: a right one passes, and each wrong one is told which rule it breaks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imposter.settings import load_settings
from imposter.testing.check import Outcome, Result
from imposter.testing.load import FileNotUsable, find_provider, read_config
from imposter.testing.report import headline, lines_of, summary
from imposter.testing.runner import check_provider
from tests.contract.results import DEADLINE, ENVIRONMENT, PATIENCE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(DEADLINE + 30)
SHORT = 3.0
"""Seconds that a wrong provider gets for what it never does."""

CHAT = '''
"""A platform in memory."""

from imposter.contracts.errors import NotConnected
from queue_manager import Sender

class Provider:
    def __init__(self, user_id, config, user_queues):
        self.queue, self.listening, self.inbox, self.typing = user_queues[user_id], False, {}, False
        if "platform" in config:
            config["platform"].account = self

    async def start_listening(self):
        self.listening = True

    async def stop_listening(self):
        self.listening = False

    async def get_status(self):
        return "connected" if self.listening else "stopped"

    async def hear(self, text):
        await self.queue.add_message(text, Sender("bob", "Bobby"), message_id="1")

    async def sendMessage(self, recipient, message):
        await self.send_with_id(recipient, message, str(len(self.inbox)))

    async def send_with_id(self, recipient, message, message_id):
        if not self.listening:
            raise NotConnected("not listening")
        if recipient == "bob":
            self.inbox.setdefault(message_id, message)

    async def show_typing(self, recipient, on):
        if not self.listening:
            raise NotConnected("not listening")
        self.typing = on

    def message_id(self, seed):
        return seed[:20]

    @staticmethod
    def canonical_id(text):
        return text.strip().lower()
'''
CHAT_HARNESS = """
from imposter.testing import HELLO, ChatHarness

class Harness(ChatHarness):
    def __init__(self):
        super().__init__({"platform": self}, friend="bob")

    async def say_hello(self):
        await self.account.hear(HELLO)

    async def received(self, provider):
        return list(provider.inbox.values())

    async def typing_seen(self):
        return self.account.typing
"""
MODEL = '''
"""A vendor in memory."""

from imposter.contracts.errors import ModelRefused, ModelUnavailable
from imposter.contracts.model import fill_in

class Provider:
    def __init__(self, user_id, config):
        self._system = fill_in(config.get("system", ""), user_id=user_id)
        self._failures = config["vendor"].failures if "vendor" in config else []

    async def reply(self, turns):
        if self._failures:
            status = self._failures.pop()
            raise (ModelRefused if status == 401 else ModelUnavailable)(f"HTTP {status}")
        return f"{self._system}|{turns[-1].content}"
'''
MODEL_HARNESS = """
from imposter.testing import ModelHarness

class Harness(ModelHarness):
    def __init__(self):
        self.failures = []
        config = {"api_key": "sk-0123456789", "vendor": self}
        super().__init__(config, {**config, "system": "Hi {user_id}"}, echoes=True, can_fail=True)

    def greeted(self, answer):
        return answer.partition("|")[0]

    def fail(self, status):
        self.failures.append(status)
"""


class Files:
    """Provider and harness files that lie outside the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / f"kit_{folder.name}"
        self.folder.mkdir()

    def write(self, name: str, text: str, old: str = "", new: str = "") -> Path:
        assert old in text
        (self.folder / name).write_text(text.replace(old, new) if old else text)
        return self.folder / name


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


async def results_of(provider: Path, harness: Path | None = None, patience: float = PATIENCE) -> list[Result]:
    settings = load_settings(ENVIRONMENT)
    found = check_provider(find_provider(provider), settings, harness=harness, patience=patience)
    return [result async for result in found]


def failures(results: list[Result]) -> str:
    failed = [result for result in results if result.outcome is Outcome.FAILS]
    return "\n".join(line for result in failed for line in lines_of(result))


async def test_a_right_chat_provider_keeps_all_rules(files: Files) -> None:
    results = await results_of(files.write("mine.py", CHAT), files.write("harness.py", CHAT_HARNESS))
    assert failures(results) == ""
    skipped = [result for result in results if result.outcome is Outcome.SKIPPED]
    assert all("It has no `" in result.detail and "which is optional" in result.detail for result in skipped)
    assert len(results) - len(skipped) == 11


async def test_a_right_model_provider_keeps_all_rules(files: Files) -> None:
    results = await results_of(files.write("mine.py", MODEL), files.write("harness.py", MODEL_HARNESS))
    assert failures(results) == ""
    skipped = [result for result in results if result.outcome is Outcome.SKIPPED]
    assert all("It has no `" in result.detail for result in skipped)
    assert len(results) - len(skipped) == 10


WRONG_CHATS = {
    "no docstring": ('"""A platform in memory."""', "", "It does not say what it is."),
    "no class": ("async def sendMessage", "async def send", "defines no class with start_listening and sendMessage"),
    "a typo": ("class Provider:", "class Provider", "The server cannot use it: SyntaxError"),
    "a method in another style": ("stop_listening", "stopListening", "Call it `stop_listening`"),
    "too few arguments": ("show_typing(self, recipient, on)", "show_typing(self, on)", "(recipient, on) and cannot be"),
    "not static": (
        "    @staticmethod\n    def canonical_id(text)",
        "    def canonical_id(self, text)",
        "under @staticmethod",
    ),
    "a start that does not return": (
        "    async def start_listening(self):\n        self.listening = True",
        "    def start_listening(self):\n        import threading\n        threading.Event().wait()",
        "`start_listening` has not returned after 2 s.",
    ),
    "a send into nowhere": (
        'raise NotConnected("not listening")\n        if recipient',
        "return\n        if recipient",
        "A send before `start_listening` must raise NotConnected, and raised nothing.",
    ),
    "another error": (
        'raise NotConnected("not listening")\n        if recipient',
        'raise RuntimeError("no line")\n        if recipient',
        "It raised RuntimeError in line",
    ),
    "a status of its own": (
        'else "stopped"',
        'else "sleeping"',
        "The provider's status is none that this server knows",
    ),
    "connected too early": ('else "stopped"', 'else "connected"', "`get_status` tells `connected` before"),
    "never connected": ('"connected" if self.listening else', "", "The link does not stand after 3 s: `stopped`."),
    "a deaf platform": (
        'await self.queue.add_message(text, Sender("bob", "Bobby"), message_id="1")',
        "pass",
        "What the friend wrote is not in the queue",
    ),
    "a mark in the content": ("add_message(text,", 'add_message("Bobby: " + text,', "is not in the queue"),
    "the name as the id": (
        'Sender("bob", "Bobby")',
        'Sender("Bobby", "bob")',
        "The sender is 'Bobby', and the friend's",
    ),
    "a contact as the owner": (
        'message_id="1"',
        'message_id="1", source="owner", to="bob"',
        'Give source="user" for what contacts write.',
    ),
    "a group for a direct chat": ('message_id="1"', 'message_id="1", group="team"', "Give group=None"),
    "sent twice": (
        "self.inbox.setdefault(message_id",
        "self.inbox.setdefault(len(self.inbox)",
        "got the answer 2 times",
    ),
    "another text": ("(message_id, message)", "(message_id, message.upper())", "got 'NICE TO HEAR FROM YOU' in place"),
    "an id by chance": (
        "return seed[:20]",
        "import uuid; return uuid.uuid4().hex",
        "`message_id` gives two ids for one",
    ),
    "one id for all": ("return seed[:20]", 'return "1"', "`message_id` gives one id for two seeds."),
    "a second spelling": ("text.strip().lower()", 'text + "@net"', "`canonical_id` makes"),
    "typing without an end": ("self.typing = on", "self.typing = True", "still sees typing"),
}


NEVER = {
    "never connected",
    "a deaf platform",
    "a mark in the content",
    "the name as the id",
    "a contact as the owner",
    "a group for a direct chat",
    "typing without an end",
}
"""What is waited for in vain."""


@pytest.mark.parametrize("name", WRONG_CHATS)
async def test_a_wrong_chat_provider_is_told_the_rule_that_it_breaks(files: Files, name: str) -> None:
    old, new, sentence = WRONG_CHATS[name]
    provider, harness = files.write("mine.py", CHAT, old, new), files.write("harness.py", CHAT_HARNESS)
    results = await results_of(provider, harness, SHORT if name in NEVER else PATIENCE)
    assert sentence in " ".join(failures(results).split())


WRONG_MODELS = {
    "no docstring": ('"""A vendor in memory."""', "", "It does not say what it is."),
    "no class": ("async def reply", "async def answer", "as a model provider it defines no class with reply"),
    "an empty answer": ('return f"{self._system}|{turns[-1].content}"', 'return ""', "The answer is empty"),
    "no text": ('return f"{self._system}|{turns[-1].content}"', "return None", "must return text from reply"),
    "braces that stay": (
        'fill_in(config.get("system", ""), user_id=user_id)',
        'config.get("system", "")',
        "became 'Hi",
    ),
    "one user for all": (
        "self._system = fill_in",
        "Provider._system = fill_in",
        "`Hi {user_id}` became 'Hi bob' for the user anna.",
    ),
    "a call's turns in the instance": (
        "        if self._failures:",
        "        import asyncio; self.x = turns; await asyncio.sleep(0); turns = self.x\n        if self._failures:",
        "conversations got an answer that is not theirs",
    ),
    "a refusal as a pause": ("ModelRefused if status == 401 else ", "", "A vendor's HTTP 401 must raise ModelRefused"),
    "a pause as a refusal": (" if status == 401 else ModelUnavailable", "", "HTTP 429 must raise ModelUnavailable"),
    "the words in the error": (
        '(f"HTTP {status}")',
        '(f"HTTP {status}: {turns[0]}")',
        "words of the conversation stand",
    ),
    "for ever failed": ("self._failures.pop()", "self._failures[0]", "It raised ModelUnavailable"),
    "a key in sight": (
        "self._system = fill_in",
        "self._key = config.get('api_key'); self._system = fill_in",
        "pydantic SecretStr",
    ),
    "a call that blocks": (
        "        if self._failures:",
        "        import threading; len(turns) == 1 or threading.Event().wait(1.2)\n        if self._failures:",
        "`reply` held up all other bots for 1.",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), WRONG_MODELS.values(), ids=WRONG_MODELS)
async def test_a_wrong_model_provider_is_told_the_rule_that_it_breaks(
    files: Files, old: str, new: str, sentence: str
) -> None:
    results = await results_of(files.write("mine.py", MODEL, old, new), files.write("harness.py", MODEL_HARNESS))
    assert sentence in " ".join(failures(results).split())


async def test_without_a_harness_what_needs_one_is_skipped_and_said(files: Files) -> None:
    for text in (CHAT, MODEL):
        results = await results_of(files.write("mine.py", text))
        assert failures(results) == ""
        assert any("--harness FILE" in result.detail for result in results)


async def test_a_link_that_needs_its_owner_is_waited_for_once(files: Files) -> None:
    results = await results_of(
        files.write("mine.py", CHAT, '"connected" if self.listening else "stopped"', '"linking"')
    )
    assert failures(results) == ""
    assert any("Its link does not stand here: `linking`" in result.detail for result in results)


def kit(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "imposter.testing", *words],
        check=False, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT}, timeout=DEADLINE,
    )  # fmt: skip


def test_the_command_says_what_holds_and_exits_with_0(files: Files) -> None:
    ran = kit("llm_providers/fakeLlm.py", "--config", json.dumps({"response_array": ["hi"]}))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("fakeLlm, a model provider: A model that needs no vendor")
    assert "holds     A conversation is answered with text." in ran.stdout
    assert "skipped   Its list of models is names" in ran.stdout
    assert ran.stdout.endswith("0 fail.\nIt keeps to the rules that were checked.\n")


def test_the_command_says_what_fails_and_exits_with_1(files: Files) -> None:
    config = files.write("config.json", '{"response_array": []}')
    ran = kit("llm_providers/fakeLlm.py", "--config", config)
    assert ran.returncode == 1, ran.stderr
    assert "FAILS" in ran.stdout
    assert "`response_array`" in ran.stdout
    assert "Cure: Give one that fits with --config" in ran.stdout


def test_the_command_ends_where_a_method_hangs_the_event_loop(files: Files) -> None:
    hangs = CHAT.replace("        self.listening = True", "        import threading; threading.Event().wait()")
    ran = kit(files.write("mine.py", hangs), "--patience", "0.1")
    assert ran.returncode == 1
    assert "An async method holds up the event loop" in ran.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nowhere.py",), "There is no file nowhere.py."),
        (("llm_providers/fakeLlm.py", "--config", "{"), "The config is no JSON"),
        (("llm_providers/fakeLlm.py", "--config", "nowhere.json"), "neither a JSON object nor a file"),
        (("llm_providers/fakeLlm.py", "--harness", "nowhere.py"), "There is no Python file"),
    ],
)
def test_the_command_says_what_it_was_given_wrongly_and_exits_with_2(words: tuple[str, ...], sentence: str) -> None:
    ran = kit(*words)
    assert ran.returncode == 2
    assert sentence in ran.stderr


def test_a_file_of_several_harnesses_says_whose_each_is(files: Files) -> None:
    two = CHAT_HARNESS + "\nclass Another(Harness):\n    provider = 'another'\n"
    assert find_provider(files.write("mine.py", CHAT)).error is None
    check_provider(
        find_provider(files.folder / "mine.py"), load_settings(ENVIRONMENT), harness=files.write("two.py", two)
    )
    with pytest.raises(FileNotUsable, match='provider = "mine"'):
        check_provider(
            find_provider(files.folder / "mine.py"),
            load_settings(ENVIRONMENT),
            harness=files.write("three.py", two + "\nclass Third(Harness):\n    pass\n"),
        )


def test_a_config_is_an_object_in_the_command_or_in_a_file(files: Files) -> None:
    assert read_config(None) is None
    assert read_config(' {"a": 1}') == {"a": 1}
    assert read_config(str(files.write("config.json", '{"a": 1}'))) == {"a": 1}
    with pytest.raises(FileNotUsable, match="must be a JSON object"):
        read_config(str(files.write("list.json", "[1]")))


def test_the_report_names_the_abilities(files: Files) -> None:
    lines = " ".join(headline(find_provider(files.write("mine.py", CHAT))))
    assert "stop_listening, get_status, send_with_id, message_id, show_typing, canonical_id" in lines
    assert summary([Result("It holds.", Outcome.HOLDS)])[-1] == "It keeps to all rules."
