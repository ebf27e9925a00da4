"""A model's Markdown as WhatsApp shows it, and what is no Markdown as it is."""

import asyncio
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_providers._whatsapp.markup import in_whatsapp_markup
from imposter.runtime.providers.message_format import MessageFormat

LONGEST = 16_384

MARKDOWN = [
    ("**bold**", "*bold*"),
    ("__bold__", "*bold*"),
    ("*italic*", "_italic_"),
    ("_italic_", "_italic_"),
    ("~~gone~~", "~gone~"),
    ("***both***", "_*both*_"),
    ("**bold and *italic* in it**", "*bold and _italic_ in it*"),
    ("**bold **in** bold**", "*bold in bold*"),
    ("**Note:** come **early**!", "*Note:* come *early*!"),
    ("**over\ntwo lines**", "*over*\n*two lines*"),
    ("***over\ntwo lines***", "_*over*_\n_*two lines*_"),
    ("**Haupt**bahnhof", "Hauptbahnhof"),
    ("这是**重要**的", "这是*重要*的"),
    ("# Title", "*Title*"),
    ("### Title ###", "*Title*"),
    ("# **Title**", "*Title*"),
    ("## The *new* one", "*The _new_ one*"),
    ("# Title\ntext\n## Next\n\ntext", "*Title*\ntext\n*Next*\n\ntext"),
    ("- # in a list", "- *in a list*"),
    ("[the map](https://example.com/a_b_c)", "the map (https://example.com/a_b_c)"),
    ('[the map](https://example.com "Title")', "the map (https://example.com)"),
    ("[https://example.com](https://example.com)", "https://example.com"),
    ("[example.com](https://www.example.com/)", "https://www.example.com/"),
    ("[a@example.com](mailto:a@example.com)", "a@example.com"),
    ("[](https://example.com)", "https://example.com"),
    ("[nowhere]()", "nowhere"),
    ("**[the map](https://example.com/x)**", "*the map (https://example.com/x)*"),
    ("[**the map**](https://example.com/x)", "*the map* (https://example.com/x)"),
    ("**https://example.com/a**", "https://example.com/a"),
    ("# https://example.com/a", "https://example.com/a"),
    ("<https://example.com/a_b>", "https://example.com/a_b"),
    ("![a cat](https://example.com/cat.png)", "a cat (https://example.com/cat.png)"),
    ("![](https://example.com/cat.png)", "https://example.com/cat.png"),
    ("[![cat](https://e.org/c.png)](https://e.org)", "cat (https://e.org/c.png) (https://e.org)"),
    ("above\n\n---\n\nbelow", "above\n\nbelow"),
    ("above\n***\nbelow", "above\n\nbelow"),
    ("above\n---\nbelow", "above\n\nbelow"),
    ("above\n\n---", "above\n"),
    ("one &amp; two &lt;3 &#128512;", "one & two <3 \U0001f600"),
    (r"5 \* 3 \_ 2 \# 1", "5 * 3 _ 2 # 1"),
    (r"\*not bold\*", "*not bold*"),
    ("one\\\ntwo  \nthree<br>four", "one\ntwo\nthree\nfour"),
    ("`a_b * c_d`", "`a_b * c_d`"),
    ("``a`b``", "```a`b```"),
    ("```a *b* c```", "```a *b* c```"),
    ("use `x**2` or **y**", "use `x**2` or *y*"),
    ("```python\na = b*c*d\n\n# no title\n```", "```\na = b*c*d\n\n# no title\n```"),
    ("~~~\n**x**\n~~~", "```\n**x**\n```"),
    ("````\n**x**\n````\n**y**", "```\n**x**\n```\n*y*"),
    ("```\nnot closed", "```\nnot closed\n```"),
    ("``` not a language\nx\n```", "``` not a language\nx\n```"),
    ("```c++\nx\n```", "```\nx\n```"),
    ("- one\n- **two**\n  - three", "- one\n- *two*\n  - three"),
    ("*   **One:** a\n*   two", "* *One:* a\n* two"),
    ("1. one\n2. **two**\n   and more", "1. one\n2. *two*\n   and more"),
    ("- a\n\n  ```py\n  x = 1\n  ```\n- b", "- a\n\n  ```\n  x = 1\n  ```\n- b"),
    ("- [ ] **milk**", "- [ ] *milk*"),
    ("> **said** she\n> and he", "> *said* she\n> and he"),
    ("> - one\n> - __two__", "> - one\n> - *two*"),
    ("| Day | Time |\n|:--|--:|\n| Mon | **9** |\n| Tue | |", "*Day* | *Time*\nMon | *9*\nTue"),
    ("So:\n\n| a | b |\n|---|---|\n| `x_y` | [m](https://e.org/a_b) |\n\n*end*",
     "So:\n\n*a* | *b*\n`x_y` | m (https://e.org/a_b)\n\n_end_"),
    ("|a|b|\n|-|-|\n|1|2|3|\n4|5|6\n7|8\n|9|\\|\n", "*a* | *b*\n|1|2|3|\n4|5|6\n7 | 8\n9 | |\n"),
    ("a | b\n--|--\n3. x | y", "*a* | *b*\n3. x | y"),
    ("> | a | b |\n> |---|---|\n> | 1 | 2 |", "> *a* | *b*\n> 1 | 2"),
    ("- | a | b |\n  |---|---|\n  | 1 | 2 |", "- *a* | *b*\n  1 | 2"),
    ("  a | b\n  --|--\n  1 | 2", "*a* | *b*\n1 | 2"),
    ("**Where:** https://example.com/a_b_c/*d*?x=1&amp=2 *now*",
    "*Where:* https://example.com/a_b_c/*d*?x=1&amp=2 _now_"),
    ("the ` key\n  and ` again, **x**\ny", "the ` key\n  and ` again, *x*\ny"),
    ("**over<br>two lines**", "*over*\n*two lines*"),
    ("|a|\n|-|\n|one<br>two|", "*a*\none, two"),
    ("**a**\r\n**b**\r**c**", "*a*\n*b*\n*c*"),
]  # fmt: skip

