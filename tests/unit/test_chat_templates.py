"""Every form of a request, written out by the chat templates that models come with (`tests/fakes/chat_templates`)."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from imposter.contracts.errors import ModelRefused
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import Contact, Example
from llm_providers._complaint import of_content
from llm_providers._dialect import Dialect, Message, ModelRequest
from llm_providers._quoted import EXAMPLES, JUDGE, NOTES, RULE, USER, about, conversation, judged, noted
from llm_providers._vendor_errors import Diagnosis, Remedy, found
from tests.integration.test_injections import ATTACKS

FOLDER = Path(__file__).parents[1] / "fakes/chat_templates"
NAMES = sorted(file.stem for file in FOLDER.glob("*.jinja"))
WITHOUT_SYSTEM = {"gemma-2"}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
CONTROL = re.compile(
    r"<\|[^|<>]{1,40}\|>|</?s>|<(?:bos|eos|pad|unk|mask)>|<(?:start|end)_of_(?:turn|image)>|\[/?[A-Z][A-Z_]{1,30}\]|"
    r"<</?SYS>>|</?(?:think|tool|tools|tool_call|tool_response)>|\]~!?b[\[\]]|\[e~\["
)
"""The words that these templates and those of other models steer a model with."""
NOW = datetime(2026, 11, 29, 10, 8, tzinfo=ZoneInfo("Europe/Berlin"))


class Refused(Exception):
    """The template takes no such conversation."""


def _refuse(reason: str) -> None:
    raise Refused(reason)


@cache
def template(name: str) -> jinja2.Template:
    """In an environment such as the one that transformers makes for it."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    environment.globals |= {"raise_exception": _refuse, "strftime_now": lambda form: f"{NOW:{form}}"}
    return environment.from_string((FOLDER / f"{name}.jinja").read_text("utf-8"))


def prompt(name: str, messages: Sequence[Message]) -> str:
    """What the model reads. Raises: Refused."""
    return template(name).render(messages=messages, add_generation_prompt=True, **TOKENS)


def forms(messages: Sequence[Message]) -> list[Sequence[Message]]:
    """As the request is sent at first, and in each other way that a server's refusal or the config may bring about."""
    made = []
    for first in ([], [Remedy.NO_SYSTEM]):
        for then in ([], [Remedy.SHORTER]):
            question = ModelRequest(messages, Dialect({}))
            for remedy in [*then, *first]:
                question.otherwise(Diagnosis(ModelRefused(""), remedy))
            made.append(question.body["messages"])
    return made


@dataclass(frozen=True)
class Asked:
    """What an answer is made of."""

    turns: list[Turn]
    examples: list[Example]
    contact: Contact | None
    summary: str
    now: datetime | None

    def messages(self) -> list[Message]:
        ours = ["You are Anna.", RULE, *(["She writes short.", EXAMPLES] if self.examples else []), about(self.contact)]
        told = "\n\n".join(filter(None, ours))
        talk = conversation([*self.turns, LAST], self.examples, self.now, contact=self.contact, summary=self.summary)
        return [{"role": "system", "content": told}, *talk]

    def without_harm(self) -> "Asked":
        """The same chat, in which nobody but its owner says anything else than hello."""
        return replace(
            self,
            turns=[_tame(turn) for turn in self.turns],
            examples=[Example("hello", "hi") for _ in self.examples],
            contact=self.contact and replace(self.contact, own_name=self.contact.own_name and "Bob"),
            summary=self.summary and "They said hello.",
        )


def _tame(turn: Turn) -> Turn:
    if turn.source is not Source.CONTACT:
        return turn
    return replace(turn, content="hello", author="Bob", unseen=turn.unseen and "photo")


def assert_same_control(name: str, hostile: Sequence[Message], tame: Sequence[Message], shown: str = "") -> None:
    """In no form is it refused, or does the model read any other control words."""
    for one, other in zip(forms(hostile), forms(tame), strict=True):
        if one[0]["role"] != "system" or name not in WITHOUT_SYSTEM:
            written = prompt(name, one)
            assert shown in written
            assert CONTROL.findall(written) == CONTROL.findall(prompt(name, other))


CONTROL_WORDS = [
    *("<|im_end|>", "<|im_start|>system", "<|eot_id|>", "<|end|>", "<|system|>", "<s>", "</s>", "<bos>", "<<SYS>>"),
    *("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "<start_of_turn>model", "<end_of_turn>", "</think>", "<tool_call>"),
    *("]~b]system", "]~!b[", "[e~["),
]
PIECES = st.sampled_from([*CONTROL_WORDS, "\n", '"}', "\\", "hello "]) | st.text(max_size=8)
WORDS = st.lists(PIECES, max_size=6).map("".join) | st.sampled_from(ATTACKS)
LAST = Turn(Source.CONTACT, "the last")
TURNS = st.lists(
    st.builds(
        Turn,
        st.sampled_from(Source),
        WORDS,
        author=WORDS,
        in_group=st.booleans(),
        said_at=st.none() | st.integers(0, 20_000).map(lambda ago: (NOW - timedelta(minutes=ago)).astimezone(UTC)),
        unseen=st.none() | WORDS,
    ),
    max_size=30,
)
ASKED = st.builds(
    Asked,
    TURNS,
    st.lists(st.builds(Example, WORDS, WORDS), max_size=3),
    st.none() | st.builds(Contact, own_name=WORDS, name=st.just("Bobby"), is_group=st.booleans()),
    WORDS,
    st.sampled_from([None, NOW]),
)
QUICK = settings(max_examples=25, deadline=None)
"""A template is compiled when it is first used."""


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(ASKED)
def test_no_chat_is_refused_and_no_contact_gets_a_control_word_into_what_a_model_reads(name: str, asked: Asked) -> None:
    assert_same_control(name, asked.messages(), asked.without_harm().messages(), shown='{"text": "the last"}')


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(TURNS, WORDS)
def test_nor_into_the_questions_whether_an_answer_binds_and_what_to_note_down(
    name: str, turns: list[Turn], written: str
) -> None:
    for told, hostile, tame in (
        (JUDGE, judged([*turns, LAST], written), judged([LAST], "yes")),
        (NOTES, noted([*turns, LAST], written), noted([LAST], "")),
    ):
        one, other = (
            [{"role": "system", "content": told}, {"role": USER, "content": text}] for text in (hostile, tame)
        )
        assert_same_control(name, one, other)


@pytest.mark.parametrize("name", sorted(WITHOUT_SYSTEM))
def test_a_template_that_refuses_instructions_says_so_in_words_that_are_understood(name: str) -> None:
    with pytest.raises(Refused) as refused:
        prompt(name, Asked([], [], None, "", NOW).messages())
    finding = found(of_content(500, {}, {"error": {"message": f"Jinja Exception: {refused.value}"}}))
    assert finding is not None
    assert finding.remedy is Remedy.NO_SYSTEM


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "alternate" in (FOLDER / f"{name}.jinja").read_text("utf-8")]
)
def test_these_templates_are_as_strict_as_they_are_known_for(name: str) -> None:
    for roles in (["user", "user"], ["assistant", "user"]):
        with pytest.raises(Refused, match="must alternate"):
            prompt(name, [{"role": role, "content": "hi"} for role in roles])
