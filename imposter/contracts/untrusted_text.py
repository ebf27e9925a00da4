"""Encoding of untrusted text as JSON that cannot end early and holds no control words of a chat template.

JSON escapes every quotation mark, backslash and line break, so no text or name can end its string. The encoding has
no random part, so a vendor's prompt cache still works.
"""

import json
import re
from typing import Any

_MARKUP = re.compile(
    r"[<\[](?=[/|\uff5c<_]|[^\W\d])|\](?=~)"
    "|[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Matches the start of chat templates' control words, such as <|im_start|>, [INST], </s> and ]~b], which some servers
interpret in any message. Also matches invisible characters, except those that join emoji and letters."""


def as_data(value: Any) -> str:
    """Return `value` as JSON on one line. Parsing it gives back the same value."""
    return _MARKUP.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\u{ord(character):04x}" if character.isascii() else json.dumps(character)[1:-1]