PLAIN = [
    "",
    " ",
    "2 * 3 * 4",
    "2*3*4 and 2**3**4, x**2 + y**2",
    "f(a*b) + g(c*d)",
    "snake_case_name and _private",
    ":-)",
    "1. May",
    "2026. what a year",
    "#1",
    "#ootd #love",
    "#",
    "* hi",
    "- hi",
    "+ 3",
    "*",
    "**",
    "a * b\nc * d",
    "one\ntwo\n\n\nthree",
    "  two blanks before",
    "    four blanks before",
    "\ttab",
    "I <3 you",
    "a < b && c > d",
    ">:(",
    "-> there",
    "https://example.com/a_b_c",
    "https://example.com/_a_/*b*/c~~d~~/e?f=g&h=i",
    "see www.example.com/_x_/_y_.",
    r"C:\Users\me",
    r"¯\_(ツ)_/¯",
    "[Ann]: hi",
    "[sic] and [1] and [x][y]",
    "so!\n=)",
    "yes\n- ",
    "a | b",
    "~ 5 minutes, ~5~",
    "~~~",
    "```",
    "```oops",
    "100 % & more",
    "AT&T; R&D",
    "5 € (approx.)",
    "“quoted” 'text'",
    "it's 5' 11\"",
    "\U0001f469\u200d\U0001f4bb done",
    "今日は。元気です。",
    "$5_000 or $x_1$",
    "a@b_c.example",
    "<Ann> hi",
    "... and `unfinished",
    "!important ![",
    "\u3000wide blank\u00a0",
]


@pytest.mark.parametrize(("markdown", "shown"), MARKDOWN)
def test_markdown_is_written_in_whatsapp_s_markup(markdown: str, shown: str) -> None:
    assert in_whatsapp_markup(markdown) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_write_comes_out_as_it_is(text: str) -> None:
    assert in_whatsapp_markup(text).rstrip() == text.rstrip()


WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12)
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


@given(st.lists(st.tuples(SENTENCES, st.sampled_from([".", "!", "?", "...", ",", " :)", ""])), max_size=8))
def test_plain_sentences_stay_as_they_are(said: list[tuple[str, str]]) -> None:
    text = "\n".join(sentence + mark for sentence, mark in said)
    assert in_whatsapp_markup(text) == text


PIECES = [
    "**", "*", "_", "__", "~~", "`", "```", "~~~", "\n", "\n\n", "# ", "- ", "1. ", "> ", "    ", "\t", "|",
    "|-|-|\n",
    "[", "](", ")", "![", "<", ">", "<br>", "&amp;", "\\", "https://a.b/c_d", "really?", " ", "---", "\r\n", "\0",
    "中", "\u00a0",
    "\x0b", "\u2028", ":", "+ ", "=",
]  # fmt: skip
TEXTS = st.text(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@given(TEXTS)
def test_no_text_breaks_it_or_loses_a_question(text: str) -> None:
    shown = in_whatsapp_markup(text)
    assert ("really?" in shown) == ("really?" in text)
    assert len(shown) <= 8 * len(text) + 8


@given(TEXTS | st.lists(st.sampled_from("ab 1.)(!\"':;,?/@\n€日🙂%$^{}"), max_size=14).map("".join))
def test_the_core_spares_it_only_what_it_would_give_back_as_it_is(text: str) -> None:
    shown = in_whatsapp_markup(text)
    assert asyncio.run(MessageFormat(in_whatsapp_markup).shown(text)) == (shown if shown.strip() else text)


HOSTILE = [
    "[", "![", "](", "[](", "[a](<b", '[a](b "', "[a](b (", "[x][y]", "*", "**a ", "*a_ ", "*a **a ", "a**b",
    "(**", "_", "_a__",
    "***a* ", "`", "`` ` ", "~", "~~a ", "> ", ">", "> - ", "- ", "1. ", "- a\n", "  - a\n", "-\n", "> a\n",
    "<", "<!--", "<br>",
    "&", "&amp;", "\\", "|", "|a", "a|b\n-|-\n", "|a|\n|-|\n", "http://", "http://.", "www.", "# ", "#\n",
    "```\n", "\n", "a\t",
    "*a*\n", "中**中",
]  # fmt: skip
WIDE_TABLES = [
    "|" + "a|" * columns + "\n|" + "-|" * columns + "\n" + "a\n" * LONGEST for columns in (2, 20, 60, 300, 3_000)
]
RUNS = "".join("`" * length + " " for length in range(1, 180))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text", [*((piece * LONGEST)[:LONGEST] for piece in HOSTILE), *(each[:LONGEST] for each in WIDE_TABLES), RUNS],
    ids=lambda text: re.sub(r"\s", " ", text[:12]),
)  # fmt: skip
def test_no_text_keeps_it_busy(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """The longest answer; what takes time with the square of that takes minutes."""
    caplog.set_level(logging.WARNING, "markdown_it")
    in_whatsapp_markup(text)
    in_whatsapp_markup(text + "a")


def test_what_is_nested_deeply_is_left_as_it_is() -> None:
    text = "> " * 5_000 + "deep"
    assert in_whatsapp_markup(text) == text
