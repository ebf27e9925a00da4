"""What a model is told about how the owner writes: figures in plain words, and examples."""

from collections.abc import Sequence

from imposter.contracts.model import Example, Guidance
from imposter.voice.exchanges import Exchange
from imposter.voice.style import Spread, Style

MOST_EXAMPLES = 4
LONGEST_SHOWN = 240
"""Characters of each side of an example."""

OPENING = (
    "How the owner of this account writes, measured over messages of their own. Write as they do. What to say does not "
    "follow from it."
)


def in_words(style: Style, *, own_words: bool = True) -> list[str]:
    """A profile as sentences. Without `own_words`, only figures: no word and no emoji."""
    said = [
        f"Messages have {_range(style.length)} characters.",
        f"A turn is {_range(style.bubbles)} messages in a row." if style.bubbles.high > 1 else "A turn is one message.",
        _casing(style),
        _endings(style),
        _emoji(style, own_words),
    ]
    if style.languages:
        said.append(f"Languages: {', '.join(f'{name} ({_percent(part)})' for name, part in style.languages.items())}.")
    if own_words:
        said += _customs("begin", style.greets, style.greetings) + _customs("end", style.closes, style.closings)
    return [sentence for sentence in said if sentence]


def guidance(style: Style, examples: Sequence[Exchange] = (), *, own_words: bool = True) -> Guidance:
    """For a model. `examples` are of the chat that is answered; `own_words` only where the style is, too."""
    told = [OPENING, *(f"- {sentence}" for sentence in in_words(style, own_words=own_words))]
    shown = (Example(_cut(each.question, from_end=True), _cut(each.answer)) for each in examples[:MOST_EXAMPLES])
    return Guidance("\n".join(told), tuple(shown))


def _cut(text: str, *, from_end: bool = False) -> str:
    if len(text) <= LONGEST_SHOWN:
        return text
    return "\u2026" + text[-LONGEST_SHOWN:] if from_end else text[:LONGEST_SHOWN] + "\u2026"


def _range(spread: Spread) -> str:
    if f"{spread.low:.0f}" == f"{spread.high:.0f}":
        return f"mostly {spread.low:.0f}"
    return f"mostly {spread.low:.0f} to {spread.high:.0f} ({spread.median:.0f} in the middle)"


def _casing(style: Style) -> str:
    if style.lower_case >= 0.6:
        return f"Mostly small letters only ({_percent(style.lower_case)}), also where a sentence begins."
    if style.capital_first >= 0.6:
        return f"Messages begin with a capital ({_percent(style.capital_first)})."
    return f"Capitals now and then: {_percent(style.capital_first)} of messages begin with one."


def _endings(style: Style) -> str:
    named = {"nothing": "no mark at all", "emoji": "an emoji"}
    parts = [f"{named.get(end, end)} ({_percent(part)})" for end, part in style.ends_with.items() if part >= 0.03]
    return f"Messages end with {', '.join(parts)}." if parts else ""


def _emoji(style: Style, named: bool) -> str:
    if style.emoji_share < 0.01:
        return "Practically no emoji."
    which = f": {' '.join(style.emoji)}" if named and style.emoji else ""
    return f"Emoji in {_percent(style.emoji_share)} of messages{which}."


def _customs(where: str, share: float, which: Sequence[str]) -> list[str]:
    if share < 0.03 or not which:
        return [f"Turns do not {where} with a {'greeting' if where == 'begin' else 'closing'}."] if share < 0.03 else []
    return [f"{_percent(share)} of turns {where} with one of: {', '.join(which)}."]


def _percent(share: float) -> str:
    return f"{share:.0%}"
