"""Detection of commitments in an answer: money, a time, a place, a meeting, or a fact that nobody has named.

These are rules without understanding: everybody writes these things in the same ways. Amounts, times, days and numbers
from the conversation may be repeated in any spelling. A promise ("I'll come", "I'll pay") may only be repeated after
the owner; otherwise a contact could put it into the bot's mouth. A negation, and a question without a new number, does
not commit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from imposter.behaviour.guard.commitment_words import BARE_HOURS, NO, NUMBERS, PROMISES, REASSURING, RULES, STREETS
from imposter.behaviour.text_normalization import plain, seen, skeleton, unfigured

LONGEST = 80
"""Maximum number of characters that an objection quotes."""


class CommitmentKind(StrEnum):
    MONEY = "money"
    TIME = "time"
    PLACE = "place"
    MEETING = "meeting"
    FACT = "fact"
    THINGS = "things"
    DOCUMENTS = "documents"
    DATA = "data"
    DECISION = "decision"
    REQUEST = "request"
    """A request of no other kind, or of an unknown one."""


@dataclass(frozen=True, slots=True)
class Objection:
    kind: CommitmentKind
    words: str
    """The words as they are in the answer."""


_CURRENCY = "[$\u20ac\u00a3\u20b9\u00a5\u20ba\u20bd]"
_CODE = (
    r"(?:usd|eur|gbp|chf|inr|brl|mxn|try|pln|euros?|dollars?|d[oó]lares|bucks|quid|pounds?|pesos?|reais|real|franken|"
    r"francs?|cents?)"
)
_FIGURE = r"\d{1,9}(?:[.,' ]\d{3})*(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(rf"{_CURRENCY}\s?({_FIGURE})(?!\d)|(?<![\d.,])({_FIGURE})\s?(?:{_CURRENCY}|{_CODE}\b)", re.I)
_WORD_AMOUNT = re.compile(rf"\b([^\W\d_]{{2,12}})\s(?:{_CODE})\b", re.I)
_CLOCK = re.compile(
    r"(?<![\d.,:/])(\d{1,2})(?:[:.h](\d{2}))?\s?(?:(uhr|uur|heures|horas|ore|o'?clock)\b|([ap])\.?m\b\.?|(h)\b)|"
    r"(?<![\d.,:/])([01]?\d|2[0-3])[:h]([0-5]\d)(?![\d:])",
    re.I,
)
_BARE_HOUR = re.compile(rf"\b(?:{BARE_HOURS})\s(\d{{1,2}})(?![\d.,:/%h]|\s?(?:{_CURRENCY}|{_CODE}\b|\w{{3,}}))", re.I)
_DATE = re.compile(
    r"(?<![\d.,/])(?!24/7)(\d{1,2})(?:/(\d{1,2})(?:/\d{2,4})?|\.(\d{1,2})\.(?:\d{2,4})?)(?![\d.,/])|"
    r"(?<!\d)\d{4}-(\d{2})-(\d{2})(?!\d)"
)
_SPAN = re.compile(
    r"\b(?:in|dans|en|tra|fra|em|over|daqui a)\s(?:about |ca |circa |unos |environ |etwa )?(\d{1,3}|\w{2,12})\s?"
    r"(?:min\b|mins\b|minut\w*|h\b|hours?\b|stunden?\b|heures?\b|horas?\b|ora\b|ore\b|uur\b|days?\b|tagen?\b|jours?\b|d[ií]as?\b|giorni\b|dias\b|dagen\b|weeks?\b|wochen?\b)",
    re.I,
)
_CONTACT = re.compile(
    r"https?://\S{1,200}|\bwww\.\S{1,200}|\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}|"
    r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,3})?\b|(?<![\w.,])\+?\d(?:[ ()/.-]{0,2}\d){6,16}(?!\w)",
    re.I,
)
_LONG_FIGURE = re.compile(r"(?<![\w.,+-])\d{4,12}(?![\w%]|[.,]\d)")
SENTENCE = re.compile(r"[^.!?\n;]++(?:\.(?=\d)[^.!?\n;]*+)*+[.!?;]*+")
CLAUSE = re.compile(r"[,:](?!\d)|\s[-\u2013\u2014]\s")
_STREET = re.compile("|".join(STREETS), re.I)
_FRACTION = re.compile(r"[.,]\d{1,2}\Z")
_NO_DIGIT = re.compile(r"\D")
_WORD = re.compile(r"[^\W_]+")


class Named:
    """Facts that texts name. They are computed when needed, because most answers contain no commitment."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    @cached_property
    def _text(self) -> str:
        return seen("\n".join(self._texts))

    @cached_property
    def plain(self) -> str:
        return f" {plain(self._text)} "

    @cached_property
    def packed(self) -> str:
        return _packed(self._text)

    @cached_property
    def moments(self) -> frozenset[tuple[str, int]]:
        return frozenset(moment for _, moment in _moments(self._text))

    @cached_property
    def figures(self) -> frozenset[str]:
        words = self.plain.split()
        spelled = (NUMBERS[word] for word in words if word in NUMBERS)
        return frozenset((*filter(str.isdecimal, words), *spelled, *(value for _, value in _amounts(self._text))))

    @cached_property
    def statements(self) -> tuple[frozenset[str], ...]:
        """The words of each statement, without questions and negations."""
        said = (plain(each) for each in SENTENCE.findall(self._text) if "?" not in each)
        return tuple(frozenset(each.split()) for each in said if each and not NO.search(f" {each} "))

    def has_moment(self, moment: tuple[str, int]) -> bool:
        kind, value = moment
        return moment in self.moments or (kind == "hour" and value % 60 == 0 and str(value // 60) in self.figures)


def objections(answer: str, heard: Named, *owners: Named) -> tuple[Objection, ...]:
    """Return the commitments in `answer` that neither the conversation (`heard`) nor the owner (`owners`) has named.

    Takes linear time.
    """
    return tuple(dict.fromkeys(_found(seen(answer), heard, owners)))


def _found(answer: str, heard: Named, owners: Sequence[Named]) -> Iterator[Objection]:
    named = (heard, *owners)
    for passage, value in _amounts(answer):
        if not any(value in each.figures for each in named):
            yield objection(CommitmentKind.MONEY, passage)
    for passage, moment in _moments(answer):
        if not any(each.has_moment(moment) for each in named):
            yield objection(CommitmentKind.TIME, passage)
    facts = [found[0] for found in _CONTACT.finditer(answer)]
    facts += [figure for figure in _LONG_FIGURE.findall(answer) if _tells(figure)]
    streets = [found[0] for found in _STREET.finditer(answer)]
    for kind, passages in ((CommitmentKind.FACT, facts), (CommitmentKind.PLACE, streets)):
        for passage in passages:
            if not any(_packed(passage) in each.packed for each in named):
                yield objection(kind, passage)
    for sentence in SENTENCE.findall(answer):
        *others, last = CLAUSE.split(sentence.strip())
        for clause in others if last.endswith("?") else (*others, last):
            yield from _bound(clause.strip(), heard, owners)


def _tells(figure: str) -> bool:
    """Return whether a number is a fact. Round numbers are figures of speech, and years are known."""
    return not figure.endswith("00") and not 1900 <= int(figure) < 2100


def _bound(clause: str, heard: Named, owners: Sequence[Named]) -> Iterator[Objection]:
    for spelled in dict.fromkeys((plain(clause), skeleton(clause), unfigured(clause))):
        said = REASSURING.sub("", f" {spelled} ")
        if NO.search(said):
            continue
        for kind, rules in RULES.items():
            named = owners if kind in PROMISES else (heard, *owners)
            for rule in rules:
                found = rule.search(said)
                if found is not None and not any(f" {found[0].strip()} " in each.plain for each in named):
                    yield objection(CommitmentKind(kind), clause)
                    break


def _amounts(text: str) -> Iterator[tuple[str, str]]:
    for found in _AMOUNT.finditer(text):
        yield found[0], _value(found[1] or found[2])
    for found in _WORD_AMOUNT.finditer(text):
        if (value := NUMBERS.get(plain(found[1]))) is not None:
            yield found[0], value


def _value(figure: str) -> str:
    """Return an amount in one spelling: `1.000,50` and `1,000.50` are the same."""
    whole = _FRACTION.sub("", figure)
    fraction = figure[len(whole) + 1 :].rstrip("0")
    number = _NO_DIGIT.sub("", whole).lstrip("0") or "0"
    return f"{number}.{fraction}" if fraction else number


def _moments(text: str) -> Iterator[tuple[str, tuple[str, int]]]:
    for found in _CLOCK.finditer(text):
        hour = int(found[1] or found[6])
        if hour <= 24:
            # 8 o'clock may be morning or evening
            yield found[0], ("hour", hour % 12 * 60 + int(found[2] or found[7] or 0))
    for found in _BARE_HOUR.finditer(text):
        if int(found[1]) <= 24:
            yield found[0], ("hour", int(found[1]) % 12 * 60)
    for found in _DATE.finditer(text):
        one, other = sorted((int(found[1] or found[4]), int(found[2] or found[3] or found[5])))
        if one and one <= 12 and other <= 31:
            yield found[0], ("date", one * 100 + other)
    for found in _SPAN.finditer(text):
        figure = found[1] if found[1].isdigit() else NUMBERS.get(plain(found[1]))
        if figure is not None:
            yield found[0], ("span", int(figure))


def _packed(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def objection(kind: CommitmentKind, words: str) -> Objection:
    """Return an objection that quotes as much of `words` as the owner needs to see."""
    words = " ".join(words.split())
    return Objection(kind, words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}\u2026")
