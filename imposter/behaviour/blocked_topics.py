"""Words and topics that a bot keeps out of."""

from collections.abc import Iterable, Sequence

from imposter.behaviour.text_normalization import skeleton


def blocked(texts: Iterable[str], words: Sequence[str]) -> str | None:
    """The first of `words` that one of the texts holds, as whole words, however it is spelled there."""
    if not words:
        return None
    said = [f" {skeleton(text)} " for text in texts]
    # What is written with blanks or dots between its letters is one word, too.
    run_on = [f" {_joined(text)} " for text in said]
    for word in words:
        sought = skeleton(word)
        if sought and any(f" {sought} " in text for text in (*said, *run_on)):
            return word
    return None


def _joined(text: str) -> str:
    """`text` with letters that stand alone put together."""
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
