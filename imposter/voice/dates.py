"""The dates and times in front of an exported chat's messages, of which no phone says in which order they stand.

How they are written is taken from Unicode's CLDR, as phones take it: `locales.json` holds what its locales put around
the numbers, and `script/locales` makes it. It is a file, for Babel, which carries CLDR, unpacks to 30 MB and takes
seconds to go through all locales, for a process that lives for one import.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from imposter.voice.calendars import day_of_calendar
from imposter.voice.system_messages import BIDI

_LOCALES: Mapping[str, Any] = json.loads(Path(__file__).with_name("locales.json").read_text("utf-8"))
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t]")
_DIGITS = re.compile(r"(?![0-9])\d")
_UNTOLD = re.compile("[\\s.,:\u060c\u055d\u00b7'\u2019\u02bc()]+")


def plain(text: str) -> str:
    """Without marks of direction, with plain blanks and digits; else character by character the same."""
    if text.isascii():
        return text.replace("\t", " ")
    return _DIGITS.sub(lambda digit: str(int(digit[0])), _BLANKS.sub(" ", BIDI.sub("", text)))


def _squashed(text: str) -> str:
    """As such texts are compared: without dots, commas and blanks, which are put differently."""
    return _UNTOLD.sub("", plain(text)).casefold()


_ERAS = {"r": 2018, "\u4ee4\u548c": 2018, "h": 1988, "\u5e73\u6210": 1988, "\u6c11\u570b": 1911, "\u6c11\u56fd": 1911}
"""Before a year: what it is counted from."""
_BEHIND_YEARS = {"be", "ad", "ce", "ap", "ah", "\u0e1e\u0e28", "\u0e04\u0e28", "\u0647\u0640", "\u0647", "\u0647\u0634"}
_MORE_BETWEEN = ("", "um", "klo", "kl", "\u00e0s", "\u00e0", "a las", "alle", "o", "u", "at", "den", "T")
_KOREAN = ("\ub144", "\uc6d4", "\uc77c")
"""As older phones wrote it: 2021\ub144 3\uc6d4 12\uc77c."""
_SHAPES: Mapping[str, Sequence[str]] = _LOCALES["dates"]
_DATE_TEXTS = {tuple(text.strip() for text in shape.split("|")) for shape in _SHAPES}
_FIRST = frozenset(_squashed(texts[0]) for texts in _DATE_TEXTS) | {*_ERAS}
_INSIDE = frozenset(text for texts in _DATE_TEXTS for text in texts[1:3]) | {".", "/", "-", *_KOREAN[:2]}
_BEHIND = frozenset(_squashed(texts[3]) for texts in _DATE_TEXTS) | {"", _KOREAN[2]}
_BETWEEN = frozenset(_squashed(text) for text in (*_LOCALES["between"], *_MORE_BETWEEN)) | _BEHIND_YEARS
_LEADS = frozenset(behind + between for behind in _BEHIND for between in _BETWEEN)
_HOUR_MINUTE = frozenset((*_LOCALES["hour_minute"], ":", "."))
_SECONDS = "|".join(re.escape(text) for text in sorted({*_LOCALES["minute_second"], ":", "."}, key=len, reverse=True))
_BESIDE = frozenset(map(_squashed, _LOCALES["beside_time"])) | {"uhr", ""}


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the day that stands beside an hour of twelve."""

    lasts: tuple[tuple[int, int], ...] = ()
    """From which minute of the day to which, by the languages that have the word."""
    first: str = ""
    """What comes first in these languages' dates: d, M or y."""


def _periods() -> dict[str, Period]:
    lasts: dict[str, set[tuple[int, int]]] = {}
    first: dict[str, set[str]] = {}
    for name, about in _LOCALES["periods"].items():
        lasts.setdefault(_squashed(name), set()).update((begin, end) for begin, end in about["lasts"])
        first.setdefault(_squashed(name), set()).update(about["first"])
    found = {name: Period(tuple(sorted(lasts[name])), "".join(sorted(first[name]))) for name in lasts if name}
    return {"": Period(), **found}


