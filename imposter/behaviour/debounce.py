"""Debounce: messages that arrive close together become one turn."""

from datetime import datetime, timedelta

from imposter.contracts.behaviour import Behaviour


def due_at(first: datetime, last: datetime, behaviour: Behaviour, typing_until: datetime | None = None) -> datetime:
    """Return the time at which unanswered messages that arrived between `first` and `last` are due as one turn.

    `typing_until` is the time until which their sender is assumed to be typing. The result may be before `last` if the
    maximum wait had already passed when that message arrived.
    """
    if not behaviour.debounce_seconds:
        return last
    quiet = last + timedelta(seconds=behaviour.debounce_seconds)
    if typing_until is not None:
        quiet = max(quiet, typing_until)
    return min(quiet, first + timedelta(seconds=behaviour.longest_debounce))
