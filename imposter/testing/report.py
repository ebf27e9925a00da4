"""What was found, in plain words."""

import textwrap
from collections import Counter
from collections.abc import Sequence

from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.testing.abilities import abilities_of
from imposter.testing.check import Outcome, Result

WIDTH = 110
INDENT = " " * 10
KINDS = {ProviderKind.CHAT: "chat provider", ProviderKind.MODEL: "model provider"}


def headline(file: ProviderFile) -> list[str]:
    """Which provider it is, and what it has beside what it must have."""
    named = f"{file.name}, a {KINDS[file.kind]}: {file.summary or 'it does not say what it is'}"
    has = ", ".join(abilities_of(file)) or "none"
    return [*textwrap.wrap(named, WIDTH), *textwrap.wrap(f"Its abilities: {has}.", WIDTH), ""]


def lines_of(result: Result) -> list[str]:
    """One result: the rule, why it was skipped or how it fails, and the cure."""
    told = [f"{result.outcome:<{len(INDENT)}}{result.rule}"]
    for text in (result.detail, f"Cure: {result.cure}" if result.cure else ""):
        told += textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return told


def summary(results: Sequence[Result]) -> list[str]:
    """How many rules hold, and what that means."""
    times = Counter(result.outcome for result in results)
    counted = f"{times[Outcome.HOLDS]} hold, {times[Outcome.SKIPPED]} skipped, {times[Outcome.FAILS]} fail."
    return ["", counted, _verdict(times)]


def _verdict(times: Counter[Outcome]) -> str:
    if times[Outcome.FAILS]:
        return "It does not keep to the rules that the server relies on."
    if times[Outcome.SKIPPED]:
        return "It keeps to the rules that were checked."
    return "It keeps to all rules."
