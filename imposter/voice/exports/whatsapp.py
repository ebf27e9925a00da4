"""A chat as WhatsApp exports it: a text in the phone's own language.

No two phones write the same: `[31.12.24, 23:59:58] Ann: hi`, `12/31/24, 11:59\u202fPM - Ann: hi`, `2024-12-31, 11:59
p.m. - Ann: hi`. A line that does not begin so goes on with the message before it. One that begins so but in another
way than the file's other lines, or at another time, was pasted: it belongs to nobody here.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imposter.voice.dates import Header, clock_of, header_of, in_order, moment_of, order_of, plain
from imposter.voice.export import (
    LONGEST_MESSAGE,
    LONGEST_SHOWN,
    MOST_MESSAGES,
    MOST_SHOWN,
    Export,
    ExportLine,
    Unread,
    UnreadableExport,
    clean_name,
)
from imposter.voice.files import Text, lines_of
from imposter.voice.system_messages import BIDI, Kind, classified, learned, tells_of_group

APP = "WhatsApp"
LONGEST_HEADER = 160
LONGEST_NAME = 100
MOST_SPEAKERS = 5_000
"""More than any group has. Where more stand in a file, none is looked at for being a notice."""
OWN_SHARE = 0.2
"""Of the messages. As many as must be written in another way than most for it to be the file's own, too."""
STRAY = timedelta(hours=2)
"""What is so much earlier than what stands before it was pasted; clocks that are put back explain less."""
MOST_BEFORE = 1000
"""Lines before the first message that are counted."""
NOT_LATE = timedelta(0)
MOST_PASTED = 10
"""Messages pasted in one go. More of them in a row that are earlier than one message show that this one is ahead."""
MEMBERS_SHARE = 0.02
"""Of the messages. Who has fewer is quoted, where the others have nearly all."""
NEARLY_ALL = 0.9
_PAIRS = (
    "\u201c\u201d",
    "\u201e\u201c",
    "\u201e\u201d",
    "\u00ab\u00bb",
    "\u00bb\u00ab",
    "\u300c\u300d",
    "\u300e\u300f",
)
_QUOTES = re.compile('["\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u300e\u300f]')
_CHATS_NAME = re.compile(r"(?:whats ?app[^-]{0,30}? (?:with|mit|con|avec|com|met|-) )(.{1,80})", re.IGNORECASE)


@dataclass(slots=True)
class _WhatsAppMessage:
    """A line that begins like a message, and the lines behind it."""

    number: int
    first: str
    header: Header
    rest: str
    more: list[str] = field(default_factory=list)

    def unread(self, file: str) -> Unread:
        return Unread(self.number, plain(self.first[:LONGEST_SHOWN]), file)


def chats(text: Text) -> list[Export]:
    """The chat in a text; none where no line of it is a message's. Raises: UnreadableExport, with a cure."""
    before: list[Unread] = []
    found = list(_messages(lines_of(text.text), before, text.name))
    kept = _of_own_style(found)
    stamps = [message.header.stamp for message in kept if message.header.stamp]
    if not stamps:
        if found:
            first = found[0]
            shown = first.first[:LONGEST_SHOWN]
            raise UnreadableExport(
                f"The dates of this phone's language are not known; line {first.number} is {shown!r}: set the phone to"
                " another language and export the chat once more."
            )
        return []
    order, clock = order_of(stamps), clock_of(stamps)
    dated = [
        (message, moment_of(message.header.stamp, order, clock) if message.header.stamp else None) for message in kept
    ]
    unread = [message for message, at in dated if at is None]
    lines, notices = _lines([(message, at) for message, at in dated if at is not None])
    return [
        Export(
            lines=tuple(lines),
            app=APP,
            name=_name_of(text.name),
            notices=notices,
            unread=tuple([*before, *(message.unread(text.name) for message in unread[:MOST_SHOWN])][:MOST_SHOWN]),
            unread_lines=len(before) + len(unread),
            damaged=text.damaged,
        )
    ]


