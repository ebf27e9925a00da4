"""The bounded, durable inbox of one user."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Any, Unpack
from uuid import uuid4

from imposter.behaviour.message_text import unseen_of
from imposter.contracts.errors import InvalidState
from imposter.contracts.messages import CHANGES, Group, Message, MessageFacts, MessageKind, Sender, Source
from imposter.domain.messages import Accepted
from imposter.runtime.session_context import SessionContext
from imposter.storage.database.jobs import Pending

__all__ = ["Group", "Message", "Sender", "Source", "UserQueue"]

LONGEST_ID = 256
LONGEST_NAME = 256
LONGEST_DETAILS = 4096
LONGEST_QUOTE = 4096
MOST_MENTIONS = 100
MOST_IDS = 16
"""Ids of one person; WhatsApp gives two."""
AT_ONCE = 500
"""Messages of one bot that may be on their way to the store at once. More would only delay the others."""
PATIENCE = 30.0
"""Seconds that a thread waits for a free place before its message is refused."""


class UserQueue:
    """The queue of messages that a chat provider receives, each stored with the decision of the bot's rules.

    The policy's queue limits bound the messages that wait for an answer, all conversations together. When the queue is
    full, the oldest message of the conversation with the most waiting messages is evicted, with the reason on record.
    `on_accepted` is called on the store's thread for every stored message. Once a later session has claimed the bot,
    nothing is stored any more: the later session receives the messages from the platform.
    """

    def __init__(
        self,
        user_id: str,
        context: SessionContext,
        on_accepted: Callable[[Accepted], None],
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self.user_id = user_id
        self._context = context
        self._on_accepted = on_accepted
        self._new_id = new_id
        self._places = BoundedSemaphore(AT_ONCE)
        self._closed = False

    def add_message(
        self,
        content: str,
        sender: Sender | str,
        source: Source | str = Source.CONTACT,
        group: Group | str | None = None,
        *,
        message_id: str | None = None,
        sent_at: datetime | None = None,
        to: Sender | str | None = None,
        reply_to: str | None = None,
        behind: Pending[Accepted] | None = None,
        **facts: Unpack[MessageFacts],
    ) -> Pending[Accepted]:
        """Accept one message, from any thread or task.

        Return a pending result, which may be ignored, awaited or asked for `.result()`. Once it is done, the message is
        durable.

        `source` is `user` (a contact) or `owner` (typed by the account's owner; in a direct chat `to` is then the
        contact). `message_id` is the platform's id: the same id in the same conversation is the same message and is
        dropped. Without an id every call is a new message. `sent_at` (default: now; without a zone it is UTC) and
        `offline` describe a message that the platform kept while the account was offline. An answer goes to `reply_to`
        (default: the group, else the sender).

        `content` is the text that was written, and nothing else: for a voice message it is empty, and `kind` says so.
        The other `facts` are the fields of `Message`:
        - `answerable=False` with a `note`: the message is stored but needs no answer.
        - `addressed`: in a group, the message mentions the account or replies to it.
        - `quotes`, `reacts_to`: ids of the messages that it replies to or reacts to.
        - `unseen`, such as `voice message`: a part of the message that `content` does not contain. The answer then
          waits for the owner's approval, unless the config says otherwise.
        - `changes`: id of the earlier message, with the kind `edit` or `deletion`. The earlier message is changed if it
          has the same sender.

        Messages are stored in the order of the calls. A caller that does not await each message, and resubmits those
        that could not be stored, passes the previous result as `behind`: if that fails with an error that may pass, so
        does this.

        Raises at once: ValueError or TypeError (not a valid message, such as an id of more than 256 characters),
        InvalidState (the bot has been stopped). Names are cut to 256 characters, the content to the limit of the bot's
        config.
        Raises from the result: StorageError (Superseded: a later run has claimed the bot).
        Messages that are not awaited are limited too. When AT_ONCE messages are on their way to the store, a thread
        waits here for a free place; a task is refused (InvalidState) and has to await.
        """
        if self._closed:
            raise InvalidState("The bot has been stopped; its queue takes nothing more.")
        message = self._message(
            content, _person(sender, "sender"), Source(source), group, message_id, sent_at, to, reply_to, facts
        )
        if not self._places.acquire(timeout=0 if _on_event_loop() else PATIENCE):
            raise InvalidState("Too many messages at once: await what add_message gives back.")
        context = self._context
        pending = context.store.messages.add(
            context.instance_id,
            message,
            context.policy.queue_limits,
            context.judge,
            lambda: context.busy,
            claim=context.claim,
            behind=behind,
        )
        pending.add_done_callback(self._accepted)
        return pending

    def close(self) -> None:
        """Refuse all further messages.

        A provider may still deliver messages for a bot that was stopped.
        """
        self._closed = True

    def _message(
        self,
        content: str,
        sender: Sender,
        source: Source,
        group: Group | str | None,
        message_id: str | None,
        sent_at: datetime | None,
        to: Sender | str | None,
        reply_to: str | None,
        facts: MessageFacts,
    ) -> Message:
        if not isinstance(content, str):
            raise TypeError(f"content must be text, not {type(content).__name__}")
        named = {name: facts.get(name) or None for name in ("quotes", "reacts_to", "changes", "changes_of", "note")}
        _check_ids(message_id=message_id, reply_to=reply_to or None, **named)
        kind = MessageKind(facts.get("kind", MessageKind.TEXT))
        if (kind in CHANGES) != bool(facts.get("changes")):
            raise ValueError("changes must name the message that an edit or deletion is of, and is of no other kind")
        if isinstance(group, str):
            group = Group(group)
        if group is not None:
            _check_ids(group=group.identifier)
            group = Group(group.identifier, group.display_name[:LONGEST_NAME])
            chat, address = [group.identifier], group.identifier
        else:
            other = _person(to, "to") if source is not Source.CONTACT else sender
            chat, address = list(other.identifiers), other.identifier
        now, canonical = self._context.clock.now(), self._context.policy.eligibility.canonical
        return Message(
            message_id=message_id or self._new_id(),
            content=content,
            sender=sender,
            source=source,
            sent_at=now if sent_at is None else min(_utc(sent_at), now),
            reply_to=reply_to or address,
            chat=tuple(dict.fromkeys(canonical(name) for name in chat)),
            group=group,
            **facts | _bounded(facts, kind, content),
        )

    def _accepted(self, pending: Future[Accepted]) -> None:
        self._places.release()
        if pending.exception() is None and not self._closed:
            self._on_accepted(pending.result())


def _person(value: Sender | str | None, field: str) -> Sender:
    if value is None:
        raise ValueError(f"{field} is missing: a message of the owner's in a direct chat needs the contact as `to`")
    person = Sender(value) if isinstance(value, str) else value
    _check_ids(**{field: person.identifier})
    others = tuple(each for each in person.alternate_identifiers if len(each) <= LONGEST_ID)
    return Sender(person.identifier, person.display_name[:LONGEST_NAME], others[:MOST_IDS])


def _bounded(facts: MessageFacts, kind: MessageKind, content: str) -> MessageFacts:
    """Return the facts that are cut to a limit or derived from other facts."""
    details, quoted = facts.get("details", "")[:LONGEST_DETAILS], facts.get("quoted")
    unseen = unseen_of(content, kind, details, facts.get("unseen"))
    return {
        "kind": kind,
        "details": details,
        "unseen": unseen and unseen[:LONGEST_NAME],
        "quoted": quoted
        and replace(quoted, content=quoted.content[:LONGEST_QUOTE], details=quoted.details[:LONGEST_DETAILS]),
        "mentions": tuple(facts.get("mentions", ()))[:MOST_MENTIONS],
    }


def _check_ids(**ids: Any) -> None:
    for field, value in ids.items():
        if value is not None and not (isinstance(value, str) and 0 < len(value) <= LONGEST_ID):
            raise ValueError(f"{field} must have 1 to {LONGEST_ID} characters")


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
