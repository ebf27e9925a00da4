"""Detection of answers that commit the owner by agreeing to a contact's request that the owner has not settled.

A yes to a request commits as much as a promise, even if the contact named the sum. If the request is clear, so does any
answer that is not a no, a delay or a question: people agree in more ways than a list can contain.
"""

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from functools import cached_property
from itertools import groupby

from imposter.behaviour.guard.agreement_words import (
    ASKING_BACK,
    BUTS,
    DEFERRING,
    MILD,
    NO_SIGNS,
    NOES,
    NONETHELESS,
    PLEADING,
    REFUSING,
    SOUNDS,
    YES,
    YES_SIGNS,
)
from imposter.behaviour.guard.commitment_words import NO
from imposter.behaviour.guard.commitments import CLAUSE, SENTENCE, Named, Objection, objection, objections
from imposter.behaviour.guard.encoded_text import decoded
from imposter.behaviour.guard.prior_statements import is_settled, stems
from imposter.behaviour.guard.requests import LONGEST, UNREAD, Ask, Weight, asks
from imposter.behaviour.holding_replies import LET_ME_CHECK
from imposter.behaviour.text_normalization import Spelling, plain, seen, unfigured
from imposter.contracts.messages import Source, Turn

_BUTS = [[word] for word in BUTS]
ECHO = 3
"""Minimum number of letters that the answer and the question share in a repeated word."""
MOST_LOOKED_AT = 2 * LONGEST
"""Characters of several messages that are checked. In longer ones, a request may be anywhere."""
BRIEF = 5
"""Maximum number of words of a reply that is only a question."""
MOST_BACK = 3
"""Maximum number of the bot's turns without a decision before which a request is searched for."""


class Stance(Enum):
    YES = auto()
    """A word of consent such as "deal", which is more than a plain yes."""
    NOD = auto()
    """A plain yes."""
    NO = auto()
    LATER = auto()
    ASKS = auto()
    OTHER = auto()


def binding(answer: str, turns: Sequence[Turn], *told: Named, asked: Sequence[str] = ()) -> tuple[Objection, ...]:
    """Return the parts of `answer` that commit the owner: new facts that it states and requests that it agrees to.

    `turns` is the conversation before the answer, `asked` the messages that it answers, and `told` the owner's words to
    the bot. Takes linear time.
    """
    heard = Named([turn.content for turn in turns])
    said = [turn.content for turn in turns if turn.source is Source.OWNER]
    readings = dict.fromkeys((answer, *decoded(answer)))
    found = [each for reading in readings for each in objections(reading, heard, Named(said), *told)]
    return tuple(dict.fromkeys((*found, *assents(answer, turns, asked, said, *told))))


def assents(
    text: str, turns: Sequence[Turn], asked: Sequence[str], said: Sequence[str], *told: Named
) -> Iterator[Objection]:
    """Find the first request that `text` agrees to; yields at most one. `said` are the owner's own messages."""
    answer = _ParsedAnswer(seen(text))
    for ask in open_asks(turns, asked):
        if answer.is_yes(ask) and not is_settled(ask, answer.text, said, *told):
            yield objection(ask.kind, answer.text)
            return


def open_asks(turns: Sequence[Turn], answered: Sequence[str]) -> Iterator[Ask]:
    """Iterate over contacts' requests since the last decision: a message of the owner, or a real answer of the bot."""
    shown = {turn.content for turn in turns}
    asked = [text for text in answered if text not in shown]
    left = MOST_BACK
    contacts = (turn.content for turn in reversed(turns) if turn.source is Source.CONTACT)
    pleads = PLEADING.among(plain(next(contacts, "")[-LONGEST:]).split())
    open_ = (Stance.LATER, Stance.ASKS, Stance.NO) if pleads else (Stance.LATER, Stance.ASKS)
    for turn in reversed(turns):
        if turn.source is Source.CONTACT:
            asked.append(turn.content)
        elif turn.source is Source.OWNER or left == 0 or not _leaves_open(turn.content, open_):
            break
        else:
            left -= 1
    looked_at = 0
    for text in map(seen, asked):
        if looked_at >= MOST_LOOKED_AT:
            yield UNREAD
            return
        looked_at += min(len(text), LONGEST)
        for spell in _spellings(text):
            yield from asks(text, spell)


def _leaves_open(said: str, open_: Sequence[Stance]) -> bool:
    return said in LET_ME_CHECK.values() or stance(seen(said)) in open_


class _ParsedAnswer:
    """An answer that is parsed once and compared with many requests."""

    def __init__(self, text: str) -> None:
        self.text = text

    def is_yes(self, ask: Ask) -> bool:
        """Return whether the answer agrees to `ask`, as far as a reader can tell."""
        stances = self._minding if ask.minds else self._stances
        if Stance.YES in stances or (Stance.NOD in stances and ask.weight > Weight.FAINT):
            return True
        return Stance.OTHER in stances and (
            ask.weight is Weight.CLEAR or (ask.weight is Weight.OPEN and self._echoes(ask))
        )

    @cached_property
    def _stances(self) -> frozenset[Stance]:
        return frozenset(stance(self.text, spell) for spell in _spellings(self.text))

    @cached_property
    def _minding(self) -> frozenset[Stance]:
        return frozenset(stance(self.text, spell, minds=True) for spell in _spellings(self.text))

    @cached_property
    def _stems(self) -> frozenset[str]:
        return stems(plain(self.text).split(), ECHO)

    def _echoes(self, ask: Ask) -> bool:
        return not self._stems.isdisjoint(stems(ask.words, ECHO))


