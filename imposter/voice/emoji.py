"""Emoji in a text, by Unicode's properties."""

import regex

EMOJI = regex.compile(
    # Two letters make a flag, a key has a frame; below U+2300 are signs such as (c), which are text.
    r"\p{RI}{2}|[0-9#*]\ufe0f?\u20e3|(?![\u0000-\u22ff])\p{Extended_Pictographic}"
    r"[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*+"
    r"(?:\u200d\p{Extended_Pictographic}[\ufe0f\U0001f3fb-\U0001f3ff]*+)*+",
    flags=regex.VERSION1,
)
_UNSEEN = "\ufe0f\u200d"
"""Marks of emoji that are left where their emoji is not."""


def before_last_emoji(text: str) -> str:
    """`text` without the emoji and the blanks at its end."""
    end = len(text)
    for found in reversed(list(EMOJI.finditer(text))):
        if not all(character.isspace() or character in _UNSEEN for character in text[found.end() : end]):
            break
        end = found.start()
    while end and (text[end - 1].isspace() or text[end - 1] in _UNSEEN):
        end -= 1
    return text[:end]