def _name_of(file: str) -> str:
    """Whose chat it is, where the file is called so."""
    stem = file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    found = _CHATS_NAME.fullmatch(stem)
    return found[1].strip() if found else ""


def _messages(lines: Iterable[str], before: list[Unread], file: str) -> Iterator[_WhatsAppMessage]:
    """Adds to `before` what stands before the first of them."""
    current: _WhatsAppMessage | None = None
    count = length = 0
    for number, line in enumerate(lines, 1):
        found = _header(line)
        if found is not None:
            if current is not None:
                yield current
            count += 1
            if count > MOST_MESSAGES:
                raise UnreadableExport(f"It holds more than {MOST_MESSAGES} messages: send the newest part of it.")
            header, rest = found
            current, length = _WhatsAppMessage(number, line[:LONGEST_HEADER], header, rest), len(rest)
        elif current is not None and length < LONGEST_MESSAGE:
            current.more.append(line)
            length += len(line) + 1
        elif current is None and line.strip() and len(before) < MOST_BEFORE:
            before.append(Unread(number, plain(line[:LONGEST_SHOWN]), file))
    if current is not None:
        yield current


def _header(line: str) -> tuple[Header, str] | None:
    head = line[:LONGEST_HEADER]
    header = header_of(plain(head))
    if header is None:
        return None
    # Behind the stamp the line is as it was: what a phone's marks mean there is for `notices`.
    rest = _tail(head, len(header.rest)) if BIDI.search(head) else header.rest
    return header, line[len(head) - len(rest) : LONGEST_MESSAGE]


def _tail(head: str, length: int) -> str:
    """The end of `head` that has this many characters beside the marks; marks before it belong to it."""
    index = len(head)
    left = length
    while index and (left or BIDI.match(head[index - 1])):
        index -= 1
        if not BIDI.match(head[index]):
            left -= 1
    return head[index:]


def _of_own_style(found: Sequence[_WhatsAppMessage]) -> list[_WhatsAppMessage]:
    """Messages that are written as the file's are. Others go to the one before: pasted lines are left out of it, and
    what is only a little like a message is its text.
    """
    styles = Counter(message.header.style for message in found if message.header.stamp)
    own = {style for style, count in styles.items() if count >= OWN_SHARE * styles.total() and count > 1}
    own |= {style for style, _ in styles.most_common(1)}
    frames = {style[:2] for style in own} | {(style[0], "") for style in own}
    kept: list[_WhatsAppMessage] = []
    for message in found:
        if message.header.style in own or (message.header.stamp is None and message.header.style[:2] in frames):
            kept.append(message)
        elif kept and message.header.stamp is None:
            kept[-1].more += [message.first, *message.more]
    return kept if own else list(found)


def _lines(dated: Sequence[tuple[_WhatsAppMessage, datetime]]) -> tuple[list[ExportLine], int]:
    """What was said, and how many notices there are."""
    split = _speakers([message for message, _ in dated])
    spoken = [
        (at, speaker, "\n".join([body, *message.more])[:LONGEST_MESSAGE])
        for (message, at), (speaker, body) in zip(dated, split, strict=True)
        if speaker
    ]
    told = learned(body for *_, body in spoken)
    quoted = _quoted([at for at, *_ in spoken], [speaker for _, speaker, _ in spoken])
    lines = []
    for (at, speaker, body), is_quoted in zip(spoken, quoted, strict=True):
        kind, text = classified(body, told)
        lines.append(ExportLine(at, speaker, text, kind, is_quoted))
    people = {line.speaker for line in lines if line.kind is not Kind.OTHER}  # on iOS a group's notices bear its name
    said = [line for line in lines if line.speaker in people]
    return said, len(dated) - len(said)


