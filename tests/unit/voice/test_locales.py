"""Headers as the locales of Unicode's CLDR write them: every one is read back."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from babel import Locale, localedata
from babel.dates import format_date, format_time

from imposter.voice.exports.whatsapp import chats
from imposter.voice.files import Text

pytestmark = pytest.mark.timeout(300)  # it goes through all locales there are
ROOT = Path(__file__).parents[3]
MOMENTS = [
    datetime(2024, 3, 12, 15, 5, 33, tzinfo=UTC),
    datetime(2024, 3, 13, 9, 7, 2, tzinfo=UTC),
    datetime(2024, 3, 28, 12, 30, 0, tzinfo=UTC),
    datetime(2024, 11, 28, 0, 12, 1, tzinfo=UTC),
    datetime(2024, 11, 28, 23, 59, 59, tzinfo=UTC),
]
IN_WORDS = ("la", "tok")
"""Latin has no short date in numbers alone, Toki Pona no numbers."""
FIRST_DIGITS = {
    "arab": 0x660, "arabext": 0x6F0, "beng": 0x9E6, "deva": 0x966, "mymr": 0x1040, "tibt": 0xF20, "adlm": 0x1E950,
    "nkoo": 0x7C0, "olck": 0x1C50, "cakm": 0x11136, "hmnp": 0x1E140, "rohg": 0x10D30, "mtei": 0xABF0,
}  # fmt: skip


@cache
def locales() -> dict[str, Locale]:
    """One of each that write alike."""
    found: dict[tuple[str, ...], str] = {}
    for identifier in sorted(localedata.locale_identifiers()):
        locale = Locale.parse(identifier)
        if locale.language not in IN_WORDS:
            patterns = [locale.date_formats["short"].pattern]
            patterns += [locale.time_formats[width].pattern for width in ("short", "medium")]
            names = [str(sorted(dict(widths["abbreviated"]).items())) for widths in [locale.day_periods["format"]]]
            found.setdefault((*patterns, *names, locale.default_numbering_system), identifier)
    return {identifier: Locale.parse(identifier) for identifier in found.values()}


def is_plausible(identifier: str, clock: str, locale: Locale) -> bool:
    """Whether a phone may be set so, and what it then writes can mean one thing only."""
    names = dict(dict(locale.day_periods["format"])["abbreviated"])
    if any(each.isdecimal() for name in names.values() for each in name):
        return False  # Anii numbers the halves of the day
    pattern = locale.datetime_skeletons["hms"].pattern if "hms" in locale.datetime_skeletons else ""
    if clock == "12" and not {"a", "b", "B"} & set(pattern):
        return False  # hours of twelve without saying of which half
    if clock == "12" and identifier == "bal_Latn":
        return False  # the same, of its short time
    if clock == "12" and locale.language == "gd":
        return False  # its m and f are another language's f and m
    return not (clock == "24" and locale.language == "oc")  # nothing between minute and second


def in_digits(text: str, locale: Locale) -> str:
    first = FIRST_DIGITS.get(locale.default_numbering_system)
    if first is None:
        return text
    return "".join(chr(first + int(each)) if each.isascii() and each.isdecimal() else each for each in text)


def headers(locale: Locale) -> Iterator[tuple[str, list[str]]]:
    """By the phone: what it writes before a message."""
    glued = str(locale.datetime_formats["short"])
    for clock, skeletons in (("own", ("", "")), ("12", ("hm", "hms")), ("24", ("Hm", "Hms"))):
        for phone, width, skeleton in (("android", "short", skeletons[0]), ("ios", "medium", skeletons[1])):
            if skeleton and skeleton not in locale.datetime_skeletons:
                continue
            if not is_plausible(str(locale), clock, locale):
                continue
            pattern = locale.datetime_skeletons[skeleton].pattern if skeleton else width
            lines = []
            for moment in MOMENTS:
                day = format_date(moment, "short", locale=locale)
                hour = format_time(moment, pattern, locale=locale)
                written = in_digits(glued.replace("{1}", day).replace("{0}", hour), locale)
                lines.append(f"[{written}] " if phone == "ios" else f"{written} - ")
            yield f"{phone}, {clock}", lines


def test_every_locales_headers_are_read_back() -> None:
    wrong = []
    for identifier, locale in locales().items():
        for phone, written in headers(locale):
            text = "\n".join(f"{header}{name}: hi" for header, name in zip(written, ["Mia", "Tom"] * 3, strict=False))
            read = chats(Text("", text))
            expected = MOMENTS if "ios" in phone else [moment.replace(second=0) for moment in MOMENTS]
            if not read or [line.at for line in read[0].lines] != expected:
                wrong.append(f"{identifier} {phone}: {written[0]!r}")
    assert len(locales()) > 150
    assert not wrong, "\n".join(wrong)


GLUES = (", ", " ", "\u060c ")


@pytest.mark.parametrize("glue", GLUES)
def test_whatever_a_phone_puts_between_date_and_time(glue: str) -> None:
    """Apps do not put them together as CLDR does."""
    wrong = []
    for identifier, locale in locales().items():
        for width in ("short", "medium"):
            days = [format_date(moment, "short", locale=locale) for moment in MOMENTS]
            hours = [format_time(moment, width, locale=locale) for moment in MOMENTS]
            if not is_plausible(identifier, "own", locale):
                continue
            lines = [f"[{day}{glue}{hour}] Mia: hi" for day, hour in zip(days, hours, strict=True)]
            read = chats(Text("", "\n".join(lines)))
            expected = MOMENTS if width == "medium" else [moment.replace(second=0) for moment in MOMENTS]
            if not read or [line.at for line in read[0].lines] != expected:
                wrong.append(f"{identifier}: {lines[0]!r}")
    assert not wrong, "\n".join(wrong)


def test_the_table_is_what_the_script_makes() -> None:
    made = subprocess.run(
        [sys.executable, "script/locales", "--print"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert made.stdout == (ROOT / "imposter/voice/locales.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (
            "[\u06f1\u06f4\u06f0\u06f2/\u06f1\u06f2/\u06f2\u06f2, \u06f1\u06f5:\u06f0\u06f5:\u06f3\u06f3] ",
            (2024, 3, 12),
        ),
        ("1403/1/1, 15:05 - ", (2024, 3, 20)),
        ("1399/12/30, 15:05 - ", (2021, 3, 20)),
        ("[1402/7/1 15:05:33] ", (2023, 9, 23)),
        ("12/3/2567, 15:05 - ", (2024, 3, 12)),
        ("[12/3/67 15:05:33] ", (2024, 3, 12)),
        ("12/3/2567 BE, 15:05 - ", (2024, 3, 12)),
        ("113/3/12 \u4e0b\u53483:05 - ", (2024, 3, 12)),
        ("[R6/03/12 15:05:33] ", (2024, 3, 12)),
        ("1/9/1445 AH, 15:05 - ", (2024, 3, 11)),
        ("15:05, 12/3/2024 - ", (2024, 3, 12)),
    ],
)
def test_other_calendars_are_told_by_the_year(written: str, day: tuple[int, int, int]) -> None:
    [export] = chats(Text("", f"{written}Mia: hi\n{written}Tom: hi"))
    assert {line.at.date() for line in export.lines} == {datetime(*day, tzinfo=UTC).date()}
    assert {(line.at.hour, line.at.minute) for line in export.lines} == {(15, 5)}
