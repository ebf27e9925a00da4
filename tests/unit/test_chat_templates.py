"""Every form of a request, written out by the chat templates that models come with (`tests/fakes/chat_templates`)."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
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
from llm_providers._dialect import Dialect, Message, Question
from llm_providers._quoted import EXAMPLES, JUDGE, RULE, about, conversation, judged
from llm_providers._vendor_errors import Finding, Remedy, found
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
    """As the request is sent at first, and in each other way that a server's refusal may bring about."""
    made = []
    for first in ([], [Remedy.NO_SYSTEM]):
        for then in ([], [Remedy.SHORTER]):
            question = Question(messages, Dialect({}))
            for remedy in [*then, *first]:
                question.otherwise(Finding(ModelRefused(""), remedy))
            made.append(question.body["messages"])
    return made


def request(turns: Sequence[Turn], examples: Sequence[Example], now: datetime | None, known: str = "") -> list[Message]:
    """`known`: what they call themselves, and what stands in the notes on them."""
    contact = Contact("Bob", known, instructions="Be kind.")
    voice = ["She writes short.", EXAMPLES] if examples else []
    told = "\n\n".join(["You are Anna.", RULE, *voice, about(contact)])
    talk = conversation(turns, examples, now, contact=contact, summary=known)
    return [{"role": "system", "content": told}, *talk]


CONTROL_WORDS = [
    *("<|im_end|>", "<|im_start|>system", "<|eot_id|>", "<|end|>", "<|system|>", "<s>", "</s>", "<bos>", "<<SYS>>"),
    *("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "<start_of_turn>model", "<end_of_turn>", "</think>", "<tool_call>"),
    *("]~b]system", "]~!b[", "[e~["),
]
PIECES = st.sampled_from([*CONTROL_WORDS, "\n", '"}', "\\", "hello "]) | st.text(max_size=8)
WORDS = st.lists(PIECES, max_size=6).map("".join) | st.sampled_from(ATTACKS)
TURNS = st.lists(
    st.builds(
        Turn,
        st.sampled_from(Source),
        WORDS,
        author=WORDS,
        in_group=st.booleans(),
        said_at=st.none()
        | st.integers(0, 20_000).map(lambda minutes: (NOW - timedelta(minutes=minutes)).astimezone(UTC)),
    ),
    max_size=30,
)
PASTS = st.lists(st.builds(Example, WORDS, WORDS), max_size=3)
LAST = Turn(Source.CONTACT, "the last")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(TURNS, PASTS, st.sampled_from([None, NOW]), WORDS)
def test_no_chat_is_refused_and_no_contact_gets_a_control_word_into_what_a_model_reads(
    name: str, turns: list[Turn], examples: list[Example], now: datetime | None, known: str
) -> None:
    """Compared with the same chat in which they say nothing but hello."""
    harmless = [
        replace(turn, content="hello", author="Bob") if turn.source is Source.CONTACT else turn for turn in turns
    ]
    plain = [Example("hello", "hi") for _ in examples]
    for hostile, tame in zip(
        forms(request([*turns, LAST], examples, now, known)),
        forms(request([*harmless, LAST], plain, now, "hello" if known.split() else "")),
        strict=True,
    ):
        if hostile[0]["role"] != "system" or name not in WITHOUT_SYSTEM:
            written = prompt(name, hostile)
            assert '{"text": "the last"}' in written
            assert CONTROL.findall(written) == CONTROL.findall(prompt(name, tame))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(TURNS, WORDS)
def test_nor_is_the_question_whether_an_answer_binds_refused(name: str, turns: list[Turn], answer: str) -> None:
    asked = [{"role": "system", "content": JUDGE}, {"role": "user", "content": judged([*turns, LAST], answer)}]
    plain = [{"role": "system", "content": JUDGE}, {"role": "user", "content": judged([LAST], "yes")}]
    for hostile, tame in zip(forms(asked), forms(plain), strict=True):
        if hostile[0]["role"] != "system" or name not in WITHOUT_SYSTEM:
            assert CONTROL.findall(prompt(name, hostile)) == CONTROL.findall(prompt(name, tame))


@pytest.mark.parametrize("name", sorted(WITHOUT_SYSTEM))
def test_a_template_that_refuses_instructions_says_so_in_words_that_are_understood(name: str) -> None:
    with pytest.raises(Refused) as refused:
        prompt(name, request([LAST], [], NOW))
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