_PERIODS = _periods()
_HALVES = tuple((_squashed(early), _squashed(late)) for early, late in _LOCALES["halves"])
"""Of languages in which a word stands for one half of the day that stands for the other one elsewhere."""
_EARLY, _LATE = ((0, 720),), ((720, 1440),)
_DATE = r"(?P<a>\d{1,4})(?P<ab>[^\d\[\]\n]{1,6})(?P<b>\d{1,2})(?P<bc>[^\d\[\]\n]{1,6})(?P<c>\d{1,4})"
_TIME = (
    r"(?P<hour>\d{1,2})(?P<hm>[^\d\[\]\n]{1,12})(?P<minute>\d{1,2})"
    rf"(?:\s?(?:{_SECONDS})\s?(?P<second>\d{{1,2}})(?!\d))?"
)
_BEGIN, _END = r"(?P<open>\[)?", r"(?P<tail>[^\d\[\]\n]{0,30}?)(?(open)\]|\s?(?P<close>[-\u2013:]))\s(?P<rest>.*)\Z"
_MIDDLE = r"(?P<middle>[^\d\[\]\n]{1,40})"
_DATE_FIRST = re.compile(rf"{_BEGIN}(?P<lead>[^\d\[\]\n]{{0,8}}){_DATE}{_MIDDLE}{_TIME}{_END}", re.DOTALL)
_TIME_FIRST = re.compile(rf"{_BEGIN}(?P<lead>[^\d\[\]\n]{{0,12}}){_TIME}{_MIDDLE}{_DATE}{_END}", re.DOTALL)
_DASH = re.compile("[-\u2013]")
_BRACKETED = re.compile(r"\[([^\[\]\n]{8,110})\] ?[^\n:]{1,60}: ")
_DASHED = re.compile(r"([^\n:]{4,40}:\d\d[^\n:]{0,20}|[^\n:]{8,60}) [-\u2013] ?[^\n:]{1,60}: ")
"""What has a name where a message has one, and before it what may be a date and a time."""
_HALF = re.compile(
    r"\[?\d{1,4}[./\-\u5e74\ub144 ]{1,3}\d{1,2}[./\-\u6708\uc6d4 ]{1,3}\d{1,4}"
    r"[^\d\n]{1,12}\d{1,2}[:.h]\d\d(?:[:.]\d\d)?[^\n:]{1,60}: "
)
"""What begins with a whole date and a time."""
_CLOCK_TIME = re.compile(r"(?<!\d)\d{1,2}[:.]\d\d(?!\d)")
_TWO_NUMBERS = re.compile(r"[^\d\n]{0,12}\d{1,4}[^\d\n:]{1,15}\d{1,4}\D")


def _like_one(line: str) -> tuple[bool, str] | None:
    """Bracketed or not, and what ends it, of what has a date, a time and a name, in whatever spelling."""
    found = _BRACKETED.match(line) if line.startswith("[") else _DASHED.match(line)
    if found and _CLOCK_TIME.search(found[1]) and _TWO_NUMBERS.match(found[1]):
        return (True, "]") if line.startswith("[") else (False, "-")
    return (line.startswith("["), "") if _HALF.match(line) else None


@dataclass(frozen=True, slots=True)
class Stamp:
    """As it stands in the file."""

    numbers: tuple[int, int, int]
    shape: str
    """What stands around the numbers."""
    hour: int
    minute: int
    second: int
    half: str
    """What stands beside an hour of twelve; empty where nothing does."""
    american: bool
    """Written as phones in the USA do: hours of twelve, and no zero before a number of the date."""


Style = tuple[bool, str, str, bool]
"""Of a header: bracketed, what ends it (nothing known where empty), what is between the date's numbers, with seconds. A
file has one of its own.
"""


@dataclass(frozen=True, slots=True)
class Header:
    """`stamp` is None where it is like a date and a time, but no language is known that writes it so."""

    stamp: Stamp | None
    style: Style
    rest: str


