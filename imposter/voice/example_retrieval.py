"""Which of the past exchanges are most like what is asked now."""

import math
from collections import Counter
from collections.abc import Collection, Sequence

from imposter.voice.exchanges import Exchange
from imposter.voice.language_detection import terms

MOST_TERMS = 60
"""Of a question: a long one is about what stands at its end."""


class ExchangeIndex:
    """Exchanges, oldest first, made ready to be compared with what is asked."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._asked_before = [(exchange, _terms(exchange.question)) for exchange in exchanges if exchange.question]
        self._seen_in = Counter(term for _, theirs in self._asked_before for term in theirs)

    def best(self, asked: str, most: int, without: Collection[str] = ()) -> list[Exchange]:
        """Up to `most`, the likest first; of equals the newest.

        None of whose answers one is in `without`, nor two with the same answer. Those that have nothing in common with
        `asked` but words that stand everywhere are left out.
        """
        count = len(self._asked_before)
        weight = {term: math.log(1 + count / self._seen_in[term]) for term in _terms(asked) if term in self._seen_in}
        scored = []
        for number, (exchange, theirs) in enumerate(self._asked_before):
            common = sum(weight[term] for term in weight.keys() & theirs)
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
