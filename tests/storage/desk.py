"""What the Store's tests share: a clock that a test turns, and one bot's messages in few words."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from imposter.contracts.config import Limits
from imposter.contracts.messages import Group, Message, Sender, Source
from imposter.domain.claims import Claim
from imposter.domain.deliveries import Outgoing, Part
from imposter.domain.messages import Accepted, Judge, MessageState, NotYet, StoredMessage, Timing, Verdict, Work
from imposter.domain.reasons import reason_of
from imposter.storage import Store
from imposter.storage.database.notifications import NodeIdentity

KEY = b"k" * 32
BOT = "bot-1"
ONE, TWO = "one-0", "two-0"
LEASE = timedelta(minutes=10)
"""One that does not end during a test."""
ROOMY = Limits(max_messages=1000, max_characters=100_000, max_days=30)


class Time:
    """The time of day, as the test says."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


def judge_as(state: MessageState, reason: str | None = None) -> Judge:
    return lambda message, known_ids: Verdict(state, reason_of(reason) if reason else None)


WAITS = judge_as(MessageState.WAITING)


class Desk:
    """One bot's side of the Store; every call waits until it is durable."""

    def __init__(self, store: Store, time: Time, bot: str = BOT) -> None:
        self.store = store
        self.time = time
        self.bot = bot
        self.claim = Claim(bot, 0)
        """Holds as long as nobody claims the bot."""
        self._count = 0

    async def receive(
        self,
        text: str = "hello",
        *chat: str,
        message_id: str | None = None,
        sender: Sender | None = None,
        group: str | None = None,
        source: Source = Source.CONTACT,
        age: timedelta = timedelta(),
        limits: Limits = ROOMY,
        judge: Judge = WAITS,
        busy: Callable[[], Collection[int]] = tuple,
        claim: Claim | None = None,
        **more: Any,
    ) -> Accepted:
        """`more` as in `Message`."""
        self._count += 1
        chat = (group,) if group else chat or ("anna",)
        message = Message(
            message_id=message_id or f"in-{self._count}",
            content=text,
            sender=sender or Sender(chat[0], alternate_identifiers=chat[1:]),
            source=source,
            sent_at=self.time() - age,
            reply_to=chat[0],
            chat=chat,
            group=Group(group) if group else None,
            **more,
        )
        return await self.store.messages.add(self.bot, message, limits, judge, busy, claim=claim)

    async def take(self, conversation: str = "anna", limits: Limits = ROOMY, **more: Any) -> Work | None:
        """`more` as in `MessageStore.take`."""
        work = await self.store.messages.take(self.bot, conversation, limits, **more)
        assert not isinstance(work, NotYet)
        return work

    async def early(self, timing: Timing, conversation: str = "anna", **more: Any) -> NotYet:
        """What there is to take, before its time has come."""
        waits = await self.store.messages.take(self.bot, conversation, ROOMY, timing=timing, **more)
        assert isinstance(waits, NotYet)
        return waits

    async def prompt(self, conversation: str = "anna", limits: Limits = ROOMY) -> list[str]:
        """The texts of the turns that a model would see now."""
        work = await self.take(conversation, limits)
        return [turn.content for turn in work.turns] if work else []

    async def answer(self, accepted: Accepted, text: str = "hi", message_id: str | None = None) -> Outgoing | None:
        seq = accepted.seq
        assert seq is not None
        going = await self.reply([seq], Part(text, message_id or f"out-{seq}"))
        return going[0] if going else None

    async def reply(self, seqs: Sequence[int | None], *parts: Part, trace: str | None = None) -> list[Outgoing]:
        """One answer in parts."""
        return await self.store.messages.answer(self.claim, [seq or 0 for seq in seqs], parts, trace)

    async def history(self) -> list[StoredMessage]:
        """Everything of the bot, oldest first."""
        return (await self.store.messages.page(self.bot, limit=1000))[::-1]

    async def states(self) -> dict[str, str]:
        """What became of each text: the state, and the reason behind a colon."""
        return {row.content: ":".join(filter(None, (row.state, row.reason))) for row in await self.history()}


class Named(NodeIdentity):
    """A node whose id a test can read."""

    def __init__(self, node_id: str) -> None:
        super().__init__()
        self._name = node_id

    @property
    def node_id(self) -> str:
        return self._name
