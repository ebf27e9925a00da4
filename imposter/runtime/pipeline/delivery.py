"""Delivery of answers from the outbox to the contact: at the right time and once, or with a reason why not."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog

from imposter.behaviour.typing_simulation import LONGEST, LONGEST_TYPING
from imposter.contracts.errors import ChatError, DeliveryUncertain, NotConnected, Refused, StorageError
from imposter.contracts.resource_exhaustion import shortage
from imposter.domain.deliveries import DeliveryState, Outgoing
from imposter.domain.reasons import Reason
from imposter.logs import trace_of
from imposter.runtime.metrics import AFTER
from imposter.runtime.pipeline.answer_parts import IncomingText
from imposter.runtime.pipeline.presence import PresenceUpdater
from imposter.runtime.retry import DELIVERY_ATTEMPTS, backoff
from imposter.runtime.session_context import SessionContext

log = structlog.get_logger()

UNDELIVERED = Reason.TOO_OLD
"""Reason of an answer that could not be sent in time and is given up."""
LINK_PATIENCE = 30.0
"""Maximum seconds before an undelivered answer is retried without a sign of the link."""
FARTHEST = 2 * LONGEST
"""Seconds. A part that is due later than this is sent at once: the clock was set back."""


class DeliveryOutcome(Enum):
    """The outcome of one part of an answer."""

    SENT = auto()
    UNWANTED = auto()
    """The part was sent before, or may not be sent any more."""
    LOST = auto()


class Delivery:
    """The delivery of one bot's answers."""

    def __init__(self, context: SessionContext, presence: PresenceUpdater) -> None:
        self._handing: dict[str, asyncio.Event] = {}
        """Conversations with a send in progress. Each event is set when the send is over."""
        self._closing = False
        self._context = context
        self._claim = context.claim
        self._instance_id = context.instance_id
        self._store = context.store
        self._chat = context.chat
        self._safety = context.safety
        self._presence = presence
        self._clock = context.clock
        self._chance = context.chance
        self._counts = context.counts
        self._link = asyncio.Event()

    @property
    def under_way(self) -> frozenset[str]:
        """Conversations with a send in progress."""
        return frozenset(self._handing)

    async def at_rest(self, conversation: str) -> None:
        """Wait until no send is in progress in this conversation."""
        while (over := self._handing.get(conversation)) is not None:
            await over.wait()

    def _begin(self, conversation: str) -> None:
        self._handing.setdefault(conversation, asyncio.Event())

    def _end(self, conversation: str) -> None:
        if (over := self._handing.pop(conversation, None)) is not None:
            over.set()

    def link_is_up(self) -> None:
        """Retry undelivered answers at once, because the link is back."""
        self._link.set()
        self._link = asyncio.Event()

    def close(self) -> None:
        """Start no more sends. Sends in progress may complete."""
        self._closing = True

    def is_too_old(self, outgoing: Outgoing) -> bool:
        within = self._context.policy.answer_within
        ready = max((time for time in (outgoing.created_at, outgoing.due_at) if time is not None), default=None)
        return ready is not None and within is not None and self._clock.now() - ready > within

    async def deliver(
        self,
        parts: Sequence[Outgoing],
        *,
        fresh: bool,
        reading: IncomingText | None = None,
        typing: Sequence[float] = (),
    ) -> None:
        """Send one answer. Return when all its parts are sent, or one has failed for good.

        `fresh`: the answer was made just now. `typing`: seconds for which the typing indicator is shown before each
        part; without it, LONGEST_TYPING seconds.
        """
        if reading is not None:
            await self._sleep_until(reading.at)
            self._presence.read(parts[0].recipient, reading.messages)
        seen = [*typing, *[LONGEST_TYPING] * len(parts)]
        for part, seconds in zip(parts, seen, strict=False):
            if self._closing:
                return
            if part.due_at is not None and not await self._type(part, part.due_at, seconds):
                continue
            self._begin(part.conversation)
            try:
                known = fresh and part is parts[0] and part.due_at is None
                outcome = await self._send_until_settled(part, known, fresh)
            finally:
                self._end(part.conversation)
            if outcome is DeliveryOutcome.SENT:
                self._presence.sent(part.recipient)
                if part is parts[-1]:
                    self._counts.answers_sent += 1
                if part is parts[0] and part.created_at is not None:
                    self._counts.waited[AFTER].add((self._clock.now() - part.created_at).total_seconds())
            elif part.due_at is not None:
                self._presence.idle(part.recipient)
            if outcome is DeliveryOutcome.LOST:
                return

    async def _type(self, part: Outgoing, due_at: datetime, seconds: float) -> bool:
        """Show the typing indicator until the part is due. Return False if the part is no longer to be sent."""
        await self._sleep_until(due_at - timedelta(seconds=seconds))
        if not await self._store.outbox.is_pending(self._claim, part.message_id):
            return False
        if due_at <= self._clock.now():
            return True
        self._presence.typing(part.recipient)
        try:
            await self._sleep_until(due_at)
        except asyncio.CancelledError:
            self._presence.idle(part.recipient)
            raise
        return True

    async def _sleep_until(self, moment: datetime) -> None:
        while 0 < (left := (moment - self._clock.now()).total_seconds()) <= FARTHEST:
            await self._clock.sleep(left)

    async def _send_until_settled(self, outgoing: Outgoing, wanted: bool, fresh: bool) -> DeliveryOutcome:
        """Send one part, retrying until it is sent or given up.

        `wanted`: the part is known to be still pending. `fresh`: the part is known not to be too old. Both have to be
        checked again after a wait.
        """
        outbox, key = self._store.outbox, (self._claim, outgoing.message_id)
        waits = 0
        while True:
            if not fresh and self.is_too_old(outgoing):
                await self._lost(outgoing, DeliveryState.FAILED, UNDELIVERED, "it could not be sent in time")
                return DeliveryOutcome.LOST
            if not self._chat.repeatable:
                wanted = await outbox.sending(*key)
            elif not wanted:
                wanted = await outbox.is_pending(*key)
            if not wanted:
                return DeliveryOutcome.UNWANTED
            wanted = fresh = False
            link = self._link
            self._safety.handed_over(outgoing.conversation)
            try:
                await self._chat.send(
                    outgoing.recipient, outgoing.content, outgoing.message_id, outgoing.disappears_after
                )
            except NotConnected:
                waits += 1
                if not self._chat.repeatable:
                    await outbox.attempted(*key)
                await self._wait_for(link, backoff(waits, self._chance, longest=LINK_PATIENCE), outgoing.conversation)
                continue
            except DeliveryUncertain as error:
                attempts = await outbox.attempted(*key) if self._chat.repeatable else DELIVERY_ATTEMPTS
                if attempts < DELIVERY_ATTEMPTS:
                    await self._rest(backoff(attempts, self._chance), outgoing.conversation)
                    continue
                await self._not_delivered(outgoing, DeliveryState.UNCERTAIN, error)
            except Exception as error:  # noqa: BLE001 - a provider may raise anything; a message is never risked twice
                if self._chat.repeatable and (none_left := shortage(error)) is not None:
                    waits += 1
                    log.warning("answer cannot be sent now", bot=self._instance_id, message=outgoing.message_id,
                                cause=none_left)  # fmt: skip
                    await self._rest(backoff(waits, self._chance, longest=LINK_PATIENCE), outgoing.conversation)
                    continue
                await self._not_delivered(outgoing, DeliveryState.FAILED, error)
                if isinstance(error, Refused):
                    await self._safety.refused(outgoing.conversation, error.code)
            else:
                await self._note_sent(outgoing)
                log.info("answer sent", bot=self._instance_id, message=outgoing.message_id)
                return DeliveryOutcome.SENT
            return DeliveryOutcome.LOST

    async def _note_sent(self, outgoing: Outgoing) -> None:
        """Record that a part was sent, retrying until it is stored. The conversation must not go on before."""
        failures = 0
        while True:
            try:
                await self._store.outbox.sent(self._instance_id, outgoing.message_id)
            except StorageError as error:
                failures += 1
                log.error("what was sent could not be noted", bot=self._instance_id, error=str(error))
                await self._clock.sleep(backoff(failures, self._chance))
            else:
                return

    async def _wait_for(self, link: asyncio.Event, seconds: float, conversation: str) -> None:
        """Wait until the link is back or `seconds` have passed. `close` does not wait for it."""
        self._end(conversation)
        try:
            async with asyncio.timeout(seconds):
                await link.wait()
        except TimeoutError:
            pass
        self._begin(conversation)

    async def _rest(self, seconds: float, conversation: str) -> None:
        """Wait between two tries. `close` does not wait for it."""
        self._end(conversation)
        await self._clock.sleep(seconds)
        self._begin(conversation)

    async def _not_delivered(self, outgoing: Outgoing, state: DeliveryState, error: Exception) -> None:
        log.warning("answer not delivered", bot=self._instance_id, message=outgoing.message_id, **trace_of(error))
        told = str(error) if isinstance(error, ChatError) else type(error).__name__  # a foreign text may hold anything
        await self._lost(outgoing, state, type(error).__name__, told)

    async def _lost(self, outgoing: Outgoing, state: DeliveryState, reason: str, told: str) -> None:
        if await self._store.outbox.failed(self._claim, outgoing.message_id, state, reason):
            self._counts.dead_letters += 1
            self._context.report_failure(f"An answer was not delivered: {told}")
