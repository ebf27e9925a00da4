"""All reasons of messages and answers: the gate at which each one stopped, and the text for the owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState


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


@dataclass(frozen=True, slots=True)
class Reason:
    gate: Gate
    told: str
    """The end of a sentence that starts with "Not answered: "."""


OF_MESSAGES: Mapping[str, Reason] = {
    "own_echo": Reason(Gate.AUTHOR, "it is the bot's own"),
    "echo": Reason(Gate.AUTHOR, "it is one of the bot's own answers"),
    "duplicate": Reason(Gate.AUTHOR, "it was already stored"),
    "not_answerable": Reason(Gate.KIND, "this kind of message needs no answer"),
    "reaction": Reason(Gate.KIND, "it is a reaction to a message"),
    "edit": Reason(Gate.KIND, "it edits an earlier message"),
    "deletion": Reason(Gate.KIND, "it deletes an earlier message"),
    "revoke": Reason(Gate.KIND, "it deletes an earlier message"),
    "deleted": Reason(Gate.KIND, "it was deleted for everyone"),
    "not_theirs": Reason(Gate.KIND, "it would change another person's message"),
    "album": Reason(Gate.KIND, "it announces an album"),
    "poll_vote": Reason(Gate.KIND, "it is a vote in a poll"),
    "event_response": Reason(Gate.KIND, "it says who comes to an event"),
    "menu": Reason(Gate.KIND, "a business sends it to everyone"),
    "order": Reason(Gate.KIND, "it is an order"),
    "product": Reason(Gate.KIND, "it is a product of a catalogue"),
    "payment": Reason(Gate.KIND, "it is a payment"),
    "call": Reason(Gate.KIND, "it is a call that nobody took, and these are not answered (missed_call)"),
    "call_not_missed": Reason(Gate.KIND, "it is a call that is not known as one that nobody took"),
    "undecryptable": Reason(Gate.KIND, "it could not be read; its sender's phone may send it once more"),
    "set_aside": Reason(Gate.KIND, "reading it made the connection fail, so it was skipped; open it on your phone"),
    "event": Reason(Gate.KIND, "it is a call or an event of the chat"),
    "notice": Reason(Gate.KIND, "it is a notice of the platform's"),
    "unsupported": Reason(Gate.KIND, "it is of a kind that cannot be read here"),
    "empty": Reason(Gate.KIND, "it holds no words"),
    "groups_off": Reason(Gate.GROUPS, "the bot leaves groups alone (allow_group_messages)"),
    "not_allowed": Reason(Gate.WHITELIST, "its sender is not on the whitelist (respond_to_whitelist)"),
    "autonomy_off": Reason(Gate.AUTONOMY, "the bot is turned off for this contact (autonomy)"),
    "observed": Reason(Gate.AUTONOMY, "the bot only reads along with this contact (autonomy)"),
    "before_linking": Reason(Gate.LINKED, "it was sent before the account was linked"),
    "groups_never": Reason(Gate.GROUP_TRIGGER, "the bot never answers in this group (group_trigger)"),
    "not_addressed": Reason(Gate.GROUP_TRIGGER, "you were not addressed in this group (group_trigger)"),
    "outside_hours": Reason(Gate.HOURS, "it came outside of your active hours"),
    "too_old": Reason(Gate.AGE, "it was too old before it could be answered (answer_within_minutes)"),
    "max_days": Reason(Gate.QUEUE, "it was too old for the queue (queue_config.max_days)"),
    "max_messages": Reason(Gate.QUEUE, "too many messages waited for an answer (queue_config.max_messages)"),
    "max_characters": Reason(Gate.QUEUE, "what waited for an answer was too long (queue_config.max_characters)"),
    "unlinked": Reason(Gate.QUEUE, "the account was unlinked before it was answered"),
    "platform_changed": Reason(Gate.QUEUE, "the bot was moved to another platform before it was answered"),
    "takeover": Reason(Gate.PAUSE, "you took over this chat"),
    "paused": Reason(Gate.PAUSE, "you paused the bot"),
    "loop": Reason(Gate.PAUSE, "its sender seems to be another bot, so the chat is paused"),
    "reach_out_locked": Reason(
        Gate.PAUSE, "the platform refused an answer in this chat (code 463), so the chat is paused"
    ),
    "refused": Reason(Gate.PAUSE, "the platform refused answers again and again, so the account is paused"),
    "budget_spent": Reason(Gate.BUDGET, "what the model may cost was spent (budget_config)"),
    "model_silent": Reason(Gate.MODEL, "the model chose to say nothing"),
    "ModelUnavailable": Reason(Gate.MODEL, "the model could not be reached, or was too busy, each time it was asked"),
    "ModelDeclined": Reason(Gate.MODEL, "the model's vendor blocked it; later prompts leave it out"),
    "ModelRefused": Reason(Gate.MODEL, "the model gave no answer, and trying again would not help"),
    "unseen": Reason(Gate.RELEASE, "it contains something that the model is not shown (unseen)"),
    "drafted": Reason(Gate.RELEASE, "its answer needs your approval (drafts)"),
    "draft_dropped": Reason(Gate.RELEASE, "you discarded its draft"),
    "draft_expired": Reason(Gate.RELEASE, "its draft expired (draft_minutes)"),
    "handed_over": Reason(Gate.PAUSE, "they asked whether you are a bot, so the chat is yours"),
    "command": Reason(Gate.AUTHOR, "it is your command to the bot"),
    "own_chat": Reason(Gate.AUTHOR, "you wrote it to yourself"),
    "removed": Reason(Gate.MODEL, "you discarded its dead letter"),
    "interrupted": Reason(
        Gate.DELIVERY, "its answer was interrupted, because a contact that it was also for was erased"
    ),
    "Refused": Reason(Gate.DELIVERY, "the platform refused its answer"),
    "DeliveryUncertain": Reason(Gate.DELIVERY, "its answer's delivery is unconfirmed"),
}
"""Reasons by code. A code such as `event:call` is found by the part before the colon."""

OWN = "owner"
"""The reason of the owner's own messages, which need no answer."""

