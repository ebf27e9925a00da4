"""Texts that make a pattern slow, derived from the pattern itself, and how long it takes over them.

As a program it reads `{"source", "flags", "module"}` from standard input and takes one pattern through all of them.
It says what it is about to do, so that whoever gives it up knows where it hung.
"""

import contextlib
import importlib
import itertools
import json
import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

SECONDS = 5
"""Of the processor's time, for one text in all its lengths. Then the process is ended."""
LONGEST = 2**13
"""Characters."""
AT_LEAST = 0.05
"""Seconds. What is faster over the longest text needs no comparing."""
GROWTH = 7.0
"""A text four times as long may take this many times as long. Where time grows with its square, it is sixteen."""
GENERIC = (
    " ", "\t", "\n", "\u00a0", "a", "A", "1", "0", "-", "_", ".", ",", ":", "/", "(", ")", "[", "<", ">", '"', "'", "*",
    "`", "```", "e\u0301", "\u0301", "\u00e9", "\u0430", "\u4e00", "\u3002", "\u0e01", "\u200e", "\ufe0f", "\u200d",
    "\u2764\ufe0f", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd",
    "1 ", "a ", "a.", "1.", "1,", ". ", "a\n", " \n", "1:", "a: ", "(1 a", "a@", "a-", "http://a", "@", "\U0001f600 ",
)  # fmt: skip
ENDS = ("", "!", "\n")


def pumps(source: str, flags: int = 0) -> Iterator[tuple[str, str]]:
    """What comes first, and what is repeated behind it."""
    yield from (("", piece) for piece in GENERIC)
    try:
        tree = parser.parse(source, flags)
    except re.error:  # of the library `regex`: its own syntax
        return
    yield from _repeats(tree, "")
    letters = list(dict.fromkeys(_letters(tree)))[:8]
    yield from (("", "".join(pair)) for pair in itertools.product(letters, repeat=2))


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """What each repetition repeats, behind a text that leads to it."""
    for code, value in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            body = value[2]
            if value[1] > 1:
                yield before, _example(body)
                yield "", before + _example(body)
            yield from _repeats(body, before)
        elif code is codes.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, before)
        elif code in (codes.SUBPATTERN, codes.ATOMIC_GROUP):
            yield from _repeats(value[3] if code is codes.SUBPATTERN else value, before)
        before += _example([(code, value)])
    yield "", before


def _example(tree: Any) -> str:
    """Some text that fits, as far as look-arounds let it."""
    made = ""
    for code, value in tree:
        match code:
            case codes.LITERAL:
                made += chr(value)
            case codes.NOT_LITERAL:
                made += "b" if value != ord("b") else "c"
            case codes.ANY:
                made += "a"
            case codes.IN:
                made += _one_of(value)
            case codes.MAX_REPEAT | codes.MIN_REPEAT | codes.POSSESSIVE_REPEAT:
                made += _example(value[2]) * min(max(value[0], 1), 20)
            case codes.BRANCH:
                made += _example(value[1][0])
            case codes.SUBPATTERN:
                made += _example(value[3])
            case codes.ATOMIC_GROUP:
                made += _example(value)
            case codes.GROUPREF:
                made += "."
            case codes.GROUPREF_EXISTS:
                made += _example(value[1])
    return made


def _one_of(choices: Any) -> str:
    kinds = {
        codes.CATEGORY_DIGIT: "1",
        codes.CATEGORY_SPACE: " ",
        codes.CATEGORY_WORD: "a",
        codes.CATEGORY_NOT_DIGIT: "a",
        codes.CATEGORY_NOT_SPACE: "a",
        codes.CATEGORY_NOT_WORD: "-",
    }
    if choices[0][0] is codes.NEGATE:
        taken = re.compile("".join(_excluded(choices[1:])) or r"(?!)")
        return next((each for each in "a1 -.\n\u4e00" if not taken.match(each)), "")
    code, value = choices[0]
    return kinds[value] if code is codes.CATEGORY else chr(value[0] if code is codes.RANGE else value)


def _excluded(choices: Any) -> Iterator[str]:
    kinds = {
        codes.CATEGORY_DIGIT: r"\d",
        codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_WORD: r"\w",
        codes.CATEGORY_NOT_DIGIT: r"\D",
        codes.CATEGORY_NOT_SPACE: r"\S",
        codes.CATEGORY_NOT_WORD: r"\W",
    }
    yield "["
    for code, value in choices:
        if code is codes.CATEGORY:
            yield kinds[value]
        elif code is codes.RANGE:
            yield f"\\U{value[0]:08x}-\\U{value[1]:08x}"
        else:
            yield f"\\U{value:08x}"
    yield "]"


def _letters(tree: Any) -> Iterator[str]:
    for code, value in tree:
        if code is codes.IN:
            yield from (_one_of([each]) for each in value if each[0] is not codes.NEGATE)
        elif code is codes.LITERAL:
            yield chr(value)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            yield from _letters(value[2])
        elif code is codes.BRANCH:
            for branch in value[1]:
                yield from _letters(branch)
        elif code is codes.SUBPATTERN:
            yield from _letters(value[3])


def took(act: Callable[[str], object], text: str) -> float:
    begin = time.process_time()
    act(text)
    return time.process_time() - begin


def grows_too_fast(act: Callable[[str], object], first: str, piece: str, end: str, longest: int = LONGEST) -> bool:
    """Whether `act` takes more than time in proportion to such a text. With an exponential one it does not come back:
    the sizes double, so that the process that runs it is given up soon.
    """

    def text(size: int) -> str:
        return first + piece * (size // len(piece)) + end

    size = 0
    for size in (32, 128, 512, longest // 2, longest):
        seconds = took(act, text(size))
        if seconds > 0.5:
            break
    if seconds < AT_LEAST:
        return False
    # The best of some: whatever else the machine does only adds.
    small = min(took(act, text(size // 4)) for _ in range(3))
    return min(seconds, *(took(act, text(size)) for _ in range(2))) > GROWTH * small + AT_LEAST


def look_through(act: Callable[[str], object], pumped: Iterator[tuple[str, str]], longest: int = LONGEST) -> None:
    for first, piece in dict.fromkeys(pumped):
        if not piece:
            continue
        for end in ENDS:
            sys.stdout.write(f"{first!r} {piece!r} {end!r}\n")
            sys.stdout.flush()
            signal.setitimer(signal.ITIMER_PROF, SECONDS)  # nothing handles its signal, so that it ends this
            if grows_too_fast(act, first, piece, end, longest):
                sys.exit("time grows faster than the text")
    sys.stdout.write("done\n")


def _main() -> None:
    asked = json.load(sys.stdin)
    pattern = importlib.import_module(asked["module"]).compile(asked["source"], asked["flags"])

    def act(text: str) -> None:
        pattern.match(text)
        pattern.fullmatch(text)
        for _ in pattern.finditer(text):
            pass

    flags = asked["flags"] & ~re.UNICODE if asked["module"] == "re" else 0
    with contextlib.suppress(BrokenPipeError):
        look_through(act, pumps(asked["source"], flags))


if __name__ == "__main__":
    _main()
