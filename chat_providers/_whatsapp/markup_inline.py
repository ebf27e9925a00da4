"""Conversion of inline Markdown to WhatsApp's markup: bold, italics, strikethrough, code, links."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, backtick
from markdown_it.token import Token

ADDRESS = re.compile(r"(?i:https?://|www\.)[^\s<>\[\]()`]*[^\s<>\[\]()`*_~.,;:!?'\"]")
STOP = re.compile(r"(?i:https?://|www\.)|[\n!&*<\[\\\]_`~]")
"""Signs at which something other than plain text may begin."""
SIGNS = frozenset("\n!&*<[\\]_`~")
LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
SHRUG = "\\_(\u30c4)_/"
BREAK, AS_IT_IS = "br", "as it is"
"""Values of a token's `info`."""
SCHEME = re.compile(r"(?i:https?://|mailto:|tel:)(?:www\.)?")
MARKS = {"strong": "*", "em": "_", "s": "~"}


class InlineParser(MarkdownIt):
    """A parser that leaves URLs and multi-line code unchanged and accepts `<br>`."""

    def __init__(self) -> None:
        super().__init__("commonmark")
        rules = self.inline.ruler
        rules.at("text", _text)
        rules.at("backticks", _code)
        rules.before("escape", "shrug", _shrug)
        rules.before("autolink", "line_break", _line_break)

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the library's name
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the library's name
        return link


def rendered(tokens: Sequence[Token], around: str = "") -> list[str]:
    """Return the lines of one block's tokens. `around` is a mark that is put around all of it."""
    return _MarkupWriter(tokens, around).lines()


def linked(text: str, url: str) -> str:
    """Return a link's text and URL, or only one of them if both are the same."""
    if not url or (url.lower().startswith(("mailto:", "tel:")) and _bare(text) == _bare(url)):
        return text
    return url if not text or _bare(text) == _bare(url) else f"{text} ({url})"


def _bare(address: str) -> str:
    bare = address.strip("*_~` ")
    scheme = SCHEME.match(bare)
    return bare[scheme.end() if scheme else 0 :].removeprefix("www.").rstrip("/").casefold()


@dataclass(frozen=True, slots=True)
class _Mark:
    text: str
    is_shown: bool = True
    """Whether WhatsApp interprets the mark."""


class _MarkupWriter:
    def __init__(self, tokens: Sequence[Token], around: str) -> None:
        self._tokens = tokens
        self._lines: list[list[str]] = [[]]
        self._open: list[_Mark] = [_Mark(around)]
        self._links: list[tuple[str, int, int]] = []
        self._marks = _marks(tokens)

    def lines(self) -> list[str]:
        for number, token in enumerate(self._tokens):
            mark = self._marks.get(number)
            if mark is not None and token.nesting > 0:
                self._begin(mark)
            elif mark is not None:
                self._put(self._open.pop().text)
            elif token.info == BREAK:
                self._put("\n".join(self._ends_and_begins()))
            elif token.type in ("softbreak", "hardbreak"):
                end, begin = self._ends_and_begins()
                self._put(end)
                self._lines.append([begin])
            elif token.type == "link_open":
                self._links.append((str(token.attrs["href"]), len(self._lines), len(self._lines[-1])))
            elif token.type == "link_close":
                self._end_link(*self._links.pop())
            else:
                first, *others = _literal(token).split("\n")
                self._put(first)
                self._lines.extend([other.lstrip(" \t")] for other in others)
        return ["".join(line) for line in self._lines]

    def _put(self, text: str) -> None:
        self._lines[-1].append(text)

    def _begin(self, mark: _Mark) -> None:
        mark = _Mark("") if mark.is_shown and mark in self._open else mark
        self._open.append(mark)
        self._put(mark.text)

    def _ends_and_begins(self) -> tuple[str, str]:
        """Return the marks before and after a line break.

        WhatsApp's marks end with the line and must be repeated on the next.
        """
        marks = "".join(mark.text for mark in self._open[1:] if mark.is_shown)
        return marks[::-1], marks

    def _end_link(self, url: str, line: int, place: int) -> None:
        last = self._lines[-1]
        if line == len(self._lines):
            last[place:] = [linked("".join(last[place:]), url)]
        elif url:
            last.append(f" ({url})")


