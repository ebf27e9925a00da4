"""When somebody has finished: messages that come close together are one turn."""

from datetime import datetime, timedelta

from imposter.contracts.behaviour import Behaviour


def due_at(first: datetime, last: datetime, behaviour: Behaviour, typing_until: datetime | None = None) -> datetime:
    """When messages that came between `first` and `last`, and have no answer yet, may be taken as one turn.

    `typing_until` is until when their sender is believed to type. The result may lie before `last`: where the longest
    wait was over already when that came.
    """
    if not behaviour.debounce_seconds:
        return last
    quiet = last + timedelta(seconds=behaviour.debounce_seconds)
    if typing_until is not None:
        quiet = max(quiet, typing_until)
    return min(quiet, first + timedelta(seconds=behaviour.longest_debounce))
