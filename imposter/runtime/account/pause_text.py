"""The reasons of pauses, in words for the owner."""

from collections.abc import Sequence
from datetime import datetime

from imposter.domain.pauses import FOREVER, OWNER_PAUSE, TAKEOVER, Pause
from imposter.domain.reasons import Reason

ACCOUNT = ""
"""Stands for all conversations in a pause."""
LOOP = Reason.LOOP
LOCKED = Reason.REACH_OUT_LOCKED
REFUSED = Reason.REFUSED
HANDED_OVER = Reason.HANDED_OVER
"""Reasons of pauses. A message left unanswered in a paused chat has the same reason."""

WHY = {
    LOOP: "its contact answers as fast, or for as long, as only a machine does. If it is a person, resume the bot.",
    LOCKED: "the platform refused an answer there (code 463: reaching out is locked). Write there once on the phone.",
    TAKEOVER: "you wrote there yourself.",
    HANDED_OVER: "they asked whether they talk to a machine. Answer them yourself, or resume it.",
    OWNER_PAUSE: "you paused it; resume it to have it answered again.",
}
"""Texts for the pause of one chat."""


def of_account(pause: Pause, code: str) -> str:
    """Describe a pause of the whole account. `code` is a text with the platform's error code, or empty."""
    if pause.reason == OWNER_PAUSE:
        return f"You paused the bot: nobody is answered {until(pause.until)}; resume it to end that before."
    return (
        f"The platform refused answers again and again{code}. Nobody is answered {until(pause.until)}; use the account "
        "on the phone as usual, and do not link it anew."
    )


def of_chats(pauses: Sequence[Pause]) -> list[str]:
    told = []
    for reason, why in WHY.items():
        if ends := [pause.until for pause in pauses if pause.conversation != ACCOUNT and pause.reason == reason]:
            told.append(f"{chats(len(ends))} without answers {until(max(ends))}: {why}")
    return told


def chats(count: int) -> str:
    return "1 chat is" if count == 1 else f"{count} chats are"


def until(moment: datetime) -> str:
    return "until you resume it" if moment >= FOREVER else f"until {moment:%Y-%m-%d %H:%M} UTC"
