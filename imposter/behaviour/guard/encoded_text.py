"""Decoding of the usual encodings, all of which are tried on the whole text. Each takes linear time.

No encoding is detected first: text that is not encoded decodes to nothing that a check would match.
"""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

DEEPEST = 3
"""Maximum number of nested encodings."""
SHORTEST = 12
"""Minimum number of characters of a text that is decoded."""

_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/_-]")
_BASE32 = re.compile("[A-Z2-7]{16,}")
_NO_HEX = re.compile(r"0x|\\x|[^0-9A-Fa-f]")
_NUMBERS = re.compile(r"(?<!\d)\d{2,3}(?!\d)")
_BITS = re.compile("[01]{8}")
_ESCAPES = re.compile(r"\\u\{?([0-9A-Fa-f]{4,5})\}?|\\x([0-9A-Fa-f]{2})")
_PRINTABLE = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]{12,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TURNS = [str.maketrans(_LETTERS, _LETTERS[turn:] + _LETTERS[:turn]) for turn in range(1, 26)]
_MIRROR = str.maketrans(_LETTERS, _LETTERS[::-1])


def decoded(text: str, depth: int = DEEPEST) -> Iterator[str]:
    """Iterate over the texts that are encoded in `text`, also in several layers.

    The encodings are base64, base32, hex, binary, decimal codes, percent encoding, escapes and HTML entities.
    """
    if len(text) < SHORTEST or not depth:
        return
    for decode in _DECODERS:
        for found in decode(text):
            if found != text:
                yield found
                yield from decoded(found, depth - 1)


def rearranged(letters: str) -> Iterator[str]:
    """Iterate over `letters` with the alphabet rotated (such as rot13) or mirrored, and in reverse."""
    for table in (*_TURNS, _MIRROR):
        yield letters.translate(table)
    yield letters[::-1]


def reordered(text: str) -> Iterator[str]:
    """Iterate over `text` in reverse, with each word reversed, and the initials of its words and of its lines."""
    words = text.split()
    yield "".join(reversed(words))
    yield "".join(word[::-1] for word in words)
    yield "".join(word[0] for word in words)
    yield "".join(line[0] for line in map(str.strip, text.splitlines()) if line)


def _base64(text: str) -> Iterator[str]:
    packed = _NO_BASE64.sub("", text).translate({ord("-"): "+", ord("_"): "/"})
    for start in range(4):
        part = packed[start:]
        part = part[: len(part) - len(part) % 4]
        yield from _texts(base64.b64decode(part))


def _base32(text: str) -> Iterator[str]:
    for found in _BASE32.findall("".join(text.upper().split())):
        part = found[: len(found) - len(found) % 8]
        try:
            yield from _texts(base64.b32decode(part))
        except binascii.Error:
            continue


def _hex(text: str) -> Iterator[str]:
    digits = _NO_HEX.sub("", text)
    for start in range(2):
        part = digits[start:]
        yield from _texts(bytes.fromhex(part[: len(part) - len(part) % 2]))


def _codes(text: str) -> Iterator[str]:
    yield from _texts(bytes(int(found) for found in _NUMBERS.findall(text) if int(found) < 256))
    bits = "".join(text.split())
    yield from _texts(bytes(int(found, 2) for found in _BITS.findall(bits)))


def _marked(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(text, errors="ignore")
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text:
        yield _ESCAPES.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


_DECODERS: tuple[Callable[[str], Iterator[str]], ...] = (_base64, _base32, _hex, _codes, _marked)


def _texts(data: bytes) -> Iterator[str]:
    """Find the text in `data`. Yields nothing for text that may be a coincidence."""
    found = _PRINTABLE.findall(data.decode("utf-8", errors="replace"))
    if found:
        yield "\n".join(found)
