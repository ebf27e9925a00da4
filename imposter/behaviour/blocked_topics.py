"""Words and topics that the bot does not talk about."""

from collections.abc import Iterable, Sequence

from imposter.behaviour.text_normalization import skeleton


def blocked(texts: Iterable[str], words: Sequence[str]) -> str | None:
    """Return the first of `words` that occurs in a text as whole words, in any spelling. None if none does."""
    if not words:
        return None
    said = [f" {skeleton(text)} " for text in texts]
    # A word that is written with spaces or dots between its letters also counts as one word.
    run_on = [f" {_joined(text)} " for text in said]
    for word in words:
        sought = skeleton(word)
        if sought and any(f" {sought} " in text for text in (*said, *run_on)):
            return word
    return None


def _joined(text: str) -> str:
    """Return `text` with runs of single letters joined."""
    words: list[str] = []
    open_word = False
    for part in text.split():
        single = len(part) == 1
        if single and open_word:
            words[-1] += part
        else:
            words.append(part)
        open_word = single
    return " ".join(words)
