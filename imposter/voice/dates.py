"""The dates and times in front of an exported chat's messages, of which no phone says in which order they stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

DATE = (
    r"(?P<a>\d{4}|\d{1,2})(?:(?P<dash>[./-])\s?|[\u5e74\ub144]\s?)"
    r"(?P<b>\d{1,2})(?:(?P=dash)\s?|[\u6708\uc6d4]\s?)"
    r"(?P<c>\d{4}|\d{1,2})[.\u65e5\uc77c]?"
)
"""Numbers with dots, strokes or dashes between them; 2021\u5e743\u670812\u65e5; 2021\ub144 3\uc6d4 12\uc77c."""
MORNING = (
    "am",
    "\u4e0a\u5348",
    "\u51cc\u6668",
    "\u65e9\u4e0a",
    "\uc624\uc804",
    "\u5348\u524d",
    "\u0635",
    "\u03c0\u03bc",
    "\u00f6\u00f6",
    "sa",
    "pg",
    "de",
    "\u0642.\u0638",
)
EVENING = (
    *(
        "pm",
        "\u4e0b\u5348",
        "\u665a\u4e0a",
        "\u4e2d\u5348",
        "\uc624\ud6c4",
        "\u5348\u5f8c",
        "\u0645",
        "\u03bc\u03bc",
        "\u00f6s",
        "ch",
        "ptg",
        "du",
    ),
    "\u0628.\u0638",
)
"""What stands beside an hour of twelve, without dots and blanks."""


def _spelled(mark: str) -> str:
    """With the dots and blanks that some languages put into it, as in `p. m.`"""
    if len(mark) == 2 and mark.isascii():
        return rf"{mark[0]}\.?\s?{mark[1]}\.?"
    return re.escape(mark)


HALF = "|".join(_spelled(mark) for mark in sorted({*MORNING, *EVENING}, key=len, reverse=True))
TIME = (
    rf"(?:(?P<before>{HALF})\s?)?(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.](?P<second>\d{{2}}))?"
    rf"(?:\s?(?P<behind>{HALF})(?!\w))?"
)
_DOTS = re.compile(r"[.\s]")
EARLIEST, LATEST = 2009, 2199
"""Years. WhatsApp began in 2009."""
BUDDHIST = 543
"""Years that Thailand is ahead."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """As it stands in the file."""

    numbers: tuple[int, int, int]
    dash: str
    hour: int
    minute: int
    second: int
    american: bool
    """Written as phones in the USA do: hours of twelve, and no zero before a number of the date."""


def stamp(found: re.Match[str]) -> Stamp | None:
    """What `DATE` and `TIME` matched; None where that is no time of day."""
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    half = (found["before"] or found["behind"] or "").casefold()
    mark = _DOTS.sub("", half) if half.isascii() else half
    if mark:
        if hour > 12:  # some phones put it behind hours of 24, too
            mark = ""
        elif mark in EVENING:
            hour = hour % 12 + 12
        elif mark in MORNING:
            hour %= 12
    if hour > 23 or minute > 59 or second > 59:
        return None
    numbers = (int(found["a"]), int(found["b"]), int(found["c"]))
    padded = "0" in (found["a"][0], found["b"][0])
    return Stamp(numbers, found["dash"] or "", hour, minute, second, bool(mark) and not padded)


Order = tuple[int, int, int]
"""Where year, month and day stand."""
DAY_FIRST: Order = (2, 1, 0)
MONTH_FIRST: Order = (2, 0, 1)
YEAR_FIRST: Order = (0, 1, 2)


def order_of(stamps: Sequence[Stamp]) -> Order:
    """The order that makes sense of the whole file: the most dates there are, in the fewest steps back, closest to
    each other; where both do, what most phones write that way.
    """
    if any(not stamp.dash or stamp.numbers[0] > 31 for stamp in stamps):
        return YEAR_FIRST
    if all(stamp.dash != "/" for stamp in stamps):  # with dots or dashes nobody puts the month first
        return min((DAY_FIRST, YEAR_FIRST), key=lambda order: _sense(stamps, order)[0])
    american = any(stamp.american for stamp in stamps)
    likely = (MONTH_FIRST, DAY_FIRST) if american else (DAY_FIRST, MONTH_FIRST)
    return min(likely, key=lambda order: _sense(stamps, order))


def _sense(stamps: Sequence[Stamp], order: Order) -> tuple[int, int, float]:
    """The smaller, the better."""
    found = [moment for moment in (moment_of(stamp, order) for stamp in stamps) if moment is not None]
    if not found:
        return len(stamps), 0, 0.0
    back = sum(later < earlier for earlier, later in pairwise(found))
    return len(stamps) - len(found), back, (max(found) - min(found)).total_seconds()


def moment_of(stamp: Stamp, order: Order) -> datetime | None:
    """Taken as UTC, for a file does not say in which time zone the phone was; None where there is no such day."""
    year, month, day = (stamp.numbers[place] for place in order)
    if year < 100:
        year += 2000
    elif year > LATEST:
        year -= BUDDHIST
    if not EARLIEST <= year <= LATEST:
        return None
    try:
        return datetime(year, month, day, stamp.hour, stamp.minute, stamp.second, tzinfo=UTC)
    except ValueError:
        return None
