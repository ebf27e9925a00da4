"""The texts of the notes in the owner's chat with themselves."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from imposter.behaviour.message_text import shown_text
from imposter.behaviour.quoted_text import PREFIX, excerpt, lines_of, name_of, one_line, quoted
from imposter.domain.drafts import Draft, DraftState
from imposter.domain.messages import StoredMessage
from imposter.runtime.policy.approval import ApprovalReason

MOST_SPEAKERS = 5
"""Maximum number of group members whose messages are shown."""
MOST_SHOWN = 50_000
"""Maximum UTF-16 characters of an answer with its line prefixes. WhatsApp allows 65,536 in all."""
LONG_LINES, LONG = 10, 700
"""Lines and characters. For an answer with more, the note states its length."""
LONGEST_DETAIL = 300

BECAUSE: Mapping[str, str] = {
    ApprovalReason.ASK_FIRST: "you want to see answers to them first",
    ApprovalReason.HOURS: "it is outside of your active hours",
    ApprovalReason.EXAM: "the bot has not passed its exam",
    ApprovalReason.BUDGET: "your budget is spent",
    ApprovalReason.DOUBT: "the model was not sure",
    ApprovalReason.BLOCKED: "it touches on something that you keep the bot out of",
    ApprovalReason.LEAK: "it repeats what the bot was told in secret",
    ApprovalReason.MACHINERY: "there is something in it that is not for a person",
    ApprovalReason.UNREADABLE: "most of it makes no words",
    ApprovalReason.LONG: "it is longer than an answer may be",
    ApprovalReason.UNSEEN: "they sent something that the model has not seen or heard",
    ApprovalReason.EDITED: "they edited it too often, so it is yours to answer",
    ApprovalReason.CALL: "it is for a call that nobody took",
    ApprovalReason.GUARD: "it would bind you to something that you have not settled",
    ApprovalReason.COMPLAINT: "they asked whether they talk to a machine; the bot is silent there until you resume it",
}
IN_GROUP: Mapping[str, str] = {
    ApprovalReason.COMPLAINT: "they asked whether they talk to a machine; the bot answers them no more in that group, "
    "and everybody else as before, until you resume it or pause the group",
}
"""Texts that differ in a group."""
BECAME: Mapping[DraftState, str] = {
    DraftState.SENT: "it was sent",
    DraftState.EDITED: "it was sent in your words",
    DraftState.DROPPED: "it was dropped",
    DraftState.EXPIRED: "its time was over",
    DraftState.REPLACED: "more was written there, or it was edited, and there is a newer draft",
    DraftState.OPEN: "its time was over",
}


def of_draft(
    asked: Sequence[StoredMessage], text: str, why: ApprovalReason, detail: str | None, until: datetime
) -> str:
    """Return the note on a draft: the exact answer first, then the messages it answers.

    `until` is the time at which the draft expires.
    """
    said = IN_GROUP.get(why, BECAUSE[why]) if asked[-1].group_id is not None else BECAUSE[why]
    because = f"{said}{f' ({one_line(detail, LONGEST_DETAIL)})' if detail else ''}"
    return "\n".join([*_answer(asked[-1], text, because), "", *_asked(asked), "", _choice(text, because, until)])


def is_shown(text: str) -> bool:
    """Return whether a note shows the whole answer, so that a reaction may send it."""
    return len(quoted(text).encode("utf-16-le", "surrogatepass")) // 2 <= MOST_SHOWN


def too_late(draft: Draft) -> str:
    gone = draft.is_deleted and draft.state is DraftState.REPLACED
    became = "what it was for was deleted" if gone else BECAME[draft.state]
    return f"Too late for the answer to {name_of(draft.name, draft.conversation)}: {became}."


EMPTY = "There is no answer to send: reply with the words."
TOO_LONG = (
    "The answer is too long to be shown here, so it is not sent from here: send it from the bot's page, or reply."
)


def _answer(message: StoredMessage, text: str, because: str) -> Iterator[str]:
    to = name_of(message.sender_name, message.reply_to)
    if message.group_id is not None:
        to += f" in the group {name_of(message.group_name or '', message.group_id)}"
    if not text:
        yield f"There is no answer of mine to {to}: {because}."
        return
    lines = lines_of(text)
    size = f" ({lines:,} lines, {len(text):,} characters)" if lines > LONG_LINES or len(text) > LONG else ""
    yield f"My answer to {to}{size}:"
    yield quoted(text) if is_shown(text) else excerpt(text)


def _asked(asked: Sequence[StoredMessage]) -> Iterator[str]:
    spoken = [(first, list(said)) for first, said in groupby(asked, lambda each: (each.sender_id, each.sender_name))]
    if len(spoken) > MOST_SPEAKERS:
        yield f"({len(spoken) - MOST_SPEAKERS} earlier speakers are not shown)"
    for (sender_id, name), said in spoken[-MOST_SPEAKERS:]:
        yield f"{name_of(name, sender_id)} wrote:"
        words = [shown_text(each.content, each.kind, each.details, unseen=each.unseen) for each in said]
        yield excerpt("\n".join(words)) or PREFIX


def _choice(text: str, because: str, until: datetime) -> str:
    if not text:
        return f"Reply to this message to answer; until {until:%H:%M} UTC."
    if not is_shown(text):
        sends = "It is too long to be shown here: send it from the bot's page. \U0001f44e drops it, "
    else:
        sends = "\U0001f44d sends it, \U0001f44e drops it, "
    return (
        f"I ask first because {because}.\n{sends}a reply to this message is sent in its place; until {until:%H:%M} UTC."
    )
