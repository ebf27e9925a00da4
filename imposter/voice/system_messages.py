"""What stands in an exported WhatsApp chat and nobody typed: notices, placeholders for media, marks of the app's own.

Rules that need no language come first: on iOS all of it begins with a left-to-right mark, on Android a placeholder is a
line in angle brackets and an attachment a file's name with a remark. Then come the app's own wordings, which only count
as a whole line. What a file itself shows to be the app's (`learned`) is known in it also where the mark is missing.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from imposter.voice.media_wordings import ATTACHED, EDITED, GROUPS, OMITTED, WAITING
from imposter.voice.wordings import CALLS, DELETED, LIVE_LOCATIONS


class Kind(StrEnum):
    """What a line of a chat is."""

    TEXT = "text"
    MEDIA = "media"
    LOCATION = "location"
    CALL = "call"
    POLL = "poll"
    DELETED = "deleted"
    OTHER = "other"
    """The app's own words that no wording says more of, and what an app shows in its own way."""
    NOTICE = "notice"
    """Said by nobody."""
    QUOTED = "quoted"
    """Pasted from elsewhere: a line like a message, of somebody who is not in this chat or of another time."""
    FORWARDED = "forwarded"


LRM = "\u200e"
BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
LONGEST = 160
"""Characters of a wording."""
MOST_TYPED = 2
"""How often a remark in angle brackets may stand behind texts and somebody may have typed it."""
_EXTENSIONS = (
    r"(?:pdf|docx?|xlsx?|pptx?|txt|rtf|odt|ods|jpe?g|png|webp|gif|heic|heif|tiff?|bmp|svg|mp4|mov|3gp|avi|mkv|webm|"
    r"mp3|opus|ogg|oga|m4a|aac|amr|wav|vcf|zip|rar|7z|csv|apk|json|html?|epub|ics)"
)
PLACEHOLDER = re.compile(r"[<\uff1c][^<>\n]{2,80}[>\uff1e]")
FILE = re.compile(rf"\A[^\n]{{1,160}}\.{_EXTENSIONS}", re.IGNORECASE)
ATTACHMENT = re.compile(
    rf"\A[^\n]{{1,160}}\.{_EXTENSIONS} ?(?:[(\uff08][^()\n\uff09]{{2,60}}[)\uff09]|<[^<>\n]{{2,60}}>)", re.IGNORECASE
)
REMARK = re.compile(
    r"\A[^\n]{1,160}\.\w{1,8} ?(?:[(\uff08](?P<round>[^()\n\uff09]{2,60})[)\uff09]|<(?P<angle>[^<>\n]{2,60})>)"
)
OWN_FILE = re.compile(
    r"\A(?:(?:IMG|VID|PTT|AUD|STK|DOC|PHOTO|VIDEO|AUDIO|GIF|STICKER)-\d{8}-WA\d{4}\.\w{2,5}"
    r"|\d{8}-(?:PHOTO|VIDEO|AUDIO|GIF|STICKER|CONTACT)-[\d-]{10,30}\.\w{2,5}"
    r"|\d{4}-\d\d-\d\d-(?:PHOTO|VIDEO|AUDIO|GIF|STICKER)-\d{8}\.\w{2,5})",
    re.IGNORECASE,
)
"""As WhatsApp names what it stores."""
_PLACES = r"https?://(?:maps\.google\.com|maps\.apple\.com|www\.google\.com/maps|goo\.gl/maps|maps\.app\.goo\.gl)"
PLACE = re.compile(
    rf"\A(?:[^\n:]{{1,40}}: ?)?{_PLACES}\S*|\A[^\n]{{1,160}}: https?://(?:[\w-]{{1,20}}\.)?foursquare\.com/\S*"
)
PLACE_WITH_NAME = re.compile(rf"\A(?:[^\n]{{0,120}}\n){{1,4}}(?:[^\n:]{{1,40}}: ?)?{_PLACES}/?\?(?:q|ll)=-?\d\S*")
POLL = re.compile(r"\A[^\W\d_]{3,16}:\n(?s:.*)\n[^\W\d_]{3,16}: [^\n]*\(\d+ [^()\n]+\)(?s:.*)")
EDIT_MARK = re.compile(
    r"<[^<>\n]{0,40}(?:edited|bearbeitet|edit\u00f3|editad|modifi|bewerkt|d\u00fczenlendi|\u0438\u0437\u043c\u0435\u043d|"
    r"\u043e\u0442\u0440\u0435\u0434\u0430\u043a\u0442|edytowan|upraven|redig|muokat|szerkeszt|diedit)[^<>\n]{0,40}>\Z",
    re.IGNORECASE,
)
TAIL = re.compile(r"[<\uff1c]([^<>\n]{2,80})[>\uff1e]\Z")
_ANGLES = "<>\uff1c\uff1e"
_APOSTROPHES = re.compile("[\u2018\u2019\u02bb\u02bc\u00b4]")
_ENDS = " .\u3002\u0964\u06d4!\u2026:\n"


def wording(text: str) -> str:
    """As wordings are compared: letters' case, their way of being stored and the full stop do not matter."""
    if not text.isascii():
        text = _APOSTROPHES.sub("'", unicodedata.normalize("NFC", text))
    return " ".join(text.casefold().split()).strip(_ENDS)


def _each(table: Mapping[str, str]) -> Iterable[str]:
    return (wording(phrase) for phrases in table.values() for phrase in phrases.split("|"))