def _literal(token: Token) -> str:
    if token.type == "code_inline" and token.info != AS_IT_IS:
        fence = "```" if len(token.markup) > 2 or "`" in token.content else "`"
        return f"{fence}{token.content}{fence}"
    if token.type == "image":
        words = (" " if child.type == "softbreak" else child.content for child in token.children or ())
        return linked("".join(words), str(token.attrs["src"]))
    return "\n" if token.type in ("softbreak", "hardbreak") else token.content


def _marks(tokens: Sequence[Token]) -> dict[int, _Mark]:
    """Return the mark that replaces each opening or closing token of bold, italics and the like."""
    before, after = _neighbours(tokens), _neighbours(tokens[::-1], from_end=True)[::-1]
    found: dict[int, _Mark] = {}
    begun: list[int] = []
    for number, token in enumerate(tokens):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind not in MARKS:
            continue
        if token.nesting > 0:
            begun.append(number)
        else:
            begin = begun.pop()
            outside = _in_word(before[begin][0]), _in_word(after[number][0])
            found[begin] = found[number] = _mark(kind, token.markup, outside, before[number][1])
    return found


def _mark(kind: str, markup: str, in_word: tuple[bool, bool], ends_with: str) -> _Mark:
    """Return the mark for a token.

    WhatsApp ignores marks within a word and takes those after a URL for a part of it.
    """
    if all(in_word) or (any(in_word) and kind == "em"):
        return _Mark(markup, is_shown=False)  # such as 2*3*4
    return _Mark("") if any(in_word) or ends_with == "address" else _Mark(MARKS[kind])


def _neighbours(tokens: Sequence[Token], *, from_end: bool = False) -> list[tuple[str, str]]:
    """Return for each token the nearest character before it in `tokens`, and the type of that character's token."""
    nearest = (" ", "")
    found = []
    for token in tokens:
        found.append(nearest)
        if text := ")" if token.type == "link_close" else _literal(token):
            nearest = (text[0 if from_end else -1], token.type)
    return found


def _in_word(character: str) -> bool:
    """Return whether a character belongs to a word.

    In Chinese and Japanese, marks may be between any two characters.
    """
    return character.isalnum() and unicodedata.east_asian_width(character) not in ("W", "F")


def _text(state: StateInline, silent: bool) -> bool:
    """Parse plain text up to the next possible Markdown, or a whole URL."""
    address = ADDRESS.match(state.src, state.pos, state.posMax)
    if address is None and state.src[state.pos] in SIGNS:
        return False
    stop = None if address else STOP.search(state.src, state.pos + 1, state.posMax)
    end = address.end() if address else stop.start() if stop else state.posMax
    if not silent and address:
        state.push("address", "", 0).content = address[0]
    elif not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def _code(state: StateInline, silent: bool) -> bool:
    """Parse code.

    Multi-line code is left unchanged: WhatsApp's code ends with the line, and usually no code was meant.
    """
    begin, known = state.pos, len(state.tokens)
    found = backtick(state, silent)
    whole = state.src[begin : state.pos]
    if "\n" in whole and state.tokens[known:] and state.tokens[-1].type == "code_inline":
        state.tokens[-1].content, state.tokens[-1].info = whole, AS_IT_IS
    return found


def _shrug(state: StateInline, silent: bool) -> bool:
    """Parse the shrug, whose backslash is an arm and no escape."""
    if not state.src.startswith(SHRUG, state.pos, state.posMax):
        return False
    if not silent:
        state.append_pending(SHRUG)
    state.pos += len(SHRUG)
    return True


def _line_break(state: StateInline, silent: bool) -> bool:
    found = LINE_BREAK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0).info = BREAK
    state.pos = found.end()
    return True
