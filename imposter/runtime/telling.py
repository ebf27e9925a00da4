"""What an owner reads in the chat that they have with themselves."""

from collections.abc import Mapping
from datetime import datetime

from imposter.runtime.release import Why
from imposter.storage.drafted import Draft
from imposter.storage.records import DraftState

LONGEST_QUESTION = 500
"""Characters that are shown of what somebody wrote."""

BECAUSE: Mapping[str, str] = {
    Why.ASK_FIRST: "you want to see answers to them first",
    Why.HOURS: "it is outside of your active hours",
    Why.EXAM: "the bot has not passed its exam",
    Why.BUDGET: "your budget is spent",
    Why.DOUBT: "the model was not sure",
    Why.BLOCKED: "it touches on something that you keep the bot out of",
    Why.LEAK: "it repeats what the bot was told in secret",
    Why.UNREADABLE: "most of it makes no words",
    Why.GUARD: "it would bind you to something that nobody there has named",
    Why.COMPLAINT: "they asked whether they talk to a machine; the bot is silent there until you resume it",
}
BECAME: Mapping[DraftState, str] = {
    DraftState.SENT: "it was sent",
    DraftState.EDITED: "it was sent in your words",
    DraftState.DROPPED: "it was dropped",
    DraftState.EXPIRED: "its time was over",
    DraftState.REPLACED: "more was written there, and there is a newer draft",
    DraftState.OPEN: "its time was over",
}


def of_draft(name: str, question: str, text: str, why: Why, detail: str | None, until: datetime) -> str:
    """`until` is when the draft is dropped by itself."""
    because = f"{BECAUSE[why]}{f' ({detail})' if detail else ''}"
    asked = _cut(question)
    if not text:
        return (
            f"{name} wrote:\n{asked}\n\nThere is no answer of mine: {because}.\n"
            f"Reply to this message to answer; until {until:%H:%M} UTC."
        )
    return (
        f"{name} wrote:\n{asked}\n\nMy answer:\n{text}\n\nI ask first because {because}.\n"
        "\U0001f44d sends it, \U0001f44e drops it, a reply to this message is sent in its place; "
        f"until {until:%H:%M} UTC."
    )


def too_late(draft: Draft) -> str:
    return f"Too late for the answer to {draft.name or draft.conversation}: {BECAME[draft.state]}."


EMPTY = "There is no answer to send: reply with the words."


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUESTION else f"{text[:LONGEST_QUESTION]}\u2026"