_TABLES = ((Kind.DELETED, DELETED), (Kind.CALL, CALLS), (Kind.LOCATION, LIVE_LOCATIONS), (Kind.MEDIA, OMITTED))
_KINDS = {phrase: kind for kind, table in _TABLES for phrase in _each(table) if "{}" not in phrase}
_KINDS |= dict.fromkeys(_each(WAITING), Kind.OTHER)
_WAITING = tuple(f"{phrase}. " for phrase in _each(WAITING) if " " in phrase)
_AROUND_NAMES = tuple(tuple(phrase.split("{}")) for phrase in _each(DELETED) if "{}" in phrase)
_BEFORE_NAMES = tuple(begin for begin, _ in _AROUND_NAMES)
_REMARKS = frozenset(_each(ATTACHED))
_EDITED = frozenset(_each(EDITED))
_GROUPS = re.compile("|".join(map(re.escape, _each(GROUPS))))


def typed(body: str) -> str:
    """What of a message its sender typed; empty where that is nothing."""
    return classified(body)[1]


def classified(body: str, seen: Collection[str] = ()) -> tuple[Kind, str]:
    """What a message is, and what of it its sender typed. `seen`: wordings that the file showed to be the app's."""
    kind, text = _without_shown(body)
    text = _unmarked(text.strip(), seen)
    first, _, rest = text.partition("\n")
    if _stands_for_media(first):
        kind, text = known(first.strip(_ANGLES)) or Kind.MEDIA, rest.strip()
        if FILE.fullmatch(text):  # Android repeats a document's name
            return kind, ""
    if not text:
        return kind, ""
    if named := known(text):
        return named, ""
    return (Kind.OTHER, "") if seen and len(text) <= LONGEST and wording(text) in seen else (Kind.TEXT, text)


def _without_shown(body: str) -> tuple[Kind, str]:
    """What is left without what the app says behind its mark, and what it is where nothing is left."""
    if LRM not in body:
        return Kind.OTHER, BIDI.sub("", body)
    shown = _shown(body)
    if shown and not shown.startswith("<"):
        return known(shown) or (Kind.MEDIA if "\u2022" in shown or "<" in shown else Kind.OTHER), ""
    lines = []
    for line in body.split("\n"):
        own, mark, behind = line.partition(LRM)
        own, behind = BIDI.sub("", own).strip(), BIDI.sub("", behind).strip()
        if not mark:
            lines.append(own)
        elif own.endswith(("<", "\uff1c")):  # older ones have it inside the brackets
            lines.append(BIDI.sub("", line))
        elif own and not own.endswith("\u2022"):
            remark = behind.startswith("<") or known(behind) is not None
            lines.append(own if remark else BIDI.sub("", line))
    return Kind.MEDIA, "\n".join(lines)


def _shown(body: str) -> str:
    """What the app says itself, where its mark is the first thing; else empty."""
    own, mark, behind = body.partition(LRM)
    own = BIDI.sub("", own).strip()
    if not mark or (own and not own.endswith("\u2022")):  # "report.pdf \u2022", and behind the mark its pages
        return ""
    behind = BIDI.sub("", behind).strip()
    return f"{own} {behind}".strip() if behind else ""


def learned(bodies: Iterable[str]) -> frozenset[str]:
    """The wordings that the file shows to be the app's own: all of a line behind its mark, or a remark behind texts."""
    found = set()
    tails: Counter[str] = Counter()
    for body in bodies:
        marked = LRM in body
        if marked and (shown := _shown(body)) and len(shown) <= LONGEST and " " in shown and "\u2022" not in shown:
            found.add(wording(shown.strip(_ANGLES)))
        elif body.endswith((">", "\uff1e")) and (tail := TAIL.search(BIDI.sub("", body[-LONGEST:]))) and tail.start():
            tails[wording(tail[1])] += MOST_TYPED + 1 if f"{LRM}<" in body else 1
    often = {tail for tail, count in tails.items() if count > MOST_TYPED and (" " in tail or not tail.isascii())}
    return frozenset(found | often)


def known(text: str) -> Kind | None:
    """Which of the app's own wordings or forms all of the text is; None: it may be somebody's."""
    if len(text) <= LONGEST:
        plain = wording(text.strip(_ANGLES))
        if kind := _KINDS.get(plain):
            return kind
        if plain.startswith(_BEFORE_NAMES) and any(
            plain.startswith(begin) and plain.endswith(end) for begin, end in _AROUND_NAMES
        ):
            return Kind.DELETED
        if plain.startswith(_WAITING):
            return Kind.OTHER
    if OWN_FILE.fullmatch(text):
        return Kind.MEDIA
    if PLACE.fullmatch(text) or PLACE_WITH_NAME.fullmatch(text):
        return Kind.LOCATION
    return Kind.POLL if POLL.fullmatch(text) else None


def tells_of_group(name: str) -> bool:
    """Whether what stands before a colon is not a name but tells what somebody did to a group."""
    return _GROUPS.search(wording(name)) is not None


def _stands_for_media(line: str) -> bool:
    if PLACEHOLDER.fullmatch(line) or ATTACHMENT.fullmatch(line):
        return True
    remark = REMARK.fullmatch(line)
    return remark is not None and wording(remark["round"] or remark["angle"]) in _REMARKS


def _unmarked(text: str, seen: Collection[str]) -> str:
    """Without the remark that stands behind it, such as that it was edited."""
    if not text.endswith((">", "\uff1e")):
        return text
    begin = max(0, len(text) - 120)
    tail = TAIL.search(text, begin)
    if tail is None or tail.start() == 0 or text[tail.start() - 1] == "\n":
        return text  # all of a line: a placeholder
    plain = wording(tail[1])
    if plain in _EDITED or plain in seen or EDIT_MARK.search(text, begin):
        return text[: tail.start()].rstrip()
    return text
