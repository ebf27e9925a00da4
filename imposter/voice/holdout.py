"""What may be known of how somebody writes when they are asked once more what they answered before."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from imposter.voice.exchanges import Exchange
from imposter.voice.questions import Question

ANY_ZONE = timedelta(hours=26)
"""An exported chat does not say in which time zone its times are: they may be so much off."""


def untold(question: Question, exchanges: Iterable[Exchange], held_out: Collection[Question]) -> list[Exchange]:
    """Those of `exchanges` that were before the question, tell no part of its answer, and are not held out."""
    answers = {_plain(bubble) for bubble in question.answered}
    held = {(_plain(each.asked), _plain(each.answer)) for each in held_out}
    return [
        exchange
        for exchange in exchanges
        if exchange.at < question.at - ANY_ZONE
        and (_plain(exchange.question), _plain(exchange.answer)) not in held
        and answers.isdisjoint(map(_plain, exchange.bubbles))
    ]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
