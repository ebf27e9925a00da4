"""What to do when a connection to WhatsApp ends. Pure: no clock, no chance of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from imposter.contracts.status import LinkState

LONGEST_DELAY = 60.0
SOONER = 8.0
"""Seconds, the longest wait where WhatsApp has nothing against the account: what is in the way ends without a word."""
STEADY_SECONDS = 60.0
"""A process that lasted this long was a good one: the next failure counts as the first again."""
STEADY_LINK = 10.0
"""The same of a connection."""
_LINE_BROKE = frozenset({408, 428})


def next_delay(attempt: int, *, chance: Callable[[], float], longest: float = LONGEST_DELAY) -> float:
    """Seconds to wait before try number `attempt` (from 0): doubling up to `longest`, half of it by chance."""
    return min(longest, 2.0 ** min(attempt, 10)) * (0.5 + chance() / 2)


class Reconnects:
    """Of one account: counts its connections in a row that were no good."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._failures = 0

    def after(self, code: int, open_for: float | None) -> float:
        """Seconds until the next try, if one is due. `open_for`: how long the account was connected, None: it was not.

        A line that breaks again and again is made again soon, and so is one that our own database was in the way of.
        What WhatsApp refuses is asked ever more seldom.
        """
        if open_for is not None and open_for > STEADY_LINK:
            self._failures = 0
        broke = open_for is not None and code in _LINE_BROKE
        return next_delay(self._failures, chance=self._chance, longest=SOONER if broke or code == -1 else LONGEST_DELAY)

    def again(self, seconds: float) -> None:
        """It is tried again so much later: at once is part of linking, and no failure."""
        self._failures += seconds > 0


@dataclass(frozen=True, slots=True)
class DisconnectDecision:
    """`again_in` is seconds until the next try, None for no further one; `forget`: the credentials are worthless."""

    state: LinkState
    detail: str | None = None
    again_in: float | None = None
    forget: bool = False


def after_close(code: int, *, linked: bool, qr_shown: bool, passkey: bool, delay: float) -> DisconnectDecision:
    """What follows on the end of one connection.

    `code` is as Baileys gives it (its `DisconnectReason`; 0 and -1 are explained in protocol.ts). `qr_shown` and
    `passkey`: this connection showed a QR code, was asked for a passkey. `delay`: seconds to wait where that is due.
    """
    if code == 515:  # how WhatsApp ends the connection over which an account was linked
        return DisconnectDecision(LinkState.CONNECTING, again_in=0)
    if passkey:  # left standing for a while, for the owner to see it
        return DisconnectDecision(LinkState.PASSKEY_REQUIRED, PASSKEY, again_in=LONGEST_DELAY)
    if qr_shown and code in (408, 428):  # nobody scanned in time: more QR codes need another connection
        return DisconnectDecision(LinkState.LINKING, again_in=0)
    if code == 440:
        return DisconnectDecision(LinkState.REPLACED, REPLACED)
    if code == 401 and linked:
        return DisconnectDecision(LinkState.LOGGED_OUT, LOGGED_OUT, forget=True)
    reason = REASONS.get(code, f"The connection to WhatsApp ended ({code}).")
    return DisconnectDecision(LinkState.RECONNECTING, f"{reason} Trying again in {delay:.0f} s.", again_in=delay)


LOGGED_OUT = "Your phone unlinked this server. Start the bot again and scan the new code to go on."
REPLACED = (
    "Another program uses this linked device, so this one stepped back. Stop the other one and start the bot again."
)
PASSKEY = (
    "WhatsApp asks for a passkey before it links this account, which this server cannot give. Another code will not "
    "help now: try again in a few days, or use an account that WhatsApp does not ask."
)
REASONS = {
    -1: "The stored credentials could not be read.",
    403: "WhatsApp refuses this account; open WhatsApp on the phone to see whether it is restricted.",
    405: "WhatsApp refuses this version of the program; it may need an update.",
    408: "WhatsApp did not answer.",
    428: "The connection to WhatsApp was lost.",
    429: "WhatsApp finds this account's connections too many.",
    500: "WhatsApp has trouble of its own.",
    502: "Something between this server and WhatsApp answered in its place.",
    503: "WhatsApp is not available.",
}