def header_of(line: str) -> Header | None:
    """What stands before a message, of a line as `plain` gives it; None where it is no such line."""
    found, stamp = _DATE_FIRST.match(line), None
    if found:
        stamp = _stamp(found, _half_of(found["middle"], found["tail"]))
    if stamp is None and (other := _TIME_FIRST.match(line)):
        stamp = _stamp(other, _half_between(other["lead"], other["middle"], other["tail"]))
        found = other if stamp else found
    if found:
        close = "" if stamp is None and _DASH.search(found["tail"]) else found["close"] or "]"
        style = (bool(found["open"]), close, found["ab"].strip(), found["second"] is not None)
        return Header(stamp, style, found["rest"])
    if like := _like_one(line):
        return Header(None, (*like, "", False), "")
    return None


def _stamp(found: re.Match[str], half: str | None) -> Stamp | None:
    ab, bc = found["ab"].strip(), found["bc"].strip()
    lead = _squashed(found["lead"])
    if half is None or ab not in _INSIDE or bc not in _INSIDE or found["hm"].strip() not in _HOUR_MINUTE:
        return None
    if lead not in _FIRST and found.re is _DATE_FIRST:
        return None
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    a, b, c = int(found["a"]), int(found["b"]), int(found["c"])
    if lead in _ERAS and found.re is _DATE_FIRST:
        a += _ERAS[lead]
    padded = "0" in (found["a"][0], found["b"][0])
    shape = f"{found['ab']}|{found['bc']}"
    return Stamp((a, b, c), shape, hour, minute, second, half, bool(half) and hour <= 12 and not padded)


@lru_cache(maxsize=4096)
def _half_of(middle: str, tail: str) -> str | None:
    """By what stands between date and time, and behind the time; None where no language writes that there."""
    text, behind = _squashed(middle), _beside(_squashed(tail))
    if text in _BEHIND_YEARS:
        return behind
    ends = (0, *range(len(text), 0, -1))  # a mark that is all of it, else as little of it as a mark
    found = (_beside(text[end:]) for end in ends if text[:end] in _LEADS)
    before = next((half for half in found if half is not None), None)
    return None if before is None or behind is None else before or behind


@lru_cache(maxsize=4096)
def _half_between(lead: str, middle: str, tail: str) -> str | None:
    """The same where the time comes first."""
    if _squashed(tail) not in _BEHIND:
        return None
    before, text = _beside(_squashed(lead)), _squashed(middle)
    ends = (_beside(text[:end]) for end in range(len(text), -1, -1) if text[end:] in _BETWEEN)
    behind = next((half for half in ends if half is not None), None)
    return None if before is None or behind is None else before or behind


def _beside(text: str) -> str | None:
    """Which part of the day is named, empty for none; None where it is something else."""
    if text in _PERIODS:
        return text
    for each in _BESIDE:
        for rest in (text.removeprefix(each), text.removesuffix(each)):
            if rest != text and rest in _PERIODS:
                return rest
    return None


Order = str
"""Of a date's numbers."""
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "dMy", "Mdy", "yMd"


def order_of(stamps: Sequence[Stamp]) -> Order:
    """The order that makes sense of the whole file: in which the most dates follow one another, that the language has,
    and in which they are closest to each other; where several do, what most phones write that way.
    """
    runs = [numbers for numbers, _ in groupby(stamp.numbers for stamp in stamps)]
    [(shape, _)] = Counter(stamp.shape for stamp in stamps).most_common(1)
    [(half, _)] = Counter(stamp.half for stamp in stamps).most_common(1)
    american = any(stamp.american for stamp in stamps)
    likely = (MONTH_FIRST, DAY_FIRST, YEAR_FIRST) if american else (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)
    return min(likely, key=lambda order: _sense(runs, order, _strangeness(order, shape, _PERIODS[half].first, runs[0])))


def _strangeness(order: Order, shape: str, first: str, numbers: tuple[int, int, int]) -> int:
    """How little the languages know it that write a date in this shape, and a part of the day."""
    orders = {each for key, found in _SHAPES.items() if key.split("|")[1:3] == shape.split("|") for each in found}
    wanted = "yyMd" if order == YEAR_FIRST and max(numbers) < 100 else order
    known = wanted in orders or (order != YEAR_FIRST and order in {each.replace("yy", "y") for each in orders})
    return (not known) + bool(first and order[0] not in first)


