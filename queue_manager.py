"""UserQueue: one user's bounded, durable inbox."""

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
"""Of one person; WhatsApp gives two."""
AT_ONCE = 500
"""Messages of one bot on their way to the store: more would only make the others wait."""
PATIENCE = 30.0
"""Seconds that a thread waits for its turn."""


class UserQueue:
    """Takes what a chat provider receives, decides by the bot's rules, and keeps it before anything else happens.

    The policy's queue limits bound what waits for an answer (all conversations together); the oldest message of the
    conversation that holds most goes first, with its reason on record. `on_accepted` is told, on the store's thread,
    of every message that was stored. Once a later session has claimed the bot, nothing is kept any more: that session
    hears of it from the platform.
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
        """Accept one message; from any thread or task. The result can be left alone, awaited, or asked for `.result()`.

        Awaited, it means: durable. `source` is `user` (a contact) or `owner` (typed by the account's owner, then `to`
        is the contact, in a direct chat). `message_id` is the platform's: the same id in the same conversation is the
        same message and is dropped; without one, every call is a new message. `sent_at` (default: now; without a zone
        it is UTC) and `offline` tell what the platform kept for us while we were away. An answer goes to `reply_to`
        (default: the group, else the sender).

        `content` is what somebody wrote, and nothing else: of a voice message it is empty, and the `kind` tells. The
        other `facts` are as in `Message`: `answerable=False` with a `note` keeps what wants no answer; `addressed`: in
        a group, it mentions the account or replies to it; `quotes` and `reacts_to` are the ids of the messages that
        it replies or reacts to. `unseen`, such as `voice message`: what came with it that `content` does not tell; then
        the answer waits for the owner, unless they want it otherwise. With the kind `edit` or `deletion`, and the
        earlier message's id as `changes`, it changes that one, where it is the sender's own.

        Messages are stored in the order of the calls. Whoever does not wait for one before the next, and gives again
        what could not be stored, names the one before as `behind`: where that fails and may succeed yet, so does this.

        Raises at once: ValueError or TypeError for what is no message, such as an id of more than 256 characters, and
        InvalidState when the bot has been stopped. Names are cut to 256 characters, the content to what the bot's
        config allows.
        Raises from the result: StorageError (Superseded: a later run has the bot). Messages that are not awaited are
        bounded too: over AT_ONCE on their way to the store, a thread waits here for its turn, and a task is refused
        (InvalidState): it has to await.
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
        """Take nothing more: whoever still listens for a bot that was stopped talks to nobody."""
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
    """Those that are to be cut, or follow from others."""
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
