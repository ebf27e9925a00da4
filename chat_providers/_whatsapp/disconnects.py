"""Decisions after a connection to WhatsApp ends. Pure: no clock and no random numbers of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from imposter.contracts.status import LinkState

LONGEST_DELAY = 60.0
SOONER = 8.0
"""Maximum seconds to wait if WhatsApp has not refused the account. Such problems may end at any time."""
STEADY_SECONDS = 60.0
"""Seconds after which a process counts as healthy, so that the next failure is the first again."""
STEADY_LINK = 10.0
"""The same for a connection."""
_LINE_BROKE = frozenset({408, 428})


def next_delay(attempt: int, *, chance: Callable[[], float], longest: float = LONGEST_DELAY) -> float:
    """Return the seconds before attempt number `attempt` (from 0).

    They double up to `longest`, with half of it random.
    """
    return min(longest, 2.0 ** min(attempt, 10)) * (0.5 + chance() / 2)


class Reconnects:
    """Reconnections of one account: counts consecutive failed connections."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._failures = 0

    def after(self, code: int, open_for: float | None) -> float:
        """Return the seconds until the next attempt.

        `open_for` is how long the account was connected, None if it was not.
        The wait stays short after connections that broke and after errors of our own database. It grows after refusals
        by WhatsApp.
        """
        if open_for is not None and open_for > STEADY_LINK:
            self._failures = 0
        broke = open_for is not None and code in _LINE_BROKE
        return next_delay(self._failures, chance=self._chance, longest=SOONER if broke or code == -1 else LONGEST_DELAY)

    def again(self, seconds: float) -> None:
        """Record the wait before the next attempt. An immediate one is part of linking and not a failure."""
        self._failures += seconds > 0


@dataclass(frozen=True, slots=True)
class DisconnectDecision:
    """`again_in` is the seconds until the next attempt, None for no more.

    With `forget`, the credentials are invalid.
    """

    state: LinkState
    detail: str | None = None
    again_in: float | None = None
    forget: bool = False


def after_close(code: int, *, linked: bool, qr_shown: bool, passkey: bool, delay: float) -> DisconnectDecision:
    """Return the decision after a connection ended.

    `code` is Baileys' (its `DisconnectReason`; 0 and -1 are explained in protocol.ts). `qr_shown` and `passkey` tell
    whether this connection showed a QR code or was asked for a passkey. `delay` is the seconds to wait before a normal
    attempt.
    """
    if code == 515:  # WhatsApp ends the connection like this after linking
        return DisconnectDecision(LinkState.CONNECTING, again_in=0)
    if passkey:  # stays for a while so that the owner sees it
        return DisconnectDecision(LinkState.PASSKEY_REQUIRED, PASSKEY, again_in=LONGEST_DELAY)
    if qr_shown and code in (408, 428):  # nobody scanned in time; more QR codes need another connection
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