def stance(answer: str, spell: Spelling = plain, *, minds: bool = False) -> Stance:
    """Return the stance of `answer` towards a request. Set `minds` if the request asks whether the person minds."""
    said = [part for part in (_part(*clause, spell, minds=minds) for clause in _clauses(answer)) if part is not None]
    parts = [part for part, _ in said]
    if _Clause.YES in parts:
        if any(part is _Clause.NO and contrary for part, contrary in said):
            return Stance.NO
        return Stance.LATER if _last(parts, _Clause.LATER) > _last(parts, _Clause.YES) else Stance.YES
    if _Clause.MILD in parts and _Clause.NO not in parts and _last(parts, _Clause.MILD) > _last(parts, _Clause.LATER):
        return Stance.NOD
    if _Clause.NO in parts or _Clause.NOT in parts:
        return Stance.NO
    if _Clause.LATER in parts:
        return Stance.LATER
    if _Clause.OTHER in parts and not ("?" in answer.rstrip()[-1:] and _is_brief(answer)):
        return Stance.OTHER
    return Stance.ASKS


def _last(parts: Sequence["_Clause"], wanted: "_Clause") -> int:
    """Return the last index of `wanted`, or -1."""
    return max((place for place, part in enumerate(parts) if part is wanted), default=-1)


def _is_brief(answer: str) -> bool:
    """Return whether the answer is only a question, with a word or two before it."""
    return len(answer.split()) <= BRIEF


class _Clause(Enum):
    """The meaning of one clause."""

    YES = auto()
    MILD = auto()
    NO = auto()
    NOT = auto()
    """A negation that does not necessarily refer to the request."""
    LATER = auto()
    ASKS = auto()
    OTHER = auto()


def _clauses(answer: str) -> Iterator[tuple[str, bool, bool]]:
    """Iterate over the clauses, each with whether it is a question and whether it follows a "but"."""
    for sentence in SENTENCE.findall(answer):
        *others, last = CLAUSE.split(sentence.strip())
        for clause in (*others, last):
            pieces = _at_buts(clause)
            for number, piece in enumerate(pieces):
                yield (
                    piece,
                    clause is last and "?" in sentence,
                    number > 0 or piece.casefold().split(maxsplit=1)[:1] in _BUTS,
                )


def _part(clause: str, asks_back: bool, contrary: bool, spell: Spelling, *, minds: bool) -> tuple[_Clause, bool] | None:
    """Return the meaning of a clause, or None if it has none."""
    words = [_unstretched(word) for word in spell(clause).split()]
    telling = [word for word in words if word not in SOUNDS]
    if not telling:
        return _sign(clause)
    return _said(telling, asks_back, minds=minds), contrary


def _sign(clause: str) -> tuple[_Clause, bool] | None:
    if any(sign in clause for sign in NO_SIGNS):
        return _Clause.NO, False
    return (_Clause.YES, False) if any(sign in clause for sign in YES_SIGNS) else None


def _said(words: Sequence[str], asks_back: bool, *, minds: bool) -> _Clause:
    if minds and NOES.issuperset(words):
        return _Clause.YES
    rest = NONETHELESS.without(words)
    if DEFERRING.among(rest):
        return _Clause.LATER
    if REFUSING.among(rest):
        return _Clause.NO
    if NO.search(f" {' '.join(rest)} "):
        return _Clause.NOT
    if len(rest) < len(words) or YES.among(words):
        return _Clause.YES
    mild = next((at for at, word in enumerate(words) if _short(word) not in MILD), len(words))
    if asks_back or ASKING_BACK.among(words[mild:]):
        return _Clause.MILD if mild else _Clause.ASKS
    return _Clause.MILD if any(_short(word) in MILD for word in words) else _Clause.OTHER


def _at_buts(clause: str) -> list[str]:
    pieces: list[list[str]] = [[]]
    for word in clause.split():
        if word.casefold() in BUTS and pieces[-1]:
            pieces.append([])
        pieces[-1].append(word)
    return [" ".join(piece) for piece in pieces]


def _unstretched(word: str) -> str:
    """Return a word without stretched letters: `yesss` becomes `yes`."""
    runs = ((letter, len(list(run))) for letter, run in groupby(word))
    return "".join(letter if length > 2 and letter.isalpha() else letter * length for letter, length in runs)


def _short(word: str) -> str:
    """Return a word without doubled letters: `jaa` becomes `ja`."""
    return "".join(letter for letter, _ in groupby(word))


def _spellings(text: str) -> tuple[Spelling, ...]:
    return (plain,) if plain(text) == unfigured(text) else (plain, unfigured)
