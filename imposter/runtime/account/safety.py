"""The safety of one bot's account: whether an answer may be made, must wait, or must not be made.

Rate limits count all answers, also those of earlier runs, and delay the others. A chat in which two machines talk to
each other is paused. Refusals by the platform slow the account down and then pause it (`refusals.py`). Pauses are
durable.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from imposter.clock import Clock
from imposter.contracts.config import SafetyLimits
from imposter.contracts.errors import StorageError
from imposter.contracts.status import SafetyLevel, SafetyStatus
from imposter.domain.messages import Work
from imposter.domain.pauses import FOREVER, OWNER_PAUSE, Pause, of_member
from imposter.logs import trace_of
from imposter.runtime.account import pause_text as told
from imposter.runtime.account import rate_limits
from imposter.runtime.account.fair_queue import FairQueue
from imposter.runtime.account.loop_detection import ObservedMessage, ReplyPattern, automatic
from imposter.runtime.account.pause_text import ACCOUNT, LOCKED, LOOP, REFUSED
from imposter.runtime.account.refusals import REACH_OUT_LOCKED, RefusalTracker
from imposter.runtime.retry import Chance, backoff
from imposter.runtime.timers import LONGEST_SLEEP, Timers
from imposter.storage import Store

log = structlog.get_logger()

JITTER = 20.0
"""Maximum seconds of random delay beyond a held answer's turn, so that held answers do not all go out at once."""
CROWD = 500
"""A conversation with this many ahead of it asks half as often, with twice as many a third as often.

Each time it asks, it reads the store.
"""
SLOWED = rate_limits.RateLimit(6, rate_limits.MINUTE, "the platform refused answers of this account")
LOCKED_REST = timedelta(hours=1)
MOST_CHATS = 5000
"""Maximum number of chats with a message in the last hour that are kept in memory."""


class OtherBots(Protocol):
    """The other bots of the system, on any node."""

    async def loop_found(self, instance_id: str, conversation: str) -> None:
        """Report that this bot talks to another machine in this conversation. Raises nothing."""


@dataclass(frozen=True, slots=True)
class Proceed:
    """The answer may be made. `Safety.leave` must be called afterwards, whatever the outcome."""


