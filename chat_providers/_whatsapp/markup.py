"""Conversion of Markdown, which models write, to WhatsApp's markup.

The lines of the answer are kept. Only the parts that a parser recognises as Markdown are rewritten, so all other text
stays as it is.
"""

import re
from collections.abc import Sequence
from functools import cache

from markdown_it.token import Token

from chat_providers._whatsapp.markup_inline import InlineParser, rendered

NOT_READ = ("code", "html_block", "html_inline", "lheading", "reference")
"""Ignored syntax, because people also indent lines, underline words with dashes, and write `<3` and `[Ann]: hi`."""
MOST_CELLS = 4_000
"""Maximum number of cells of a table. The parser creates cells that are missing at the ends of lines."""
CODE = "```"
ROW_LEVEL = 2
"""Nesting level of the rows of a top-level table."""
PLACE = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t][ \t>]*+)?")
"""The text before a table's row in a list or a quote."""
LANGUAGE = re.compile(r"[\w.+#-]*")
WIDE_BULLET = re.compile(r"\*[ \t]{2,}$")
"""WhatsApp would take it for the start of bold text."""


def in_whatsapp_markup(markdown: str) -> str:
    """Return `markdown` in WhatsApp's markup. Takes linear time."""
    source = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    lines = source.split("\n")
    cells = len(lines) * max(line.count("|") for line in lines)
    tokens = _parser(tables=0 < cells <= MOST_CELLS).parse(source + "\n")
    return "\n".join(line for line in _Lines(lines).written(tokens) if line is not None)


@cache
def _parser(*, tables: bool) -> InlineParser:
    parser = InlineParser()
    parser.enable(["strikethrough", *(["table"] if tables else [])]).disable(list(NOT_READ))
    parser.parse("*")  # compiles the rules, which threads that share the parser must not do at the same time
    return parser


class _Lines:
    """The lines of one answer. None stands for a removed line."""

    def __init__(self, source: list[str]) -> None:
        self._source = source
        self._lines: list[str | None] = list(source)

    def written(self, tokens: Sequence[Token]) -> list[str | None]:
        inside = ""
        cells: list[list[Token]] = []
        for token in tokens:
            begin, end = token.map or (0, 0)
            if token.type in ("heading_open", "table_open", "thead_open", "tbody_open"):
                inside = token.type
            elif token.type in ("heading_close", "table_close"):
                inside = ""
            if token.type == "table_open":
                self._lines[begin + 1] = None  # the line below the table's head
            elif token.type == "tr_open":
                cells, row = [], begin
            elif token.type == "tr_close":
                self._row(row, cells, bold=inside == "thead_open", is_nested=token.level > ROW_LEVEL)
            elif token.type == "inline" and inside == "heading_open":
                self._heading(begin, token)
            elif token.type == "inline" and inside:
                cells.append(token.children or [])
            elif token.type == "inline":
                self._paragraph(begin, token)
            elif token.type == "hr":
                self._rule(begin)
            elif token.type == "fence":
                self._code(begin, end, token)
        return self._lines

    def _paragraph(self, begin: int, token: Token) -> None:
        contents = token.content.split("\n")
        texts = rendered(token.children or [])
        for number, content in enumerate(contents):
            at = begin + number
            if number >= len(texts):  # a link contains a line break
                self._lines[at] = None
                continue
            line = self._source[at]
            before = line[: max(0, line.rfind(content.lstrip(" \t")))]
            self._lines[at] = WIDE_BULLET.sub("* ", before) + texts[number]

    def _heading(self, at: int, token: Token) -> None:
        text = _bold(token.children or [])
        if text:
            line = self._source[at]
            self._lines[at] = line[: line.index("#")] + text

    def _row(self, at: int, cells: Sequence[list[Token]], *, bold: bool, is_nested: bool) -> None:
        place = PLACE.match(self._source[at]) if is_nested else None
        before = place[0] if place else ""
        if _cell_count(self._source[at][len(before) :].strip()) > len(cells):
            return  # more cells than the table has columns; the parser would drop them
        texts = [(_bold(cell) if bold else "\n".join(rendered(cell))).replace("\n", ", ") for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        self._lines[at] = before + " | ".join(texts) if texts else None

    def _rule(self, at: int) -> None:
        """Replace a horizontal rule and the blank lines around it with one blank line."""
        is_behind_blank = at == 0 or not (self._lines[at - 1] or "").strip()
        is_before_blank = at + 1 < len(self._source) and not self._source[at + 1].strip()
        self._lines[at] = None if is_behind_blank or is_before_blank else ""
        if is_behind_blank and is_before_blank:
            self._lines[at + 1] = None

    def _code(self, begin: int, end: int, token: Token) -> None:
        is_closed = token.content.count("\n") == end - begin - 2
        if not is_closed and (token.markup.startswith("~") or not token.content):
            return  # a line of signs, not code
        for at, words in ((begin, token.info), (end - 1, "")) if is_closed else ((begin, token.info),):
            before, _, _ = self._source[at].partition(token.markup)
            self._lines[at] = before + CODE + ("" if LANGUAGE.fullmatch(words.strip()) else words)
        if not is_closed:
            self._lines[end - 1] = f"{self._lines[end - 1]}\n{CODE}"


def _cell_count(row: str) -> int:
    row = row.removeprefix("|")
    bars = row.count("|") - row.count("\\|")
    return bars if row.endswith("|") and not row.endswith("\\|") else bars + 1


def _bold(children: Sequence[Token]) -> str:
    text = "\n".join(rendered(children, around="*"))
    return text if not text or children[-1].type == "address" else f"*{text}*"
