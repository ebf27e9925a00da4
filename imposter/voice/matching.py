"""Which of the past exchanges are most like what is asked now."""

import math
from collections import Counter
from collections.abc import Collection, Sequence

from imposter.voice.lines import Exchange
from imposter.voice.tongues import terms

MOST_TERMS = 60
"""Of a question: a long one is about what stands at its end."""


def best(asked: str, past: Sequence[Exchange], most: int, without: Collection[str] = ()) -> list[Exchange]:
    """Up to `most` of `past` (oldest first), the likest first; of equals the newest.

    None of whose answers one is in `without`, nor two with the same answer. Those that have nothing in common with
    `asked` but words that stand everywhere are left out.
    """
    wanted = _terms(asked)
    if not wanted:
        return []
    asked_before = [_terms(exchange.question) for exchange in past]
    seen_in = Counter(term for each in asked_before for term in each)
    weight = {term: math.log(1 + len(past) / seen_in[term]) for term in wanted if term in seen_in}
    scored = []
    for number, (exchange, theirs) in enumerate(zip(past, asked_before, strict=True)):
        common = sum(weight[term] for term in wanted & theirs)
        if common >= math.log(3):  # not by a word alone that half of them have
            scored.append((common / math.sqrt(len(theirs)), number, exchange))
    found: list[Exchange] = []
    taken = set(without)
    for _, _, exchange in sorted(scored, reverse=True, key=lambda each: each[:2]):
        if len(found) == most:
            break
        if exchange.answer not in taken:
            taken.add(exchange.answer)
            found.append(exchange)
    return found


def _terms(text: str) -> frozenset[str]:
    return frozenset(list(terms(text))[-MOST_TERMS:])
