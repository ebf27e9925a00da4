"""Whether the owner has settled already what is asked now."""

from collections.abc import Iterable, Sequence

from imposter.behaviour.guard.commitments import CommitmentKind, Named
from imposter.behaviour.guard.request_words import DAYS
from imposter.behaviour.guard.requests import Ask
from imposter.behaviour.phrase_matching import listed

STEM = 4
"""Letters that two words have to share to be of one family."""
_EMPTY = listed(
    "can could would will shall should may might have that this with your from then than there here just like "
    "okay please what when where some also kann kannst konntest wurdest hast dann also noch mein dein eine einen "
    "bitte doch oder peux pourrais alors donc pour avec cette dans toujours bien puedes podrias entonces para "
    "esta este favor sigue vale puedo puoi potresti allora quindi questo questa ancora bene posso pode podia "
    "poderia entao para esse essa voce posso kun kunt zou dan voor deze"
)


def is_settled(ask: Ask, answer: str, said: Sequence[str], *told: Named) -> bool:
    """Whether one of the owner's messages, or of what they told the bot, names the same.

    The same are every amount, time and day that is asked or answered, and what it is about, in one sentence that is
    neither a question nor a no. The owner's last message may name the figures alone, unless money is asked for.
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
    """The beginnings of those words that tell what a sentence is about."""
    return frozenset(
        word[:length] for word in words if len(word) >= length and word not in _EMPTY and not word.isdecimal()
    )
