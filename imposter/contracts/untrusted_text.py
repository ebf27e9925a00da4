"""Words of others as data: JSON that neither ends early nor holds a word that a server takes for its own.

JSON has one way out of a string, and every quotation mark, backslash and line break in the words is escaped: no text
and no name can end it. Nothing in it is random, so that a vendor's cache of prompts works.
"""

import json
import re
from typing import Any

_MARKUP = re.compile(
    r"[<\[](?=[/|\uff5c<_]|[^\W\d])|\](?=~)"
    "|[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""The openings of every chat template's control words, such as <|im_start|>, [INST], </s> and ]~b], which some
servers read in any message; and characters that nobody sees, but for those that join emoji and letters."""


def as_data(value: Any) -> str:
    """`value` as JSON on one line; it reads back to the very same words."""
    return _MARKUP.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\u{ord(character):04x}" if character.isascii() else json.dumps(character)[1:-1]
