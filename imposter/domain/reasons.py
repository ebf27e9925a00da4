"""Reasons: why a message got no answer, or an answer was not sent."""

from enum import StrEnum
from typing import NewType


class Gate(StrEnum):
    """The checks that a message passes on its way to an answer, in this order."""

    AUTHOR = "author"
    KIND = "kind"
    GROUPS = "groups"
    WHITELIST = "whitelist"
    AUTONOMY = "autonomy"
    LINKED = "linked"
    GROUP_TRIGGER = "group_trigger"
    HOURS = "hours"
    AGE = "age"
    QUEUE = "queue"
    BURST = "burst"
    PAUSE = "pause"
    CAPS = "caps"
    BUDGET = "budget"
    MODEL = "model"
    RELEASE = "release"
    DELIVERY = "delivery"


class Reason(StrEnum):
    """A reason, its gate and its texts.

    `text` completes a sentence that begins with "Not answered: ", `answer_text` one that begins with "Answered, but ".
    """

    gate: Gate
    text: str
    answer_text: str | None

    def __new__(cls, code: str, gate: Gate, text: str, answer_text: str | None = None) -> "Reason":
        """Make a member that is stored as `code`."""
        self = str.__new__(cls, code)
        self._value_ = code
        self.gate, self.text, self.answer_text = gate, text, answer_text
        return self

    OWN_ECHO = "own_echo", Gate.AUTHOR, "it is the bot's own"
    ECHO = "echo", Gate.AUTHOR, "it is one of the bot's own answers"
    DUPLICATE = "duplicate", Gate.AUTHOR, "it was already stored"
    NOT_ANSWERABLE = "not_answerable", Gate.KIND, "this kind of message needs no answer"
    REACTION = "reaction", Gate.KIND, "it is a reaction to a message"
    EDIT = "edit", Gate.KIND, "it edits an earlier message"
    DELETION = "deletion", Gate.KIND, "it deletes an earlier message"
    REVOKE = "revoke", Gate.KIND, "it deletes an earlier message"
    DELETED = "deleted", Gate.KIND, "it was deleted for everyone", "it was deleted for everyone"
    NOT_THEIRS = "not_theirs", Gate.KIND, "it would change another person's message"
    ALBUM = "album", Gate.KIND, "it announces an album"
    POLL_VOTE = "poll_vote", Gate.KIND, "it is a vote in a poll"
    EVENT_RESPONSE = "event_response", Gate.KIND, "it says who comes to an event"
    MENU = "menu", Gate.KIND, "a business sends it to everyone"
    ORDER = "order", Gate.KIND, "it is an order"
    PRODUCT = "product", Gate.KIND, "it is a product of a catalogue"
    PAYMENT = "payment", Gate.KIND, "it is a payment"
    CALL = "call", Gate.KIND, "it is a call that nobody took, and these are not answered (missed_call)"
    CALL_NOT_MISSED = "call_not_missed", Gate.KIND, "it is a call that is not known as one that nobody took"
    UNDECRYPTABLE = "undecryptable", Gate.KIND, "it could not be read; its sender's phone may send it once more"
    SET_ASIDE = "set_aside", Gate.KIND, "reading it made the connection fail, so it was skipped; open it on your phone"
    EVENT = "event", Gate.KIND, "it is a call or an event of the chat"
    NOTICE = "notice", Gate.KIND, "it is a notice of the platform's"
    UNSUPPORTED = "unsupported", Gate.KIND, "it is of a kind that cannot be read here"
    EMPTY = "empty", Gate.KIND, "it holds no words"
    GROUPS_OFF = "groups_off", Gate.GROUPS, "the bot leaves groups alone (allow_group_messages)"
    NOT_ALLOWED = "not_allowed", Gate.WHITELIST, "its sender is not on the whitelist (respond_to_whitelist)"
    AUTONOMY_OFF = "autonomy_off", Gate.AUTONOMY, "the bot is turned off for this contact (autonomy)"
    OBSERVED = "observed", Gate.AUTONOMY, "the bot only reads along with this contact (autonomy)"
    BEFORE_LINKING = "before_linking", Gate.LINKED, "it was sent before the account was linked"
    GROUPS_NEVER = "groups_never", Gate.GROUP_TRIGGER, "the bot never answers in this group (group_trigger)"
    NOT_ADDRESSED = "not_addressed", Gate.GROUP_TRIGGER, "you were not addressed in this group (group_trigger)"
    OUTSIDE_HOURS = "outside_hours", Gate.HOURS, "it came outside of your active hours"
    TOO_OLD = (
        "too_old",
        Gate.AGE,
        "it was too old before it could be answered (answer_within_minutes)",
        "it could not be sent in time",
    )
    MAX_DAYS = "max_days", Gate.QUEUE, "it was too old for the queue (queue_config.max_days)"
    MAX_MESSAGES = "max_messages", Gate.QUEUE, "too many messages waited for an answer (queue_config.max_messages)"
    MAX_CHARACTERS = (
        "max_characters",
        Gate.QUEUE,
        "what waited for an answer was too long (queue_config.max_characters)",
    )
    UNLINKED = "unlinked", Gate.QUEUE, "the account was unlinked before it was answered", "the account was unlinked"
    PLATFORM_CHANGED = (
        "platform_changed",
        Gate.QUEUE,
        "the bot was moved to another platform before it was answered",
        "the bot was moved to another platform",
    )
    TAKEOVER = "takeover", Gate.PAUSE, "you took over this chat", "you wrote in this chat yourself"
    PAUSED = "paused", Gate.PAUSE, "you paused the bot", "you paused the bot"
    LOOP = "loop", Gate.PAUSE, "its sender seems to be another bot, so the chat is paused"
    REACH_OUT_LOCKED = (
        "reach_out_locked",
        Gate.PAUSE,
        "the platform refused an answer in this chat (code 463), so the chat is paused",
    )
    REFUSED = "refused", Gate.PAUSE, "the platform refused answers again and again, so the account is paused"
    BUDGET_SPENT = "budget_spent", Gate.BUDGET, "what the model may cost was spent (budget_config)"
    MODEL_SILENT = "model_silent", Gate.MODEL, "the model chose to say nothing"
    MODEL_UNAVAILABLE = (
        "ModelUnavailable",
        Gate.MODEL,
        "the model could not be reached, or was too busy, each time it was asked",
    )
    MODEL_DECLINED = "ModelDeclined", Gate.MODEL, "the model's vendor blocked it; later prompts leave it out"
    MODEL_REFUSED = "ModelRefused", Gate.MODEL, "the model gave no answer, and trying again would not help"
    UNSEEN = "unseen", Gate.RELEASE, "it contains something that the model is not shown (unseen)"
    DRAFTED = "drafted", Gate.RELEASE, "its answer needs your approval (drafts)"
    DRAFT_DROPPED = "draft_dropped", Gate.RELEASE, "you discarded its draft"
    DRAFT_EXPIRED = "draft_expired", Gate.RELEASE, "its draft expired (draft_minutes)"
    HANDED_OVER = "handed_over", Gate.PAUSE, "they asked whether you are a bot, so the chat is yours"
    COMMAND = "command", Gate.AUTHOR, "it is your command to the bot"
    OWN_CHAT = "own_chat", Gate.AUTHOR, "you wrote it to yourself"
    REMOVED = "removed", Gate.MODEL, "you discarded its dead letter", "you discarded it"
    INTERRUPTED = (
        "interrupted",
        Gate.DELIVERY,
        "its answer was interrupted, because a contact that it was also for was erased",
        "the server stopped while sending it, so its delivery is unconfirmed",
    )
    PLATFORM_REFUSED = "Refused", Gate.DELIVERY, "the platform refused its answer", "the platform refused it"
    DELIVERY_UNCERTAIN = (
        "DeliveryUncertain",
        Gate.DELIVERY,
        "its answer's delivery is unconfirmed",
        "the platform did not confirm it",
    )
    OWNER = "owner", Gate.AUTHOR, "you wrote it yourself"
    RETRIED = "retried", Gate.MODEL, "its answer is being made once more, as you asked"
    ASKED_AGAIN = "asked_again", Gate.MODEL, "its answer is being made once more"
    UNDONE = "undone", Gate.DELIVERY, "you took it back", "you took it back"
    CHANGED = (
        "changed",
        Gate.DELIVERY,
        "the message that it answers was edited or deleted before it was sent",
        "the message that it answers was edited or deleted before it was sent",
    )


ForeignReason = NewType("ForeignReason", str)
"""A code that a provider gave, such as `event:call`, or the name of an exception."""


def reason_of(code: str) -> Reason | ForeignReason:
    """Return the reason for a stored code."""
    return BY_CODE.get(code, ForeignReason(code))


BY_CODE = {reason.value: reason for reason in Reason}