def _speakers(messages: Sequence[_WhatsAppMessage]) -> list[tuple[str, str]]:
    """Of each its speaker and text; no speaker where it is a notice of the app's."""
    split = [_split(message.rest) for message in messages]
    counts = Counter(name for name, _ in split if name)
    plain_names = {name for name in counts if not _QUOTES.search(name)}
    notices = {name for name in counts if len(counts) <= MOST_SPEAKERS and _is_notice(name, counts, plain_names)}
    return [(name, body) if name not in notices else ("", "") for name, body in split]


def _split(rest: str) -> tuple[str, str]:
    name, colon, body = rest.partition(": ")
    if not colon:
        name, colon, body = rest.partition(":") if rest.rstrip().endswith(":") else ("", "", "")
    name = clean_name(name) if len(name) <= 2 * LONGEST_NAME else ""
    return (name, body) if len(name) <= LONGEST_NAME else ("", "")


def _is_notice(name: str, counts: Counter[str], names: set[str]) -> bool:
    """Whether it is the beginning of a notice in which a colon stands, and nobody's name."""
    if tells_of_group(name):
        return True
    if _is_open(name) and (counts[name] == 1 or _begins_with_one_of(name, names)):
        return True
    words = sum(word[0].islower() for word in name.split())
    return counts[name] == 1 and (words > 2 or (words > 1 and _begins_with_one_of(name, names)))


def _is_open(name: str) -> bool:
    """Whether a quotation begins in it that does not end there, as in `Mia changed the subject to "a`."""
    if not _QUOTES.search(name):
        return False
    if name.count('"') % 2:
        return True
    return not any(name.count(pair[0]) == name.count(pair[1]) > 0 for pair in _PAIRS) and not name.count('"')


def _begins_with_one_of(name: str, names: set[str]) -> bool:
    """Whether another who speaks in the file is named first."""
    words = name.split()
    return any(" ".join(words[:end]) in names for end in range(1, len(words)))


def _quoted(moments: Sequence[datetime], speakers: Sequence[str]) -> list[bool]:
    """Of each line whether it was pasted: out of its time, or of somebody who has hardly any line here."""
    late = _lateness(moments, speakers)
    stray = [lag > STRAY for lag in late]
    if sum(stray) * 2 > len(stray):  # not in the order of time at all
        late, stray = [NOT_LATE] * len(late), [False] * len(stray)
    counts = Counter(speaker for speaker, is_stray in zip(speakers, stray, strict=True) if not is_stray)
    in_time = {speaker for speaker, lag in zip(speakers, late, strict=True) if lag == NOT_LATE}
    few = {speaker for speaker in in_time if counts[speaker] < MEMBERS_SHARE * len(speakers)}
    if sum(counts[speaker] for speaker in in_time - few) < NEARLY_ALL * len(speakers):
        few = set()
    members = in_time - few
    if len(members) < 2 <= len(set(speakers)):  # so it is no order of time, or of a few lines it says nothing
        return [False] * len(speakers)
    return [speaker not in members or is_stray for speaker, is_stray in zip(speakers, stray, strict=True)]


def _lateness(moments: Sequence[datetime], speakers: Sequence[str]) -> list[timedelta]:
    """How much earlier each moment is than one before it. What is ahead of what follows counts as late itself where
    much follows, or where nothing else of its speaker is in its time.
    """
    counts = Counter(speakers)
    kept = in_order([moment.timestamp() for moment in moments], [counts[speaker] for speaker in speakers])
    ordered = [moments[place] for place in kept]
    at_home = {speakers[place] for place in kept}
    found: list[timedelta] = []
    last: datetime | None = None
    for place, moment in enumerate(moments):
        behind = bisect_left(ordered, moment - STRAY) - bisect_right(kept, place)
        if behind > (MOST_PASTED if speakers[place] in at_home else 0):
            found.append(moment - ordered[bisect_right(kept, place)])
        elif last is not None and moment < last:
            found.append(last - moment)
        else:
            found.append(NOT_LATE)
            last = moment
    return found
