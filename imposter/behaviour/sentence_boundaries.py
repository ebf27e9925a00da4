"""Positions at which a text can be split into messages: the ends of paragraphs, lines and sentences.

The rules prefer to miss a sentence's end over finding a wrong one: a missed end makes a longer message, a wrong one
splits a sentence. They work without knowing the language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

LINE_END = re.compile(r"(?<!\s)(?:[^\S\n]*\n)+")
"""The end of a line, with the empty lines after it, which make it the end of a paragraph."""
EMOJI = (
    "\u200d\u203c\u2049\u20e3\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
SMILEY = r"(?:[:;]['-]?[()DPpO3*/|]+|<3+|\^\^|[xX]D+)(?!\w)"
TERMINATORS = ".!?\u2026\u061f\u06d4\u0964\u0965\u104b\u1362\u17d4"
"""Latin, Greek, Cyrillic, Arabic, Urdu, Hindi, Burmese, Amharic, Khmer."""
CLOSING = "[\"'\u2019\u201d\u201c\u00bb\u203a)\\]}*_~]"
SPACED_END = re.compile(
    rf"(?<![{TERMINATORS}])(?P<end>[{TERMINATORS}]++)(?P<closing>{CLOSING}*+)"
    rf"(?:[^\S\n]*[{EMOJI}]|[^\S\n]+{SMILEY})*[^\S\n]++(?!\n)"
)
UNSPACED_END = re.compile(
    r"(?<![\u3002\uff01\uff1f\uff61])[\u3002\uff01\uff1f\uff61]++"
    rf"(?:[^\S\n]|[{EMOJI}])*+(?![\n\u300d\u300f\u3011\uff09\u201d])"
)
"""The end of a Chinese or Japanese sentence. The sentence continues after a quotation, so its end does not count."""

LIST_ITEM = re.compile(
    r"(?<![^\S\n])[^\S\n]*+(?:(?:[-*+\u2022\u00b7\u25aa\u25e6\u2023\u2013\u2014\u2192\u25b6\u2705\u2611\u2714\U0001f449\U0001f538\U0001f539]\ufe0f?"
    r"|\d{1,3}[.)\uff0e]|[a-zA-Z][.)])[^\S\n]+|\d{1,3}\u3001)\S"
)
WHOLE = re.compile(
    r"(?s:```.*?(?:```|\Z))"
    r"|`[^`\n]{1,300}`"
    r"|(?:https?://|www\.)[!-~]+"
    r"|\([^()\n]{1,300}\)"
    "|\u201e[^\u201c\u201d\u201e\n]{1,300}[\u201c\u201d]|\u201c[^\u201c\u201d\n]{1,300}\u201d"
    "|\u00ab[^\u00ab\u00bb\n]{1,300}\u00bb|\u300c[^\u300c\u300d\n]{1,300}\u300d|\uff08[^\uff08\uff09\n]{1,300}\uff09"
    r'|"[^"\n]{1,300}"'
    r"|(?<!\w)(?P<mark>[*_~])(?=\S)[^\n]{1,300}?(?<=\S)(?P=mark)(?!\w)"
)
"""Text that is never split: code, URLs, text in brackets or quotation marks, and bold or italic text."""

_ABBREVIATIONS = """
    abs abt adr al anm approx art aufl av bd betr bijv bl bsp bzgl bzw ca cf co corp dept dhr dipl dott dr ecc enz
    est etc evtl exkl fig figs ggf godz hr hrn inc inkl itd itp jr kap lic lt ltd max mevr min mio mlle mme mr mrd mrs
    ms mt mwst np nr num ord p\u00e1g pag pkt pp prof rd resp sec sig sog sr sra srta st stk str std tel tys tzn ud uds
    ul usf usw vgl vol vs zzgl \u00f6rn
    jan feb febr m\u00e4r apr jun jul aug sep sept okt oct nov dez dec
    \u0433\u0433 \u0434\u0440 \u0438\u043c \u043c\u043b\u043d \u043c\u043b\u0440\u0434 \u043f\u0440
    \u0440\u0443\u0431 \u0441\u043c \u0441\u0442\u0440 \u0442\u044b\u0441 \u0443\u043b