def _sense(runs: Sequence[tuple[int, int, int]], order: Order, strangeness: int) -> tuple[int, int, int, int]:
    """The smaller, the better."""
    found = [day_of(numbers, order) for numbers in runs]
    days = [day.toordinal() for day in found if day is not None]
    if not days:
        return len(runs), strangeness, 0, len(runs)
    kept = in_order(days)
    return len(runs) - len(kept), strangeness, days[kept[-1]] - days[kept[0]], len(runs) - len(days)


def in_order(moments: Sequence[float], weights: Sequence[int] = ()) -> list[int]:
    """The places of the moments that together weigh most of which each is no earlier than the one before; of two as
    heavy the earlier. Without weights all weigh the same.
    """
    if all(earlier <= later for earlier, later in pairwise(moments)):
        return list(range(len(moments)))
    ranks = {moment: rank for rank, moment in enumerate(sorted(set(moments), reverse=True), 1)}
    heaviest = [(0, -1)] * (len(ranks) + 1)  # a Fenwick tree of the weight and the place of the best from there on
    after = [-1] * len(moments)
    best = (0, -1)
    for place in range(len(moments) - 1, -1, -1):
        rank = ranks[moments[place]]
        found, step = (0, -1), rank
        while step:
            found = max(found, heaviest[step], key=_weight)
            step &= step - 1
        after[place] = found[1]
        chain = (found[0] + (weights[place] if weights else 1), place)
        best = max(chain, best, key=_weight)
        while rank <= len(ranks):
            heaviest[rank] = max(chain, heaviest[rank], key=_weight)
            rank += rank & -rank
    kept, place = [], best[1]
    while place >= 0:
        kept.append(place)
        place = after[place]
    return kept


def _weight(chain: tuple[int, int]) -> int:
    return chain[0]


Clock = Mapping[str, Period]
"""What stands beside an hour of twelve in a file, and what it means there."""


def clock_of(stamps: Sequence[Stamp]) -> Clock:
    """What the parts of the day are in the file's language: a few words mean one half of it here, the other there."""
    found = {half: _PERIODS[half] for half in {stamp.half for stamp in stamps}}
    if len([half for half in found if half]) == 1:  # the same before every time: `a`, `de` and such are no half, then
        found = {half: Period() if half in _BETWEEN else period for half, period in found.items()}
    for half in [half for half, period in found.items() if period.lasts]:
        pairs = [pair for pair in _HALVES if half in pair]
        both = [pair for pair in pairs if pair[0] in found and pair[1] in found]
        for early, _ in (both or pairs)[:1]:
            found[half] = replace(found[half], lasts=_EARLY if half == early else _LATE)
    return found


def moment_of(stamp: Stamp, order: Order, clock: Clock) -> datetime | None:
    """Taken as UTC, for a file does not say in which time zone the phone was; None where there is no such day."""
    day = day_of(stamp.numbers, order)
    if day is None:
        return None
    hour = _hour(stamp.hour, stamp.minute, clock[stamp.half])
    return datetime.combine(day, time(hour, stamp.minute, stamp.second), UTC)


def _hour(hour: int, minute: int, period: Period) -> int:
    """Of 24. Some phones put the part of the day beside hours of 24, too."""
    if not period.lasts or hour > 12:
        return hour
    early, late = hour % 12, hour % 12 + 12
    return late if _fit(late, minute, period) > _fit(early, minute, period) else early


def _fit(hour: int, minute: int, period: Period) -> tuple[int, int]:
    """How many languages mean this hour by it, and how near it is to what they mean."""
    moment = hour * 60 + minute
    inside = sum(begin <= moment < end if begin < end else not end <= moment < begin for begin, end in period.lasts)
    return inside, -min((moment - begin) % 1440 for begin, _ in period.lasts)


@lru_cache(maxsize=16384)
def day_of(numbers: tuple[int, int, int], order: Order) -> date | None:
    """The day; None where there is no such day since WhatsApp began, in any calendar."""
    year, month, day = (numbers[order.index(each)] for each in "yMd")
    return day_of_calendar(year, month, day)
