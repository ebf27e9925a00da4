"""What became of our answers on their way out."""

from sqlalchemy import Connection, Update, bindparam, select, update

from imposter.storage.records import DeliveryState, Outgoing
from imposter.storage.rows import SELECT_OUTGOING, outgoing
from imposter.storage.tables import messages, outbox
from imposter.storage.writer import Pending, Writer

PENDING, SENDING, SENT = DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT
INTERRUPTED = "interrupted"

_PENDING = (
    SELECT_OUTGOING.where(outbox.c.instance_id == bindparam("instance_id"), outbox.c.state == PENDING)
    .where(messages.c.conversation == bindparam("conversation"))
    .order_by(outbox.c.seq)
)
_STATE = select(outbox.c.state).where(
    outbox.c.instance_id == bindparam("bot"), outbox.c.message_id == bindparam("message")
)
_one = update(outbox).where(outbox.c.instance_id == bindparam("bot"), outbox.c.message_id == bindparam("message"))
_SENDING = _one.where(outbox.c.state == PENDING).values(state=SENDING)
# An echo may have proved the message sent while the send was still thought to hang: sent stays sent.
_ATTEMPTED = (
    _one.where(outbox.c.state.in_([PENDING, SENDING]))
    .values(state=PENDING, attempts=outbox.c.attempts + 1)
    .returning(outbox.c.attempts)
)
_SENT = _one.values(state=SENT, reason=None)
_FAILED = _one.where(outbox.c.state != SENT).values(state=bindparam("outcome"), reason=bindparam("why"))
_INTERRUPTED = (
    update(outbox)
    .where(outbox.c.instance_id == bindparam("bot"), outbox.c.state == SENDING)
    .values(state=DeliveryState.UNCERTAIN, reason=INTERRUPTED)
)


class OutboxStore:
    """Deliveries, each known by its bot and message id."""

    def __init__(self, writer: Writer) -> None:
        self._submit = writer.submit

    def pending(self, instance_id: str, conversation: str) -> Pending[list[Outgoing]]:
        """Answers that are still to be sent, oldest first."""
        parameters = {"instance_id": instance_id, "conversation": conversation}
        return self._submit(lambda connection: list(map(outgoing, connection.execute(_PENDING, parameters))))

    def is_pending(self, instance_id: str, message_id: str) -> Pending[bool]:
        """Whether it is still to be sent, or being handed over."""
        parameters = {"bot": instance_id, "message": message_id}
        return self._submit(
            lambda connection: connection.execute(_STATE, parameters).scalar_one_or_none() in (PENDING, SENDING)
        )

    def sending(self, instance_id: str, message_id: str) -> Pending[None]:
        """It is being handed over; from here on a crash leaves it uncertain."""
        return self._change(_SENDING, instance_id, message_id)

    def attempted(self, instance_id: str, message_id: str) -> Pending[int]:
        """It was not handed over and is pending again. Gives the number of attempts so far."""
        parameters = {"bot": instance_id, "message": message_id}
        return self._submit(lambda connection: connection.execute(_ATTEMPTED, parameters).scalar_one_or_none() or 0)

    def sent(self, instance_id: str, message_id: str) -> Pending[None]:
        return self._change(_SENT, instance_id, message_id)

    def failed(self, instance_id: str, message_id: str, state: DeliveryState, reason: str) -> Pending[None]:
        """It will not be tried again; `state` is FAILED or UNCERTAIN."""
        return self._change(_FAILED, instance_id, message_id, outcome=state, why=reason)

    def interrupted(self, instance_id: str) -> Pending[int]:
        """At start: what was being handed over when the last run ended is uncertain. Gives how many."""
        return self._submit(lambda connection: connection.execute(_INTERRUPTED, {"bot": instance_id}).rowcount)

    def _change(self, statement: Update, instance_id: str, message_id: str, **values: str) -> Pending[None]:
        parameters = {"bot": instance_id, "message": message_id, **values}

        def job(connection: Connection) -> None:
            connection.execute(statement, parameters)

        return self._submit(job)