"""
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
LAST_WORD = re.compile(r"[^\s(\[\"'\u201e\u201c\u00ab]{1,40}\Z")
NEXT_LETTER = re.compile(r"[\W_]{0,8}(\w)")


RULES = "-\u2013\u2014*_=~ \t\r\n\f\v"
"""Characters of a line between two paragraphs, which is not a message of its own."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A position `at` where the text can be split, after the whitespace there."""

    at: int
    is_paragraph: bool


def seams(text: str) -> list[Boundary]:
    """Return the positions where `text` can be split, in order, without its start and end."""
    lines = {match.end(): match[0].count("\n") > 1 for match in LINE_END.finditer(text)}
    wholes = sorted([*_lists(text), *_runs(text), *(match.span() for match in WHOLE.finditer(text))], reverse=True)
    found: list[Boundary] = []
    says_something = False
    before = reach = 0
    for at in sorted({*lines, *_sentence_ends(text)}):
        while wholes and wholes[-1][0] < at:
            reach = max(reach, wholes.pop()[1])
        says_something = says_something or bool(text[before:at].strip(RULES))
        before = at
        if reach <= at < len(text) and says_something and not _introduces(text, at):
            found.append(Boundary(at, lines.get(at, False)))
            says_something = False
    if found and not text[found[-1].at :].strip(RULES):
        found.pop()
    return found


def _introduces(text: str, at: int) -> bool:
    return text[max(0, at - 200) : at].rstrip().endswith((":", "\uff1a"))


def _lists(text: str) -> Iterator[tuple[int, int]]:
    """Iterate over the spans of lists: items, their indented lines, and the blank lines between them."""
    begin: int | None = None
    end = at = 0
    for line in text.splitlines(keepends=True):
        blank, inside = not line.strip(), begin is not None
        if LIST_ITEM.match(line) or (inside and not blank and line[0] in " \t"):
            begin = at if begin is None else begin
            end = at + len(line)
        elif begin is not None and not blank:
            yield begin, end
            begin = None
        at += len(line)
    if begin is not None:
        yield begin, end


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Iterate over the spans of quotes and tables: consecutive lines of the same kind."""
    at = 0
    for kind, lines in groupby(text.splitlines(keepends=True), _kind):
        end = at + sum(map(len, lines))
        if kind:
            yield at, end
        at = end


def _kind(line: str) -> str:
    """Return `>` for a line of a quote, `|` for a table row, and an empty string for any other line."""
    bare = line.strip()
    return ">" if bare.startswith(">") else "|" if " | " in bare else ""


def _sentence_ends(text: str) -> Iterator[int]:
    yield from (match.end() for match in UNSPACED_END.finditer(text))
    small = text == text.lower()  # a text without capitals also begins its sentences without them
    for match in SPACED_END.finditer(text):
        if _ends_sentence(text, match, small):
            yield match.end()


def _ends_sentence(text: str, match: re.Match[str], small: bool) -> bool:
    ahead = NEXT_LETTER.match(text, match.end())
    still_in_trouble = ahead is not None and ahead[1].islower() and not small
    if match["end"] != ".":
        return not (still_in_trouble and (match["closing"] or match["end"][-1] in ".\u2026"))
    word = LAST_WORD.search(text, max(0, match.start() - 40), match.start())
    return not still_in_trouble and (word is None or not _is_short(word[0]))


def _is_short(word: str) -> bool:
    """Return whether a full stop after `word` belongs to it: z.B., 3. May, J. Smith, 10.30."""
    letters = word.strip("*_~")
    return (
        "." in letters
        or (len(letters) == 1 and letters.isalpha())
        or (letters.isdecimal() and len(letters) <= 2)
        or letters.casefold() in ABBREVIATIONS
    )
