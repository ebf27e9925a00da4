"""A bot's conversations as a list, and the messages that the owner sends through this server."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, and_, bindparam, func, select

from imposter.contracts.messages import Source
from imposter.domain.chats import ChatOverview, OwnerMessage
from imposter.domain.claims import Claim
from imposter.domain.deliveries import Part
from imposter.domain.drafts import DraftState
from imposter.domain.messages import MessageState, StoredMessage
from imposter.domain.names import Names
from imposter.domain.pauses import TAKEOVER, Pause
from imposter.domain.reasons import Reason
from imposter.storage.conversation.identity import AliasKind
from imposter.storage.conversation.names import NameStore
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.messages import answering
from imposter.storage.queue import pauses, pending_work, unread
from imposter.storage.schema import fencing
from imposter.storage.schema.rows import SELECT_STORED, stored
from imposter.storage.schema.tables import aliases, anchor, drafts, messages

OWNER = Reason.OWNER
"""The reason of messages from the owner."""


_bot = bindparam("bot", type_=String)
_of_bot = messages.c.instance_id == _bot
# Every conversation has an alias. Of its messages, only the last one by turn order is read, through the index.
_chats = (
    select(aliases.c.canonical.label("name"))
    .where(aliases.c.instance_id == _bot, aliases.c.kind == AliasKind.CHAT)
    .distinct()
    .subquery("chats")
)
_last = messages.alias("last")
_last_anchor = func.coalesce(_last.c.answers, _last.c.seq)
_newest = (
    select(_last.c.seq)
    .where(_last.c.instance_id == _bot, _last.c.conversation == _chats.c.name)
    .order_by(_last_anchor.desc(), _last.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_lively = select(_chats.c.name, _newest.label("newest")).subquery("lively")
_PAGE = select(_lively).where(_lively.c.newest < bindparam("before")).order_by(_lively.c.newest.desc())
_PAGE = _PAGE.limit(bindparam("most"))
_MESSAGES = SELECT_STORED.where(messages.c.seq.in_(bindparam("seqs", expanding=True)))
_NAMED = SELECT_STORED.where(
    messages.c.instance_id == bindparam("bot"),
    messages.c.conversation == bindparam("chat"),
    messages.c.message_id.in_(bindparam("message_ids", expanding=True)),
)
_in_these = messages.c.conversation.in_(bindparam("these", expanding=True))
_WAITING = (
    select(messages.c.conversation, func.count())
    .where(_of_bot, messages.c.state == MessageState.WAITING, _in_these)
    .group_by(messages.c.conversation)
)
_DRAFTS = (
    select(messages.c.conversation, func.count())
    .join(drafts, and_(drafts.c.answers == messages.c.seq, drafts.c.state == DraftState.OPEN))
    .where(drafts.c.instance_id == _bot, _in_these)
    .group_by(messages.c.conversation)
)
_of_chat = (_of_bot, messages.c.conversation == bindparam("chat"))
_PLACE = (
    select(
        messages.c.instance_id, messages.c.conversation, messages.c.group_id, messages.c.group_name, messages.c.reply_to
    )
    .where(*_of_chat)
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(1)
)
_SAID = select(messages.c.seq).where(*_of_chat, messages.c.message_id == bindparam("said"))
LAST = 2**63 - 1


class ChatStore:
    def __init__(self, writer: Writer, reader: Reader, names: NameStore, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._names = names
        self._now = now

    def page(self, instance_id: str, *, before: int | None = None, limit: int = 50) -> Pending[list[ChatOverview]]:
        """Return up to `limit` chats whose newest message, by turn order, has a seq below `before`.

        The chats with the newest messages come first.
        """

        def job(connection: Connection) -> list[ChatOverview]:
            of_bot = {"bot": instance_id}
            places = {"before": LAST if before is None else before, "most": limit}
            found = connection.execute(_PAGE, of_bot | places).all()
            newest = {message.conversation: message for message in _rows(connection, [row.newest for row in found])}
            these = of_bot | {"these": [row.name for row in found]}
            waiting: dict[str, int] = {row[0]: row[1] for row in connection.execute(_WAITING, these)}
            drafted: dict[str, int] = {row[0]: row[1] for row in connection.execute(_DRAFTS, these)}
            names = self._names.of(connection, instance_id, [_place_of(message) for message in newest.values()])
            return [
                ChatOverview(
                    name,
                    _name(names.get(_place_of(newest[name])), newest[name].group_name),
                    newest[name],
                    waiting.get(name, 0),
                    drafted.get(name, 0),
                )
                for name in newest
            ]

        return self._read(job)

    def named(
        self, instance_id: str, conversation: str, message_ids: Collection[str]
    ) -> Pending[dict[str, StoredMessage]]:
        """Return the stored messages of a chat with these platform ids, by id."""
        chat = {"bot": instance_id, "chat": conversation, "message_ids": sorted(message_ids)}

        def job(connection: Connection) -> dict[str, StoredMessage]:
            return {each.message_id: each for each in map(stored, connection.execute(_NAMED, chat))}

        return self._read(job)

    def some(self, instance_id: str, seqs: Collection[int]) -> Pending[dict[int, StoredMessage]]:
        """Return the bot's messages with these seqs, by seq."""

        def job(connection: Connection) -> dict[int, StoredMessage]:
            found = _rows(connection, sorted(seqs))
            return {each.seq: each for each in found if each.instance_id == instance_id}

        return self._read(job)

    def unreadable(self, instance_id: str) -> Pending[dict[str, int]]:
        """Return the number of unreadable messages by conversation, counted as in `BotTotals`."""
        now = self._now()
        return self._read(lambda connection: unread.counts_in(connection, instance_id, now))

    def name(self, instance_id: str, conversation: str) -> Pending[str]:
        """Return the name of a conversation as in `ChatOverview`."""

        def job(connection: Connection) -> str:
            place: Any = connection.execute(_PLACE, {"bot": instance_id, "chat": conversation}).first()
            if place is None:
                return ""
            at = place.group_id or place.reply_to
            return _name(self._names.of(connection, instance_id, [at]).get(at), place.group_name)

        return self._read(job)

    def say(
        self, claim: Claim, conversation: str, text: str, message_id: str, silence: timedelta
    ) -> Pending[OwnerMessage | None]:
        """Send a message from the owner. Waiting messages get no answer, and the bot is silent there for `silence`.

        The message is sent once for each `message_id`. Returns None if the conversation has no messages.

        Raises from the result: Superseded.
        """

        def job(connection: Connection) -> OwnerMessage | None:
            fencing.check(connection, claim)
            chat = {"bot": claim.instance_id, "chat": conversation}
            place = connection.execute(_PLACE, chat).first()
            if place is None:
                return None
            now = self._now()
            said = chat | {"said": message_id}
            before: int | None = connection.execute(_SAID, said).scalar_one_or_none()
            if before is not None:
                return OwnerMessage(conversation, before, None)
            pause = None
            if silence:
                pending_work.silence_conversation(connection, claim.instance_id, conversation, TAKEOVER)
                pause = pauses.begin(connection, claim.instance_id, Pause(conversation, TAKEOVER, now + silence))
            question = answering.AnswerPlace._make((*place, None))
            answering.put(connection, question, [Part(text, message_id)], now, source=Source.OWNER, reason=OWNER)
            return OwnerMessage(conversation, connection.execute(_SAID, said).scalar_one(), pause)

        return self._submit(job)


def _rows(connection: Connection, seqs: list[int]) -> list[StoredMessage]:
    """Return the messages, newest first."""
    found = [stored(row) for row in connection.execute(_MESSAGES, {"seqs": seqs})]
    return sorted(found, key=lambda message: message.seq, reverse=True)


def _place_of(message: StoredMessage) -> str:
    """Return the id of the group or contact."""
    return message.group_id or message.reply_to


def _name(names: Names | None, group_name: str | None) -> str:
    return (names.saved or names.chosen if names is not None else "") or group_name or ""
