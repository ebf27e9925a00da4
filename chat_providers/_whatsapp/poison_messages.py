"""Poison messages: those that no process survives reading, which WhatsApp would deliver again for ever."""

MOST_KEPT = 100


class PoisonMessages:
    """Of one account: tells by the ends of its processes which message is one.

    What is being read when a process of many accounts breaks is only suspect, as any of theirs may have done it. When
    one of this account alone breaks over the same message, it was that message.
    """

    def __init__(self) -> None:
        self.suspect: str | None = None
        """The fingerprint of a message during which a process broke, until it is read or known for what it is."""
        self._reading: str | None = None
        self._known: dict[str, None] = {}

    @property
    def known(self) -> list[str]:
        """Fingerprints of messages that are not to be read."""
        return list(self._known)

    def reading(self, stanza: str | None) -> None:
        """The account reads this message now; None: it has read it."""
        if stanza is None and self._reading == self.suspect:
            self.suspect = None
        self._reading = stanza

    def process_ended(self, *, broke: bool, alone: bool) -> bool:
        """Whether it is known by now what it broke over."""
        read, self._reading = self._reading, None
        if not broke or read is None:
            return False
        if not alone or read != self.suspect:
            self.suspect = read
            return False
        self.suspect = None
        self._known[read] = None
        if len(self._known) > MOST_KEPT:
            self._known.pop(next(iter(self._known)))
        return True
