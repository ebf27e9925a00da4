"""What must be true of a whole run, by what the driver wrote down of it alone."""

import re
from collections import Counter
from collections.abc import Iterator
from math import inf

from tests.chaos.ledger import BROUGHT, GRACE, TOKEN, Ledger, Mode, Reply
from tests.durability.journal import tokens_in

_MARK = re.compile(r"\b" + BROUGHT.format(r"(\d+)"))
PROMPT_GRACE = 1.0
"""Seconds in which a request to the model that was under way may still arrive there."""


def problems(ledger: Ledger) -> list[str]:
    """Everything that is wrong; the ledger has heard all."""
    return [
        *ledger.check().problems,
        *_unexplained(ledger),
        *_at_wrong_times(ledger),
        *_decisions(ledger),
        *_remembered(ledger),
        *_imported(ledger),
    ]


def _unexplained(ledger: Ledger) -> Iterator[str]:
    """Words of nobody's, and answers in pieces of which one is missing or in the wrong place."""
    by_hand = {text for decision in ledger.decisions for text in decision.asked}
    places: dict[tuple[int, str, int], list[int]] = {}
    replies: dict[int, Reply] = {}
    for conversation, person, delivery in ledger.from_account():
        if delivery.text in by_hand:
            continue
        for part in (delivery.text or "").split("\n\n"):
            if part not in ledger.replies:
                yield f"nobody said {part!r}, which {person} got in conversation {conversation.index}"
                continue
            reply, place = ledger.replies[part]
            if not reply.tokens:
                yield f"{person} got {part!r}, which answers nobody"
            replies[id(reply)] = reply
            places.setdefault((conversation.index, person, id(reply)), []).append(place)
    for (index, person, whose), got in places.items():
        reply = replies[whose]
        whole = list(range(len(reply.parts)))
        if got != whole and not (got == whole[: len(got)] and _may_be_cut(ledger, index, reply.at)):
            yield f"{person} got the parts {got} of {reply.parts} in conversation {index}"


def _may_be_cut(ledger: Ledger, index: int, since: float) -> bool:
    """Whether something came that has an answer end in its midst."""
    return (
        any(span.may_hold(since, inf) for span in ledger.spans[index])
        or any(line.done >= since for line in ledger.lines[index])
        or any(change.asked >= since for change in ledger.changes[index])
    )


def _at_wrong_times(ledger: Ledger) -> Iterator[str]:
    for conversation, person, delivery in ledger.from_account():
        index, at = conversation.index, ledger.first_sent[delivery.id]
        tokens = tokens_in(delivery.text or "")
        what = f"{person} got {delivery.text!r} in conversation {index}"
        for halt in ledger.halts[index]:
            if halt.sure < at < halt.over_asked:
                yield f"{what} while its bot was {halt.why}, {at - halt.sure:.3f} s after that"
        for token in tokens:
            since = ledger.forgotten(ledger.said[token[0]][token[1]])
            if since is not None and at > since:
                yield f"{what}, {at - since:.3f} s after {TOKEN.format(*token)} was forgotten"
        if tokens and set(tokens) <= ledger.left:
            yield f"{what}, and all of that was to be left unanswered"
        if set(tokens) & ledger.approved:
            continue
        for span in ledger.spans[index]:
            if span.sure + span.grace < at < span.over_asked:
                yield f"{what} {at - span.sure:.3f} s after a silence began: {span.why}"
        changes = ledger.changes[index]
        ends = [*(change.asked for change in changes[1:]), inf]
        for change, over in zip(changes, ends, strict=True):
            if change.mode is Mode.OBSERVE and change.sure + GRACE < at < over:
                yield f"{what} {at - change.sure:.3f} s after its bot was to observe"


def _decisions(ledger: Ledger) -> Iterator[str]:
    texts: dict[int, Counter[str]] = {}
    once: set[tuple[str, str]] = set()
    for conversation, person, delivery in ledger.from_account():
        if (person, delivery.id) not in once:
            once.add((person, delivery.id))
            texts.setdefault(conversation.index, Counter())[delivery.text or ""] += 1
    for decision in ledger.decisions:
        got = texts.get(decision.conversation, Counter())
        [by_hand] = decision.asked - {"send", "drop"} or {""}
        found = {"sent": got[decision.text], "edited": got[by_hand] if by_hand else 0}
        wanted = {state: int(decision.ended == state) for state in found}
        if found != wanted:
            yield f"draft {decision.text!r} ended {decision.ended}, asked {decision.asked}, and was got {found}"
        possible = {"send": "sent", "drop": "dropped"}
        allowed = {possible.get(asked, "edited") for asked in decision.asked}
        if decision.ended not in (*allowed, "replaced", "expired"):
            yield f"draft {decision.text!r} ended {decision.ended}, and asked was {decision.asked}"


def _remembered(ledger: Ledger) -> Iterator[str]:
    """What is forgotten stands in no prompt."""
    for at, chat in ledger.asked_at:
        for token in tokens_in(" ".join(turn["content"] for turn in chat["messages"])):
            since = ledger.forgotten(ledger.said[token[0]][token[1]])
            if since is not None and at > since + PROMPT_GRACE:
                yield f"{TOKEN.format(*token)} was in a prompt {at - since:.3f} s after it was forgotten"


def _imported(ledger: Ledger) -> Iterator[str]:
    """Words of an imported chat stand in prompts of that chat alone, and in none once they are forgotten."""
    for at, chat in ledger.asked_at:
        words = " ".join(turn["content"] for turn in chat["messages"])
        marks = {int(index) for index in _MARK.findall(words)}
        if marks and len(marks | {index for index, _ in tokens_in(words)}) > 1:
            yield f"an import of the conversations {sorted(marks)} was in a prompt of another: {words[:500]}"
        for index in marks:
            if ledger.import_forgotten(index) and at > ledger.lines[index][-1].done + PROMPT_GRACE:
                yield f"what was imported into conversation {index} was in a prompt after it was forgotten"
