"""What became of our answers on their way out."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, bindparam, func, select, update

from imposter.domain.claims import Claim, Superseded
from imposter.domain.deliveries import DeliveryState, Outgoing
from imposter.domain.messages import CHANGED, UNDONE
from imposter.storage.conversation.identity import conversations_of
from imposter.storage.database.jobs import Pending
from imposter.storage.database.round_trips import THEN_COMMIT, execute_together
from imposter.storage.database.writer import Writer
from imposter.storage.messages import changes
from imposter.storage.schema import fencing
from imposter.storage.schema.rows import SELECT_OUTGOING, outgoing
from imposter.storage.schema.tables import messages, outbox

PENDING, SENDING, SENT = DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT
INTERRUPTED = "interrupted"
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
# An echo may have proved the message sent while the send was still thought to hang: sent stays sent.
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
    .distinct()  # an answer is one, however many parts it has
    .join(messages, messages.c.seq == outbox.c.seq)
    .where(outbox.c.instance_id == bindparam("bot"), outbox.c.created_at > bindparam("since"))
    .order_by(outbox.c.created_at.desc())
    .limit(bindparam("most"))
)


class OutboxStore:
    """Deliveries, each known by its bot and message id."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def pending(self, instance_id: str, conversation: str) -> Pending[list[Outgoing]]:
        """Answers that are still to be sent, oldest first."""
        parameters = {"instance_id": instance_id, "conversation": conversation}
        return self._submit(
            lambda connection: list(map(outgoing, connection.execute(_PENDING, parameters))), instance_id
        )

    def answered(self, instance_id: str, since: datetime, most: int) -> Pending[list[tuple[str, datetime]]]:
        """Conversation and time of the last answers made after `since`, `most` at most, oldest first."""
        parameters = {"bot": instance_id, "since": since, "most": most}
        return self._submit(
            lambda connection: [(name, made) for name, made, _ in connection.execute(_ANSWERED, parameters)][::-1],
            instance_id,
        )

    def is_pending(self, claim: Claim, message_id: str) -> Pending[bool]:
        """Whether it is still to be sent, or being handed over."""
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
        """It is being handed over; from here on a crash leaves it uncertain. False if it is no longer to be sent."""
        parameters = {"bot": claim.instance_id, "message": message_id}
        return self._guarded(claim, lambda connection: connection.execute(_SENDING, parameters).rowcount > 0)

    def attempted(self, claim: Claim, message_id: str) -> Pending[int]:
        """It was not handed over and is pending again. Gives the number of attempts so far."""
        parameters = {"bot": claim.instance_id, "message": message_id}
        return self._guarded(
            claim, lambda connection: connection.execute(_ATTEMPTED, parameters).scalar_one_or_none() or 0
        )

    def failed(self, claim: Claim, message_id: str, state: DeliveryState, reason: str) -> Pending[bool]:
        """It will not be tried again by itself; `state` is FAILED or UNCERTAIN. False if it was sent after all.

        The parts of the same answer that would come after it fail too.
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
        """At start: what was being handed over when the last run ended is uncertain. Gives how many.

        What was held back because its question was changed goes out: nobody knows whether it was being handed over.
        """

        def work(connection: Connection) -> int:
            changes.let_go(connection, claim.instance_id)
            lost = connection.execute(_INTERRUPTED, {"bot": claim.instance_id}).scalars().all()
            if lost:
                connection.execute(_REST_OF_IT, [{"lost": seq, "why": INTERRUPTED} for seq in lost])
            return len(lost)

        return self._guarded(claim, work)

    def sent(self, instance_id: str, message_id: str, chat: Sequence[str] = ()) -> Pending[bool]:
        """The platform has it: a fact, whichever run hears of it, so no claim is asked for. False where it is not ours.

        Where somebody in the chat with these ids tells so, it counts only if it was sent there.
        """
        parameters = {"bot": instance_id, "message": message_id, "now": self._now()}

        def job(connection: Connection) -> bool:
            if not chat:
                return connection.execute(_SENT, parameters, execution_options=THEN_COMMIT).rowcount > 0
            there = sorted(conversations_of(connection, instance_id, chat))
            return connection.execute(_SENT_THERE, parameters | {"there": there}).rowcount > 0

        return self._submit(job, instance_id)

    def _guarded(self, claim: Claim, work: Callable[[Connection], T]) -> Pending[T]:
        """Raises from the result: Superseded."""

        def job(connection: Connection) -> T:
            fencing.check(connection, claim)
            return work(connection)

        return self._submit(job, claim.instance_id)
