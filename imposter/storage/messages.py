"""Every message of every bot, and what is to be done about it."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from imposter.contracts.config import Limits
from imposter.contracts.messages import Message, Source
from imposter.storage import unfinished, waiting
from imposter.storage.intake import accept, clean
from imposter.storage.records import (
    Accepted,
    DeliveryState,
    Judge,
    MessageState,
    Outgoing,
    StoredMessage,
    Verdict,
    Work,
)
from imposter.storage.rows import SELECT_OUTGOING, SELECT_STORED, outgoing, stored
from imposter.storage.tables import anchor, messages, outbox
from imposter.storage.writer import Pending, Writer

_of_bot = messages.c.instance_id == bindparam("instance_id")
_of_conversation = messages.c.conversation == bindparam("conversation")
_is_waiting = messages.c.state == MessageState.WAITING

_NEXT = (
    SELECT_STORED.where(_of_bot, _of_conversation, _is_waiting)
    .where(messages.c.seq.not_in(bindparam("busy", expanding=True)))
    .order_by(messages.c.seq)
    .limit(1)
)
_BEFORE = (
    SELECT_STORED.where(_of_bot, _of_conversation, anchor < bindparam("seq"))
    .where(messages.c.state != MessageState.IGNORED, messages.c.sent_at >= bindparam("cutoff"))
    .where(outbox.c.state.is_(None) | (outbox.c.state != DeliveryState.FAILED))
    .order_by(anchor.desc(), messages.c.seq.desc())
    .limit(bindparam("most"))
)
_MARK_ANSWERED = (
    update(messages)
    .where(messages.c.seq == bindparam("answered"), _is_waiting)
    .values(state=MessageState.ANSWERED)
    .returning(
        messages.c.instance_id,
        messages.c.conversation,
        messages.c.group_id,
        messages.c.group_name,
        messages.c.reply_to,
    )
)
_ANSWER = SELECT_OUTGOING.where(
    outbox.c.instance_id == bindparam("instance_id"), outbox.c.message_id == bindparam("message_id")
)
_ADD_TURN = insert(messages).returning(messages.c.seq)
_ADD_DELIVERY = insert(outbox)
_WAITING_COUNT = select(func.count()).where(_of_bot, _is_waiting)
_PAGE = SELECT_STORED.where(_of_bot).order_by(messages.c.seq.desc()).limit(bindparam("most"))


class MessageStore:
    """Messages in, answers out. Everything a call does is one commit."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def add(
        self,
        instance_id: str,
        message: Message,
        limits: Limits,
        judge: Judge,
        busy: Callable[[], Collection[int]],
    ) -> Pending[Accepted]:
        """Store `message` with what `judge` decides, and evict what the queue has no more room for.

        `busy` names the rows being answered right now, which are never evicted. It and `judge` are called on the
        writer's thread. A message already stored, or an echo of our own answer, is not stored again.
        """
        return self._submit(
            lambda connection: accept(connection, instance_id, message, limits, judge, busy, self._now())
        )

    def take(
        self,
        instance_id: str,
        conversation: str,
        limits: Limits,
        *,
        busy: Collection[int] = (),
        queue: Limits | None = None,
    ) -> Pending[Work | None]:
        """The oldest waiting message of the conversation that is not busy, with what was said before it.

        `limits` bounds the turns, newest first; the message itself is always among them. Waiting messages older than
        `queue` (default: `limits`) allows are evicted first.
        """
        spared = frozenset(busy)

        def job(connection: Connection) -> Work | None:
            now = self._now()
            of_conversation = {"instance_id": instance_id, "conversation": conversation}
            while row := connection.execute(_NEXT, of_conversation | {"busy": spared}).first():
                message = stored(row)
                if message.sent_at >= waiting.cutoff(queue or limits, now):
                    break
                waiting.evict_too_old(connection, message.seq)
            else:
                return None
            before = connection.execute(
                _BEFORE,
                of_conversation
                | {"seq": message.seq, "cutoff": waiting.cutoff(limits, now), "most": limits.max_messages - 1},
            )
            room = limits.max_characters - len(message.content)
            turns = [message]
            for turn in map(stored, before):
                room -= len(turn.content)
                if room < 0:
                    break
                turns.append(turn)
            return Work(message, tuple(reversed(turns)))

        return self._submit(job)

    def answer(self, seq: int, text: str, *, message_id: str) -> Pending[Outgoing | None]:
        """Store the answer to a waiting message and put it in the outbox; None if it no longer waits.

        `message_id` is used once: where an answer of this id is stored already, that one stands and is returned.
        """

        def job(connection: Connection) -> Outgoing | None:
            question = connection.execute(_MARK_ANSWERED, {"answered": seq}).first()
            if question is None:
                return None
            instance_id, conversation, group_id, group_name, reply_to = question
            key = {"instance_id": instance_id, "message_id": message_id}
            if (earlier := connection.execute(_ANSWER, key).first()) is not None:
                return outgoing(earlier)
            content, now = clean(text), self._now()
            turn: int = connection.execute(
                _ADD_TURN,
                key
                | {
                    "conversation": conversation,
                    "source": Source.BOT,
                    "content": content,
                    "characters": len(content),
                    "sender_id": Source.BOT,
                    "sender_name": "",
                    "group_id": group_id,
                    "group_name": group_name,
                    "reply_to": reply_to,
                    "sent_at": now,
                    "received_at": now,
                    "state": MessageState.CONTEXT,
                    "answers": seq,
                },
            ).scalar_one()
            state = DeliveryState.PENDING
            connection.execute(_ADD_DELIVERY, key | {"seq": turn, "state": state, "attempts": 0})
            return Outgoing(message_id, instance_id, conversation, reply_to, content, state, attempts=0)

        return self._submit(job)

    def abandon(self, instance_id: str, reason: str) -> Pending[int]:
        """The account behind the bot is gone, and nothing of it may be answered from another one.

        What waits becomes context and what is not sent fails, both with `reason`. Returns how many these are.
        """
        return self._submit(lambda connection: unfinished.abandon(connection, instance_id, reason))

    def settle(self, seq: int, verdict: Verdict) -> Pending[bool]:
        """Give a waiting message its final state; False if it no longer waits."""
        return self._submit(lambda connection: unfinished.settle(connection, seq, verdict))

    def unfinished(self, instance_id: str) -> Pending[list[str]]:
        """Conversations with a message that waits or an answer that is not sent, the longest waiting first."""
        return self._submit(lambda connection: unfinished.conversations(connection, instance_id))

    def waiting_count(self, instance_id: str) -> Pending[int]:
        return self._submit(
            lambda connection: connection.execute(_WAITING_COUNT, {"instance_id": instance_id}).scalar_one()
        )

    def page(
        self, instance_id: str, *, conversation: str | None = None, before: int | None = None, limit: int = 50
    ) -> Pending[list[StoredMessage]]:
        """Up to `limit` messages with a seq below `before`, newest first."""
        statement, parameters = _PAGE, {"instance_id": instance_id, "most": limit}
        if conversation is not None:
            statement, parameters = statement.where(_of_conversation), parameters | {"conversation": conversation}
        if before is not None:
            statement = statement.where(messages.c.seq < before)
        return self._submit(lambda connection: [stored(row) for row in connection.execute(statement, parameters)])

    def sent_text(self, instance_id: str, message_id: str) -> Pending[str | None]:
        """The text of our answer with this id; None if there is none."""

        def job(connection: Connection) -> str | None:
            row = connection.execute(_ANSWER, {"instance_id": instance_id, "message_id": message_id}).first()
            return row and row.content

        return self._submit(job)
