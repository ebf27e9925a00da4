"""No reason is given anywhere in the program that its owner would not be told in words."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from imposter.contracts import errors
from imposter.contracts.messages import ASIDE
from imposter.domain import reasons
from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import RETRIED, MessageState
from imposter.domain.reasons import Gate

ROOT = Path(__file__).parents[2]
FILES = [*ROOT.glob("*.py"), *(ROOT / "imposter").rglob("*.py"), *(ROOT / "chat_providers").glob("*.py")]
REASON_IS_ARGUMENT = {"Verdict": 1, "Pause": 1, "Silent": 0, "hush": 2, "abandon": 2, "failed": 3}
"""By what is called, which of its arguments is a reason."""
REASON_IS_NAMED = {"reason", "why", "note", "abandoned"}
"""Names of arguments, and keys of what goes into a statement, that are reasons."""
HOLDS_REASONS = {"evicted", "chosen", "abandoned"}
"""Variables that reasons are put into."""
GIVES_REASONS = {"_unasked"}
"""Functions that return one."""
OURS = {name for name in vars(errors) if isinstance(getattr(errors, name), type)}


def named(code: str) -> bool:
    return re.fullmatch(r"[a-z]+(_[a-z]+)*", code) is not None or code in OURS


@cache
def trees() -> list[ast.Module]:
    return [ast.parse(path.read_text()) for path in FILES if path.name != "examples.py"]


def constants() -> set[tuple[str, str]]:
    return {
        (target.id, node.value.value)
        for tree in trees()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def given(tree: ast.Module) -> Iterator[ast.expr]:
    """Whatever stands where a reason belongs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = REASON_IS_ARGUMENT.get(name)
            if place is not None and place < len(node.args):
                yield node.args[place]
            yield from (each.value for each in node.keywords if each.arg in REASON_IS_NAMED)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in REASON_IS_NAMED:
                    yield value
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                name = target.value if isinstance(target, ast.Subscript) else target
                if isinstance(name, ast.Name) and name.id in HOLDS_REASONS:
                    yield node.value
        elif isinstance(node, ast.FunctionDef) and node.name in GIVES_REASONS:
            yield from (each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value)


def codes() -> set[str]:
    """Every reason that is written out in the program, by itself, as a constant, or within an expression."""
    found, names = set(), set()
    for tree in trees():
        for expression in given(tree):
            for node in ast.walk(expression):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and not is_parameter(expression):
                    found.add(node.value)
                elif isinstance(node, ast.Name | ast.Attribute):
                    names.add(node.id if isinstance(node, ast.Name) else node.attr)
    found |= {value for name, value in constants() if name in names}
    return {code for code in found if named(code)}


def is_parameter(expression: ast.expr) -> bool:
    """Of a statement: what goes there stands elsewhere."""
    return isinstance(expression, ast.Call) and getattr(expression.func, "id", "") == "bindparam"


def notes() -> set[str]:
    """What the other side of the pipe says of a message that wants no answer."""
    cases = json.loads((ROOT / "tests/integration/payloads/inbound.json").read_text("utf-8"))
    told = {case["expected"]["note"] for case in cases if case["expected"]} - {None}
    sources = (ROOT / "chat_providers/whatsapp_baileys_server/src").glob("*.ts")
    written = {code for path in sources for code in re.findall(r"note: ['`]([a-z_]+)", path.read_text())}
    return {code.partition(":")[0] for code in told} | written | {kind.value for kind in ASIDE}


def test_the_reasons_are_found() -> None:
    some = {"owner", "not_allowed", "not_addressed", "too_old", "max_days", "takeover", "loop", "model_silent"}
    assert codes() >= some | {"unlinked", "platform_changed", "interrupted", "removed", "before_linking"}
    assert notes() >= {"reaction", "edit", "revoke", "undecryptable", "event", "unsupported"}


def test_every_reason_is_told_in_words() -> None:
    told = {reasons.OWN, RETRIED, *reasons.OF_MESSAGES, *reasons.OF_ANSWERS}
    assert codes() | notes() <= told, "each needs a sentence in reasons.py"


ENDED = [state for state in MessageState if state not in (MessageState.WAITING, MessageState.ANSWERED)]


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("code", [None, *reasons.OF_MESSAGES, "event:call", "unsupported:pollMessage", "KeyError", "x"])
def test_each_reads_as_the_rest_of_a_sentence(state: MessageState, code: str | None) -> None:
    told = reasons.of_message(state, code).told
    assert told[0].islower()
    assert not told.endswith(".")


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.WITHDRAWN])
@pytest.mark.parametrize("code", [None, *reasons.OF_ANSWERS, *reasons.OF_MESSAGES, "KeyError"])
def test_so_does_each_of_an_answer(state: DeliveryState, code: str | None) -> None:
    told = reasons.of_answer(state, code)
    assert told[0].islower()
    assert not told.endswith(".")


def test_what_is_not_ours_is_named() -> None:
    assert reasons.of_message(MessageState.FAILED, "KeyError").gate is Gate.MODEL
    assert reasons.of_message(MessageState.FAILED, "KeyError").told == "the model's provider failed (KeyError)"
    unread = reasons.of_message(MessageState.IGNORED, "unsupported:pollMessage")
    assert unread.told == "it is of a kind that cannot be read here (unsupported:pollMessage)"
    assert reasons.of_answer(DeliveryState.FAILED, "KeyError") == "sending it failed (KeyError)"
    judged = reasons.of_answer(DeliveryState.WITHDRAWN, "not_allowed")
    assert judged.startswith("it was taken back by new rules: its sender is not on the whitelist")