@dataclass(frozen=True, slots=True)
class Postpone:
    """The answer has to wait: ask again after `seconds` (`Safety.rest`), with all messages waiting by then."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class StaySilent:
    """The conversation must not be answered. `reason` is a short code."""

    reason: str


@dataclass(slots=True)
class _ConversationState:
    """The state of a conversation that had a message recently."""

    lively: float
    """Time of the last activity, on the monotonic clock."""
    answers: rate_limits.AnswerHistory = field(default_factory=rate_limits.AnswerHistory)
    answered_at: datetime | None = None
    """Time at which the latest answer was handed over."""
    heard: ObservedMessage | None = None
    turns: int = 0
    """Number of automatic messages in a row."""
    talk: ReplyPattern = field(default_factory=ReplyPattern)


class Safety:
    """The safety of one run of a bot. `tell` is given a sentence for the owner whenever the bot stops answering."""

    def __init__(
        self,
        instance_id: str,
        *,
        limits: Callable[[], SafetyLimits],
        store: Store,
        clock: Clock,
        chance: Chance,
        other_bots: OtherBots,
        tell: Callable[[str], None],
    ) -> None:
        self._instance_id = instance_id
        self._read_limits = limits
        self._store = store
        self._clock = clock
        self._chance = chance
        self._other_bots = other_bots
        self._tell = tell
        self._answers = rate_limits.AnswerHistory()
        self._trouble = RefusalTracker()
        self._chats: dict[str, _ConversationState] = {}
        """Ordered by activity, the latest last."""
        self._pauses: dict[str, Pause] = {}
        self._making: set[str] = set()
        self._line = FairQueue()
        """Conversations that wait for room in the account's rate limit."""
        self._held: dict[str, str] = {}
        """Conversations that wait for room in their own rate limit, with the reason."""
        self._timers = Timers(instance_id, clock)
        self._over = False

    @property
    def _limits(self) -> SafetyLimits:
        return self._read_limits()

    @property
    def _of_account(self) -> tuple[rate_limits.RateLimit, ...]:
        return rate_limits.of_account(self._limits)

    @property
    def _of_contact(self) -> tuple[rate_limits.RateLimit, ...]:
        return rate_limits.of_contact(self._limits)

    async def load(self) -> None:
        """Load the pauses and recent answers of earlier runs. Raises: StorageError."""
        now, moment = self._clock.monotonic(), self._clock.now()
        for pause in await self._store.pauses.holding(self._instance_id):
            self._pauses.setdefault(pause.conversation, pause)
            if pause.reason == REFUSED:
                self._trouble.remember_pause(now)
            elif pause.reason == LOCKED:
                self._trouble.refused(now, pause.conversation, REACH_OUT_LOCKED)
        bounds = (*self._of_account, *self._of_contact)
        if bounds:
            span = timedelta(seconds=max(bound.seconds for bound in bounds))
            most = max(MOST_CHATS, *(bound.count for bound in bounds))
            for conversation, made in await self._store.outbox.answered(self._instance_id, moment - span, most):
                self._count(conversation, now - max(0.0, (moment - made).total_seconds()))

    async def before(self, work: Work) -> Proceed | Postpone | StaySilent:
        """Return whether the waiting messages of a conversation may be answered now."""
        conversation = work.message.conversation
        if (reason := self.silence(conversation)) is not None:
            self.leave(conversation)
            return StaySilent(reason)
        if await self._is_loop(conversation, work):
            self.leave(conversation)
            return StaySilent(LOOP)
        return self.room(conversation)

    def room(self, conversation: str) -> Proceed | Postpone | StaySilent:
        """Return whether an answer may go out in this conversation now, without a check for loops."""
        if (reason := self.silence(conversation)) is not None:
            self.leave(conversation)
            return StaySilent(reason)
        now = self._clock.monotonic()
        if (pause := self._pause(ACCOUNT)) is not None:
            left = (pause.until - self._clock.now()).total_seconds()
            return self._hold(conversation, left, "the account is paused")
        chat = self._chats.get(conversation)
        if chat is not None and (hold := chat.answers.hold(self._of_contact, now)) is not None:
            return self._hold(conversation, hold.seconds, hold.bound.told)
        bounds = (*self._of_account, SLOWED) if self._trouble.is_slow(now) else self._of_account
        ahead = self._line.ahead_of(conversation)
        taken = len(self._making - {conversation}) + ahead
        if (hold := self._answers.hold(bounds, now, taken=taken)) is not None:
            self._making.discard(conversation)
            self._held.pop(conversation, None)
            self._line.enter(conversation, hold.bound.told)
            rounds = taken // hold.bound.count
            return self._nap(max(hold.seconds, rounds * hold.bound.seconds), hold.bound.told, ahead)
        self.leave(conversation)
        self._making.add(conversation)
        return Proceed()

    def silence(self, conversation: str) -> str | None:
        """Return the reason why messages that arrive now are never answered; None if they may be."""
        if (pause := self._pause(conversation)) is not None:
            return pause.reason
        account = self._pause(ACCOUNT)
        return account.reason if account is not None and account.reason == OWNER_PAUSE else None

    async def rest(self, conversation: str, seconds: float) -> None:
        """Wait, but no longer than until something changes for this conversation."""
        await self._timers.rest(conversation, seconds)

    def ask_again(self, conversation: str | None = None) -> None:
        """Have the task of this conversation (None: of all) check again now."""
        self._timers.wake(conversation)

    def answered(self, conversation: str) -> None:
        """Count an answer that was made."""
        self._making.discard(conversation)
        self._count(conversation, self._clock.monotonic())

    def handed_over(self, conversation: str) -> None:
        """Record that an answer is being handed over: the contact may react to it from now on."""
        if (chat := self._chats.get(conversation)) is not None:
            chat.answered_at = self._clock.now()

    def leave(self, conversation: str) -> None:
        """Record that the conversation no longer waits and makes no answer."""
        self._making.discard(conversation)
        self._line.leave(conversation)
        self._held.pop(conversation, None)

    def forget(self, conversation: str) -> None:
        """Forget everything about a conversation except its pauses, which are released separately."""
        self.leave(conversation)
        self._chats.pop(conversation, None)
        self._trouble.forget_who(conversation)

    def close(self) -> None:
        """End this run: no more pauses are stored."""
        self._over = True

    def merged(self, survivor: str, absorbed: Sequence[str]) -> None:
        """Merge the state of conversations that became one. As in the store, the pause that ends last remains."""
        found = [self._pauses.pop(name) for name in (survivor, *absorbed) if name in self._pauses]
        if found:
            self._pauses[survivor] = replace(max(found, key=lambda pause: pause.until), conversation=survivor)
        for name in absorbed:
            if (chat := self._chats.pop(name, None)) is not None:
                self._chats.setdefault(survivor, chat)
            self._trouble.forget_who(name)
            self.ask_again(name)

    async def refused(self, conversation: str, code: int | None) -> None:
        """Record that the platform refused an answer."""
        now = self._clock.monotonic()
        begun = [Pause(conversation, LOCKED, self._clock.now() + LOCKED_REST)] if code == REACH_OUT_LOCKED else []
        if self._pause(ACCOUNT) is None:  # otherwise the answer was already under way when the account was paused
            self._trouble.refused(now, conversation, code)
            if (seconds := self._trouble.pause(now)) is not None:
                until = self._clock.now() + timedelta(seconds=seconds)
                why = f"The platform refused answers again and again{self._code()}"
                self._tell(f"{why}: no answers {told.until(until)}.")
                begun.append(Pause(ACCOUNT, REFUSED, until))
        await self._begin(*begun)

    def dropped(self, code: int) -> None:
        """Record that the platform ended the link with this code."""
        self._trouble.dropped(self._clock.monotonic(), code)

    def hold(self, pause: Pause) -> None:
        """Apply a pause of the owner that is already stored."""
        moment = self._clock.now()
        self._pauses = {name: held for name, held in self._pauses.items() if held.until > moment}
        self._pauses[pause.conversation] = pause

    def release(self, conversations: Collection[str], people: Collection[str] = ()) -> None:
        """Drop the pauses of these conversations, and of these people in groups, after they ended in the store.

        An empty conversation stands for the account's pause.
        """
        self._pauses = {name: held for name, held in self._pauses.items() if not held.concerns(conversations, people)}
        for conversation in conversations:
            self.ask_again(conversation or None)

    def resume(self) -> None:
        """Drop all pauses after they ended in the store, and the refusals that led to them."""
        self._pauses.clear()
        self._trouble.forget()
        self._held.clear()  # each held conversation asks again, and may then be held again
        self.ask_again()

    def status(self) -> SafetyStatus:
        now, moment = self._clock.monotonic(), self._clock.now()
        pauses = [pause for pause in self._pauses.values() if pause.until > moment]
        account = next((pause for pause in pauses if pause.conversation == ACCOUNT), None)
        reasons: list[str] = []
        ends = [pause.until for pause in pauses]
        if account is not None:
            reasons.append(told.of_account(account, self._code()))
        reasons += told.of_chats(pauses)
        if account is None and self._trouble.is_slow(now):
            ends.append(moment + timedelta(seconds=self._trouble.ends(now)))
            reasons.append(
                f"The platform refused answers or the link{self._code()}: at most {SLOWED.count} answers a minute go "
                f"out {told.until(ends[-1])}."
            )
        if account is None:
            whys = [*self._line.whys(), *self._held.values()]
            reasons += [f"{told.chats(whys.count(why))} waiting for its turn: {why}." for why in sorted(set(whys))]
        if account is not None:
            ends = [account.until]
        level = SafetyLevel.PAUSED if account is not None else SafetyLevel.SLOWED if reasons else SafetyLevel.NORMAL
        end = max(ends, default=FOREVER)
        return SafetyStatus(level=level, reasons=reasons, until=None if end == FOREVER else end)

    async def loop_found(self, conversation: str) -> None:
        """Pause a conversation in which two machines talk to each other."""
        if self._limits.automatic_turns is None or self._pause(conversation) is not None:
            return
        if (chat := self._chats.get(conversation)) is not None:
            chat.turns, chat.talk = 0, ReplyPattern()
        minutes = self._limits.loop_pause_minutes
        until = self._clock.now() + timedelta(minutes=minutes)
        self._tell(f"A chat gets no answers {told.until(until)}: {told.WHY[LOOP]}")
        await self._begin(Pause(conversation, LOOP, until))

    async def hand_over(self, conversation: str) -> None:
        """Leave this conversation, or a member of a group (`of_member`), to the owner until they resume it."""
        await self._begin(Pause(conversation, told.HANDED_OVER, FOREVER))

    async def _is_loop(self, conversation: str, work: Work) -> bool:
        """Return whether the conversation is a loop. If it is, pause it on both sides."""
        if self._limits.automatic_turns is None:
            return False
        chat = self._lively(conversation, self._clock.monotonic())
        other: tuple[str, str] | None = None
        verdicts = set()
        for message in work.messages:
            if chat.heard is not None and message.seq <= chat.heard.seq:
                continue  # judged before, when it had to wait
            speaker = work.said_by.get(message.seq)
            other = speaker or other
            verdicts.add(speaker is not None or automatic(message, chat.answered_at, chat.heard))
            chat.talk.hear(message, chat.answered_at, chat.heard)
            chat.heard = ObservedMessage(message.seq, message.sender_id, message.received_at)
        if False in verdicts:
            chat.turns = 0
        elif True in verdicts:
            chat.turns += 1
        if chat.turns < self._limits.automatic_turns and not chat.talk.is_tireless:
            return False
        if work.message.group_id is None or other is not None:
            await self.loop_found(conversation)
        else:
            await self._silence_members(conversation, {message.sender_id for message in work.messages})
        if other is not None:
            await self._other_bots.loop_found(*other)
        return True

    async def _silence_members(self, group: str, members: Collection[str]) -> None:
        """Pause the members of a group that write like machines.

        A member cannot silence the bot for the rest of the group.
        """
        chat = self._lively(group, self._clock.monotonic())
        chat.turns, chat.talk = 0, ReplyPattern()
        until = self._clock.now() + timedelta(minutes=self._limits.loop_pause_minutes)
        self._tell(f"Somebody in a group gets no answers {told.until(until)}: {told.WHY[LOOP]}")
        await self._begin(*(Pause(of_member(group, member), LOOP, until) for member in sorted(members)))

    def _pause(self, conversation: str) -> Pause | None:
        pause = self._pauses.get(conversation)
        if pause is not None and pause.until <= self._clock.now():
            pause = self._pauses.pop(conversation, None) and None
        return pause

    def _holds_longer(self, pause: Pause) -> bool:
        held = self._pause(pause.conversation)
        return held is not None and held.until > pause.until

    async def _begin(self, *begun: Pause) -> None:
        """Apply and store these pauses, except where a pause that ends later already applies.

        A failing store is retried, because otherwise the pauses would end with this run.
        """
        begun = tuple(pause for pause in begun if not self._holds_longer(pause))
        for pause in begun:
            self._pauses[pause.conversation] = pause
            log.warning("answers pause", bot=self._instance_id, reason=pause.reason, until=pause.until.isoformat())
        for pause in begun:
            await self._keep(pause)

    async def _keep(self, pause: Pause) -> None:
        failures = 0
        while not self._over and self._pauses.get(pause.conversation) is pause:
            try:
                await self._store.pauses.set(self._instance_id, pause)
                return
            except StorageError as error:
                failures += 1
                log.error("a pause is not stored yet", bot=self._instance_id, **trace_of(error))
                await self._clock.sleep(backoff(failures, self._chance))

    def _count(self, conversation: str, time: float) -> None:
        self._answers.add(time, (*self._of_account, SLOWED))
        if self._of_contact:
            self._lively(conversation, time).answers.add(time, self._of_contact)

    def _lively(self, conversation: str, time: float) -> _ConversationState:
        chat = self._chats.pop(conversation, None) or _ConversationState(time)
        chat.lively = time
        self._chats[conversation] = chat
        while next(iter(self._chats.values())).lively < time - rate_limits.HOUR or len(self._chats) > MOST_CHATS:
            del self._chats[next(iter(self._chats))]
        return chat

    def _hold(self, conversation: str, seconds: float, why: str) -> Postpone:
        self.leave(conversation)
        self._held[conversation] = why
        return self._nap(seconds, why, len(self._held))

    def _nap(self, seconds: float, why: str, ahead: int) -> Postpone:
        longest = LONGEST_SLEEP * (1 + ahead // CROWD)
        return Postpone(longest if seconds > longest else seconds + self._chance() * JITTER, why)

    def _code(self) -> str:
        code = self._trouble.code
        if code is None:
            return ""
        return f" (code {code}: reaching out is locked)" if code == REACH_OUT_LOCKED else f" (code {code})"
