"""Poison messages, which crash every process that reads them and which WhatsApp would deliver again forever."""

MOST_KEPT = 100


class PoisonMessages:
    """Detection of one account's poison messages, from the ends of its processes.

    If a process with many accounts crashes, the message that each account was reading is only suspect, since any of
    them may be the cause. If a process with only this account crashes on the same message, that message is the cause.
    """

    def __init__(self) -> None:
        self.suspect: str | None = None
        """Fingerprint of a message that was being read during a crash, until it is read or identified as poison."""
        self._reading: str | None = None
        self._known: dict[str, None] = {}

    @property
    def known(self) -> list[str]:
        """Fingerprints of messages that must not be read."""
        return list(self._known)

    def reading(self, stanza: str | None) -> None:
        """Record that the account reads this message now. None means that it has finished."""
        if stanza is None and self._reading == self.suspect:
            self.suspect = None
        self._reading = stanza

    def process_ended(self, *, broke: bool, alone: bool) -> bool:
        """Record the end of a process. Return whether the message that caused it is now identified."""
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