OF_ANSWERS: Mapping[str, str] = {
    "too_old": "it could not be sent in time",
    "interrupted": "the server stopped while sending it, so its delivery is unconfirmed",
    "Refused": "the platform refused it",
    "DeliveryUncertain": "the platform did not confirm it",
    "removed": "you discarded it",
    "undone": "you took it back",
    "deleted": "it was deleted for everyone",
    "changed": "the message that it answers was edited or deleted before it was sent",
    "takeover": "you wrote in this chat yourself",
    "paused": "you paused the bot",
    "unlinked": "the account was unlinked",
    "platform_changed": "the bot was moved to another platform",
}
"""Ends of a sentence that starts with "Answered, but ", by code."""


def of_message(state: MessageState, code: str | None) -> Reason:
    """Return the reason of a message that ended without an answer."""
    code = code or "not_answerable"
    reason = OF_MESSAGES.get(code)
    if reason is not None:
        return reason
    if state is MessageState.FAILED:  # the code is the name of an exception from a third-party provider
        return Reason(Gate.MODEL, f"the model's provider failed ({code})")
    kind = code.partition(":")[0]
    told = OF_MESSAGES[kind if kind in OF_MESSAGES else "not_answerable"].told
    return Reason(Gate.KIND, f"{told} ({code})")


def of_answer(state: DeliveryState, code: str | None) -> str:
    """Return the reason of an answer that was not sent, or may not have been."""
    if code is None:
        return "its delivery is unconfirmed" if state is DeliveryState.UNCERTAIN else "it was not sent"
    if code in OF_ANSWERS:
        return OF_ANSWERS[code]
    if state is DeliveryState.WITHDRAWN and code in OF_MESSAGES:
        return f"it was taken back by new rules: {OF_MESSAGES[code].told}"
    return f"sending it failed ({code})"
