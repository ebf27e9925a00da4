"""Detection of requests that the owner has already settled."""

from collections.abc import Iterable, Sequence

from imposter.behaviour.guard.commitments import CommitmentKind, Named
from imposter.behaviour.guard.request_words import DAYS
from imposter.behaviour.guard.requests import Ask
from imposter.behaviour.phrase_matching import listed

STEM = 4
"""Minimum number of letters that related words share."""
_EMPTY = listed(
    "can could would will shall should may might have that this with your from then than there here just like "
    "okay please what when where some also kann kannst konntest wurdest hast dann also noch mein dein eine einen "
    "bitte doch oder peux pourrais alors donc pour avec cette dans toujours bien puedes podrias entonces para "
    "esta este favor sigue vale puedo puoi potresti allora quindi questo questa ancora bene posso pode podia "
    "poderia entao para esse essa voce posso kun kunt zou dan voor deze"
)


def is_settled(ask: Ask, answer: str, said: Sequence[str], *told: Named) -> bool:
    """Return whether one of the owner's messages, or of their words to the bot, settles the request.

    It does if one statement (not a question or a negation) names the same subject, and every amount, time and day of
    the request and the answer. The owner's last message may name only the numbers, unless the request is for money.
    """
    sources = [(Named([text]), number == len(said)) for number, text in enumerate(said, 1)]
    wanted = Named([ask.text, answer])
    figures = wanted.figures - {"1"}
    matter = stems(ask.words)
    days = _days(wanted)
    enough = 1 if figures or days or len(matter) == 1 else 2
    return bool(matter) and any(
        source.figures >= figures
        and _days(source) >= days
        and all(source.has_moment(moment) for moment in wanted.moments)
        and any(
            len(matter & stems(statement)) >= enough or (last and figures and ask.kind is not CommitmentKind.MONEY)
            for statement in source.statements
        )
        for source, last in (*sources, *((each, False) for each in told))
    )


def _days(named: Named) -> frozenset[str]:
    return DAYS.intersection(named.plain.split())


def stems(words: Iterable[str], length: int = STEM) -> frozenset[str]:
    """Return the stems of the words that carry the meaning of a sentence."""
    return frozenset(
        word[:length] for word in words if len(word) >= length and word not in _EMPTY and not word.isdecimal()
    )
