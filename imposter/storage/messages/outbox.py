"""The outbox: the delivery of answers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, bindparam, func, select, update

from imposter.domain.claims import Claim, Superseded
from imposter.domain.deliveries import DeliveryState, Outgoing
from imposter.domain.messages import CHANGED, UNDONE
from imposter.domain.reasons import Reason
from imposter.storage.conversation.identity import conversations_of
from imposter.storage.database.jobs import Pending
from imposter.storage.database.round_trips import THEN_COMMIT, execute_together
from imposter.storage.database.writer import Writer
from imposter.storage.messages import changes
from imposter.storage.schema import fencing
from imposter.storage.schema.rows import SELECT_OUTGOING, outgoing
from imposter.storage.schema.tables import messages, outbox

PENDING, SENDING, SENT = DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT
INTERRUPTED = Reason.INTERRUPTED
T = TypeVar("T")

_PENDING = (
    SELECT_OUTGOING.where(outbox.c.instance_id == bindparam("instance_id"), outbox.c.state == PENDING)
    .where(messages.c.conversation == bindparam("conversation"), outbox.c.reason.is_distinct_from(CHANGED))
    .order_by(outbox.c.seq)
)
_STATE = select(outbox.c.state).where(
    outbox.c.reason.is_distinct_from(CHANGED),
    outbox.c.instance_id == bindparam("bot"),
    outbox.c.message_id == bindparam("message"),
)
_one = update(outbox).where(outbox.c.instance_id == bindparam("bot"), outbox.c.message_id == bindparam("message"))
_SENDING = _one.where(outbox.c.state == PENDING, outbox.c.reason.is_distinct_from(CHANGED)).values(state=SENDING)
# An echo may have confirmed the message while its send still seemed to hang. A sent message stays sent.
_ATTEMPTED = (
    _one.where(outbox.c.state.in_([PENDING, SENDING]))
    .values(state=PENDING, attempts=outbox.c.attempts + 1)
    .returning(outbox.c.attempts)
)
_SENT = _one.where(outbox.c.reason.is_distinct_from(UNDONE)).values(
    state=SENT, reason=None, sent_at=func.coalesce(outbox.c.sent_at, bindparam("now"))
)
_SENT_THERE = _SENT.where(
    outbox.c.seq.in_(
        select(messages.c.seq).where(
            messages.c.instance_id == bindparam("bot"),
            messages.c.message_id == bindparam("message"),
            messages.c.conversation.in_(bindparam("there", expanding=True)),
        )
    )
)
_FAILED = (
    _one.where(outbox.c.state.in_([PENDING, SENDING]))
    .values(state=bindparam("outcome"), reason=bindparam("why"))
    .returning(outbox.c.seq)
)
_part, _later = messages.alias("part"), messages.alias("later")
_REST_OF_IT = (
    update(outbox)
    .where(outbox.c.state == PENDING)
    .where(
        outbox.c.seq.in_(
            select(_later.c.seq)
            .join(
                _part,
                (_part.c.instance_id == _later.c.instance_id)
                & (_part.c.conversation == _later.c.conversation)
                & (_part.c.answers == func.coalesce(_later.c.answers, _later.c.seq)),
            )
            .where(_part.c.seq == bindparam("lost"), _later.c.seq > _part.c.seq)
        )
    )
    .values(state=DeliveryState.FAILED, reason=bindparam("why"))
)
_INTERRUPTED = (
    update(outbox)
    .where(outbox.c.instance_id == bindparam("bot"), outbox.c.state == SENDING)
    .values(state=DeliveryState.UNCERTAIN, reason=INTERRUPTED)
    .returning(outbox.c.seq)
)
_ANSWERED = (
    select(messages.c.conversation, outbox.c.created_at, messages.c.answers)
    .distinct()  # an answer counts once, however many parts it has
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(outbox.c.instance_id == bindparam("bot"), outbox.c.created_at > bindparam("since"))
    .order_by(outbox.c.created_at.desc())
    .limit(bindparam("most"))
)


class OutboxStore:
    """The deliveries of all bots, identified by bot and message id."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def pending(self, instance_id: str, conversation: str) -> Pending[list[Outgoing]]:
        """Return the unsent answers, oldest first."""
        parameters = {"instance_id": instance_id, "conversation": conversation}
        return self._submit(
            lambda connection: list(map(outgoing, connection.execute(_PENDING, parameters))), instance_id
        )

    def answered(self, instance_id: str, since: datetime, most: int) -> Pending[list[tuple[str, datetime]]]:
        """Return the conversation and time of the last answers made after `since`, at most `most`, oldest first."""
        parameters = {"bot": instance_id, "since": since, "most": most}
        return self._submit(
            lambda connection: [(name, made) for name, made, _ in connection.execute(_ANSWERED, parameters)][::-1],
            instance_id,
        )

    def is_pending(self, claim: Claim, message_id: str) -> Pending[bool]:
        """Return whether the message is still to be sent or is being sent."""
        parameters = {"bot": claim.instance_id, "message": message_id}

        def job(connection: Connection) -> bool:
            held, state = execute_together(
                connection, (fencing.HELD, fencing.of(claim)), (_STATE, parameters), then_commit=True
            )
            if held.first() is None:
                raise Superseded
            return state.scalar_one_or_none() in (PENDING, SENDING)

        return self._submit(job, claim.instance_id)

    def sending(self, claim: Claim, message_id: str) -> Pending[bool]:
        """Mark the message as being sent. Return False if it is no longer to be sent.

        A crash from here on makes its delivery uncertain.
        """
        parameters = {"bot": claim.instance_id, "message": message_id}
        return self._guarded(claim, lambda connection: connection.execute(_SENDING, parameters).rowcount > 0)

    def attempted(self, claim: Claim, message_id: str) -> Pending[int]:
        """Mark the message as pending again after a failed handover, and return the number of attempts so far."""
        parameters = {"bot": claim.instance_id, "message": message_id}
        return self._guarded(
            claim, lambda connection: connection.execute(_ATTEMPTED, parameters).scalar_one_or_none() or 0
        )

    def failed(self, claim: Claim, message_id: str, state: DeliveryState, reason: str) -> Pending[bool]:
        """Mark the message as FAILED or UNCERTAIN, without an automatic retry. Return False if it was sent after all.

        Later parts of the same answer fail too.
        """
        parameters = {"bot": claim.instance_id, "message": message_id, "outcome": state, "why": reason}

        def work(connection: Connection) -> bool:
            lost = connection.execute(_FAILED, parameters).scalar_one_or_none()
            if lost is None:
                return False
            connection.execute(_REST_OF_IT, {"lost": lost, "why": reason})
            return True

        return self._guarded(claim, work)

    def interrupted(self, claim: Claim) -> Pending[int]:
        """Mark deliveries that the end of the last run interrupted as uncertain, and return their number. Call it at
        start.

        Answers that were held back because their question changed are released, because it is unknown whether they were
        being sent.
        """

        def work(connection: Connection) -> int:
            changes.let_go(connection, claim.instance_id)
            lost = connection.execute(_INTERRUPTED, {"bot": claim.instance_id}).scalars().all()
            if lost:
                connection.execute(_REST_OF_IT, [{"lost": seq, "why": INTERRUPTED} for seq in lost])
            return len(lost)

        return self._guarded(claim, work)

    def sent(self, instance_id: str, message_id: str, chat: Sequence[str] = ()) -> Pending[bool]:
        """Mark a message as sent. Return False if it is not ours.

        This is a fact whichever run learns of it, so no claim is needed. If members of the chat with these ids confirm
        it, the confirmation counts only if the message was sent there.
        """
        parameters = {"bot": instance_id, "message": message_id, "now": self._now()}

        def job(connection: Connection) -> bool:
            if not chat:
                return connection.execute(_SENT, parameters, execution_options=THEN_COMMIT).rowcount > 0
            there = sorted(conversations_of(connection, instance_id, chat))
            return connection.execute(_SENT_THERE, parameters | {"there": there}).rowcount > 0

        return self._submit(job, instance_id)

    def _guarded(self, claim: Claim, work: Callable[[Connection], T]) -> Pending[T]:
        """Run `work` in a job while the claim is valid. Raises from the result: Superseded."""

        def job(connection: Connection) -> T:
            fencing.check(connection, claim)
            return work(connection)

        return self._submit(job, claim.instance_id)
