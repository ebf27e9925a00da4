"""Account safety inside the house: caps, loops, refusals, and what the owner is told of them."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chatbot_manager import ChatbotInstance
from imposter.contracts.chat import ChatContext
from imposter.contracts.errors import Refused
from imposter.contracts.messages import Sender
from imposter.contracts.states import LinkState, LinkStatus, SafetyLevel, SafetyStatus
from imposter.runtime.discovery import Kind, ProviderFile
from imposter.runtime.loops import HASTY_TURNS
from imposter.storage.records import Pause
from tests.house import HASTE, House, Platform, config_of, open_house, until
from tests.integration.api_house import config, open_api

DEFAULTS: dict[str, Any] = {}
LOOPS: dict[str, Any] = {**HASTE, "automatic_turns": 3}


class HandClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        sleeper = (self.seconds + seconds, asyncio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
        for due, woken in self._sleepers:
            if due <= self.seconds:
                woken.set()

    @property
    def sleepers(self) -> int:
        """How many sleep on."""
        return sum(not woken.is_set() for _, woken in self._sleepers)


class Wire(Platform):
    """A platform whose people are the bots themselves, by user_id."""

    people: dict[str, "Wire"]
    clock: HandClock
    same_ids: bool
    """Whether a message has the same id on both sides, as it has on WhatsApp."""
    pace: float
    """Seconds that pass with each message."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, Any]) -> None:
        super().__init__(user_id, config, user_queues)
        self.user_id = user_id
        self.people[user_id] = self

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        await super().send_with_id(recipient, message, message_id)
        self.clock.pass_by(self.pace)
        if recipient in self.people:
            heard_as = message_id if self.same_ids else f"heard-{message_id}"
            await self.people[recipient].hear(self.user_id, message, message_id=heard_as)


def wire(clock: HandClock, *, same_ids: bool, pace: float) -> type[Wire]:
    return type("OneWire", (Wire,), {"people": {}, "clock": clock, "same_ids": same_ids, "pace": pace})


async def safety(bot: ChatbotInstance) -> SafetyStatus:
    return (await bot.status()).safety


async def reasons(house: House, bot: ChatbotInstance) -> dict[str, str | None]:
    """Why each message of this bot is as it is."""
    return {row.content: row.reason for row in await house.bots.messages(bot.instance_id)}


@pytest.mark.parametrize(
    ("same_ids", "pace"),
    [pytest.param(True, 30.0, id="known, however slow"), pytest.param(False, 0.0, id="strangers, by their speed")],
)
async def test_two_bots_that_face_each_other_stop(tmp_path: Path, same_ids: bool, pace: float) -> None:
    clock = HandClock()
    kind = wire(clock, same_ids=same_ids, pace=pace)
    async with open_house(tmp_path, ProviderFile(Kind.CHAT, "wire", provider=kind), clock=clock) as house:
        bots = []
        for user_id in ("anna", "ben"):
            bot = await house.bots.put(config_of(user_id, chat="wire", limits_config=DEFAULTS))
            assert isinstance(bot, ChatbotInstance)
            bots.append(bot)
        await until(lambda: len(kind.people) == 2 and all(one.listening for one in kind.people.values()))
        anna, ben = kind.people["anna"], kind.people["ben"]
        await ben.hear("anna", "hello")  # in her own words
        told: list[SafetyStatus] = []

        async def stopped() -> bool:
            told[:] = [status for bot in bots if (status := await safety(bot)).level is SafetyLevel.SLOWED]
            return len(told) == (2 if same_ids else 1)

        await until(stopped)
        assert 4 <= len(anna.sent) + len(ben.sent) <= 6
        assert all("as only a machine does" in " ".join(status.reasons) and status.until for status in told)
        last_errors = [(await bot.status()).last_error or "" for bot in bots]
        assert sum("as only a machine does" in error for error in last_errors) == len(told)
        assert "loop" in [*(await reasons(house, bots[0])).values(), *(await reasons(house, bots[1])).values()]
        await anna.hear("cleo", "and I?")
        await until(lambda: anna.texts("cleo") == ["re: and I?"])


async def test_two_strangers_that_take_a_persons_time_stop_as_well(tmp_path: Path) -> None:
    clock = HandClock()
    kind = wire(clock, same_ids=False, pace=6.0)
    async with open_house(tmp_path, ProviderFile(Kind.CHAT, "wire", provider=kind), clock=clock) as house:
        bots = []
        for user_id in ("anna", "ben"):
            chatty = config_of(user_id, chat="wire", model_config={"prefix": "word " * 20}, limits_config=LOOPS)
            bot = await house.bots.put(chatty)
            assert isinstance(bot, ChatbotInstance)
            bots.append(bot)
        await until(lambda: len(kind.people) == 2 and all(one.listening for one in kind.people.values()))
        await kind.people["ben"].hear("anna", "hello")

        async def stopped() -> bool:
            return any([(await safety(bot)).level is SafetyLevel.SLOWED for bot in bots])

        await until(stopped)
        sent = sum(len(one.sent) for one in kind.people.values())
        assert 6 < sent <= 2 * HASTY_TURNS + 2


async def test_a_loop_is_forgotten_after_its_pause(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for turn in range(4):
            await until(_sent(platform, turn))
            await platform.hear("bob", f"beep {turn}")
        await until(lambda: _is(house, bot, "beep 3", "loop"))
        clock.pass_by(59 * 60)
        await platform.hear("bob", "too early")
        await until(lambda: _is(house, bot, "too early", "loop"))
        clock.pass_by(61)
        assert (await safety(bot)).level is SafetyLevel.NORMAL
        await platform.hear("bob", "good morning")
        await until(lambda: platform.texts()[3:] == ["re: good morning"])


@pytest.mark.parametrize(
    ("pace", "text"),
    [pytest.param(4.0, "so I went there and then I saw", id="writes on"), pytest.param(8.0, "hm?" * 30, id="talks")],
)
async def test_a_person_who_is_answered_at_once_is_never_taken_for_a_machine(
    tmp_path: Path, pace: float, text: str
) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for turn in range(10):
            await platform.hear("bob", f"{text} {turn}")
            await until(_sent(platform, turn + 1))
            clock.pass_by(pace)


async def test_a_person_who_taps_emojis_is_answered_on(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for turn, text in enumerate(("ja", "nein", "ok", "gut", "👍", "😂")):
            await platform.hear("bob", text)
            clock.pass_by(0.3)
            await until(_sent(platform, turn + 1))
            clock.pass_by(0.7)


async def test_several_messages_before_the_answer_are_no_loop(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config=LOOPS)
        platform, model = house.platforms["anna"], house.models["anna"]
        for turn in range(6):
            model.hold[f"forwarded {turn} 0"] = asyncio.Event()
            for place in range(3):
                await platform.hear("bob", f"forwarded {turn} {place}")
            model.hold[f"forwarded {turn} 0"].set()
            await until(_last(platform, f"re: forwarded {turn} 2"))
            clock.pass_by(12)


async def test_what_is_over_the_accounts_cap_waits_and_is_answered_together(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config={**HASTE, "answers_per_minute": 3})
        platform = house.platforms["anna"]
        for place in range(3):
            await platform.hear(f"friend {place}", "hi")
        await until(_sent(platform, 3))
        clock.pass_by(20)
        await platform.hear("late", "first")
        await until(_asleep(clock, 1))
        await platform.hear("late", "second")
        status = await safety(bot)
        assert (status.level, status.reasons) == (
            SafetyLevel.SLOWED,
            ["1 chat is waiting for its turn: limits_config.answers_per_minute is 3."],
        )
        clock.pass_by(39)
        assert len(platform.sent) == 3
        clock.pass_by(1)
        await until(lambda: platform.texts("late") == ["re: second"])
        assert await safety(bot) == SafetyStatus()


async def test_what_is_held_goes_a_little_later_by_chance(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock, chance=lambda: 0.5) as house:
        await house.bot(limits_config={**HASTE, "answers_per_minute": 1})
        platform = house.platforms["anna"]
        await platform.hear("bob", "one")
        await until(_sent(platform, 1))
        clock.pass_by(10)
        await platform.hear("bob", "two")
        await until(_asleep(clock, 1))
        clock.pass_by(55)
        assert clock.sleepers == 1
        clock.pass_by(5)
        await until(_sent(platform, 2))


async def test_a_cap_counts_answers_in_the_making_and_lets_nobody_overtake(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config={**HASTE, "answers_per_minute": 1})
        platform, model = house.platforms["anna"], house.models["anna"]
        model.hold["slow"] = asyncio.Event()
        await platform.hear("bob", "slow")
        await until(lambda: len(model.asked) == 1)
        for place in range(3):
            await platform.hear(f"friend {place}", "hi")
            await until(_asleep(clock, place + 1))
        clock.pass_by(50)
        model.hold["slow"].set()
        await until(_sent(platform, 1))
        for place in range(3):
            for _ in range(6):
                await until(_asleep(clock, 3 - place))
                assert len(platform.sent) == place + 1
                clock.pass_by(10)
            await until(_sent(platform, place + 2))
        assert [sent.recipient for sent in platform.sent] == ["bob", "friend 0", "friend 1", "friend 2"]


async def test_a_contacts_cap_holds_up_nobody_else(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config={**HASTE, "answers_per_contact_per_minute": 1})
        platform = house.platforms["anna"]
        for text in ("one", "two"):
            await platform.hear("bob", text)
            await until(_sent(platform, 1))
        await until(_asleep(clock, 1))
        await platform.hear("eve", "hi")
        await until(lambda: platform.texts("eve") == ["re: hi"])
        assert "answers_per_contact_per_minute is 1" in (await safety(bot)).reasons[0]
        clock.pass_by(60)
        await until(lambda: platform.texts("bob") == ["re: one", "re: two"])


@pytest.mark.parametrize("seed", range(3))
async def test_caps_hold_in_every_span_and_everybody_is_answered_in_order(tmp_path: Path, seed: int) -> None:
    clock, random = HandClock(), Random(seed)
    limits = {**HASTE, "answers_per_minute": 5, "answers_per_contact_per_minute": 2, "answer_within_minutes": None}
    async with open_house(tmp_path, clock=clock, chance=random.random) as house:
        bot = await house.bot(limits_config=limits)
        platform = house.platforms["anna"]
        for place in range(40):
            await platform.hear(f"friend {random.randrange(6)}", f"{place:02}")
            clock.pass_by(random.choice((0.0, 0.5, 5.0)))

        async def all_answered() -> bool:
            clock.pass_by(1.0)
            return (await bot.status()).waiting == 0

        await until(all_answered)
        answers = await house.store.outbox.answered(bot.instance_id, clock.now() - timedelta(days=1), 100)
        assert answers[-1][1] - answers[0][1] > timedelta(minutes=1)
        _at_most(5, [time for _, time in answers])
        for friend in {friend for friend, _ in answers}:
            _at_most(2, [time for name, time in answers if name == friend])
            assert platform.texts(friend) == sorted(platform.texts(friend))


def _at_most(count: int, times: list[datetime]) -> None:
    for first, beyond in zip(times, times[count:], strict=False):
        assert beyond - first >= timedelta(minutes=1)


async def test_what_is_held_for_too_long_is_no_longer_answered(tmp_path: Path) -> None:
    clock = HandClock()
    limits = {**HASTE, "answers_per_hour": 1, "answer_within_minutes": 2}
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config=limits)
        platform = house.platforms["anna"]
        await platform.hear("bob", "one")
        await until(_sent(platform, 1))
        await platform.hear("bob", "two")
        for _ in range(3):
            await until(_asleep(clock, 1))
            clock.pass_by(60)
        await until(lambda: _is(house, bot, "two", "too_old"))
        assert await safety(bot) == SafetyStatus()


async def test_new_limits_hold_at_once(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot(limits_config={**HASTE, "answers_per_hour": 1})
        platform = house.platforms["anna"]
        for text in ("one", "two"):
            await platform.hear("bob", text)
            await until(_sent(platform, 1))
        await until(_asleep(clock, 1))
        assert await house.bot(limits_config={**HASTE, "answers_per_hour": 2}) is bot
        await until(lambda: platform.texts() == ["re: one", "re: two"])
        assert house.platforms["anna"] is platform


async def test_answers_count_over_a_restart(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        await house.bot(limits_config={**HASTE, "answers_per_hour": 1, "answer_within_minutes": None})
        await house.platforms["anna"].hear("bob", "one")
        await until(lambda: len(house.platforms["anna"].sent) == 1)
    clock.pass_by(1800)
    async with open_house(tmp_path, clock=clock) as house:
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        await house.platforms["anna"].hear("bob", "two")
        await until(_asleep(clock, 1))
        clock.pass_by(1800)
        await until(lambda: house.platforms["anna"].texts() == ["re: two"])


async def test_a_463_rests_its_chat_and_slows_the_account_and_a_second_pauses_it(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        await _refuse(house, bot, "bob", 463)
        await until(lambda: _level(bot, SafetyLevel.SLOWED))
        status = await safety(bot)
        assert len(status.reasons) == 2
        assert all("463" in reason for reason in status.reasons)
        await platform.hear("bob", "again")
        await until(lambda: _is(house, bot, "again", "reach_out_locked"))
        for place in range(5):
            await platform.hear(f"friend {place}", "hi")
        await until(_sent(platform, 5))
        await platform.hear("one too many", "hi")
        await until(_asleep(clock, 1))
        clock.pass_by(60)
        await until(_sent(platform, 6))
        await _refuse(house, bot, "eve", 463)
        await until(lambda: _level(bot, SafetyLevel.PAUSED))
        status = await safety(bot)
        assert status.until == clock.now() + timedelta(minutes=15)
        assert "no answers until" in ((await bot.status()).last_error or "")
        await platform.hear("friend 1", "still there?")
        await until(_asleep(clock, 1))
        assert len(platform.attempts) == 8
    async with open_house(tmp_path, clock=clock) as house:
        await until(lambda: "anna" in house.platforms and house.platforms["anna"].listening)
        [again] = house.bots.all()
        assert (await again.status()).safety.until == status.until
        await until(_asleep(clock, 1))
        for _ in range(15):
            assert not house.platforms["anna"].attempts
            await until(_asleep(clock, 1))
            clock.pass_by(60)
        await until(lambda: house.platforms["anna"].texts() == ["re: still there?"])
        assert (await again.status()).safety.level is SafetyLevel.SLOWED


async def test_refusals_of_what_was_under_way_make_a_pause_no_longer(tmp_path: Path) -> None:
    clock, gate = HandClock(), asyncio.Event()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        platform.hold = gate
        platform.trouble += [Refused("The platform refused the message.", code=463) for _ in range(6)]
        for place in range(6):
            await platform.hear(f"friend {place}", "hi")
        await until(lambda: len(platform.attempts) == 6)
        gate.set()
        await until(lambda: _failed(house, bot, 6))
        await until(lambda: _level(bot, SafetyLevel.PAUSED))
        assert (await safety(bot)).until == clock.now() + timedelta(minutes=15)


async def test_an_owner_ends_every_pause(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_house(tmp_path, clock=clock) as house:
        bot = await house.bot()
        platform = house.platforms["anna"]
        for friend in ("bob", "eve"):
            await _refuse(house, bot, friend, 463)
        await until(lambda: _level(bot, SafetyLevel.PAUSED))
        await platform.hear("cleo", "hi")
        await until(_asleep(clock, 1))
        await house.bots.resume(bot.instance_id)
        await until(lambda: platform.texts() == ["re: hi"])
        assert await safety(bot) == SafetyStatus()
        assert (await bot.status()).last_error is None, "it told of the pause"
        await bot.stop()
        await bot.start()
        assert await safety(bot) == SafetyStatus()


async def test_server_errors_slow_the_account_and_single_refusals_do_not(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=HandClock()) as house:
        bot = await house.bot()
        for code in (403, 500):
            await _refuse(house, bot, f"friend {code}", code)
            assert (await safety(bot)).level is SafetyLevel.NORMAL
        await _refuse(house, bot, "friend 503", 503)
        await until(lambda: _level(bot, SafetyLevel.SLOWED))


async def test_a_link_that_the_platform_ends_again_and_again_slows_the_account(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=HandClock()) as house:
        bot = await house.bot()
        context: ChatContext = house.platforms["anna"].context
        for _ in range(3):
            assert (await safety(bot)).level is SafetyLevel.NORMAL
            context.report(LinkStatus(status=LinkState.RECONNECTING, code=503))
            context.report(LinkStatus(status=LinkState.CONNECTED))
            await asyncio.sleep(0)
        await until(lambda: _level(bot, SafetyLevel.SLOWED))
        assert "503" in (await safety(bot)).reasons[0]


async def test_the_pauses_of_an_account_go_with_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, clock=HandClock()) as house:
        bot = await house.bot()
        for friend in ("bob", "eve"):
            await _refuse(house, bot, friend, 463)
        await until(lambda: _level(bot, SafetyLevel.PAUSED))
        await bot.unlink()
        await bot.start()
        await until(lambda: _level(bot, SafetyLevel.NORMAL))
        await until(lambda: house.platforms["anna"].listening)
        await house.platforms["anna"].hear("bob", "hello")
        await until(lambda: house.platforms["anna"].texts() == ["re: hello"])


async def test_a_pause_follows_its_contact_into_the_conversation_they_are_known_by(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(limits_config=LOOPS)
        platform = house.platforms["anna"]
        for name in ("phone", "lid"):
            await platform.hear(name, "hello")
        await until(_sent(platform, 2))
        await house.bots.stop(bot.instance_id)
        await house.store.pauses.set(bot.instance_id, Pause("lid", "loop", datetime.now(UTC) + timedelta(hours=1)))
        await house.bots.start(bot.instance_id)
        await until(lambda: house.platforms["anna"] is not platform and house.platforms["anna"].listening)
        platform = house.platforms["anna"]
        await platform.queue.add_message("it is me", Sender("lid", "", ("phone",)))
        await until(lambda: _is(house, bot, "it is me", "loop"))
        assert platform.texts() == []
        assert len((await safety(bot)).reasons) == 1


async def test_one_member_forgotten_ends_no_pause_of_the_group(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        bot = await house.bot(limits_config=LOOPS, chat_config={"allow_group_messages": True})
        await house.platforms["anna"].hear("bob", "hello", group="G")
        await until(_sent(house.platforms["anna"], 1))
        await house.bots.stop(bot.instance_id)
        await house.store.pauses.set(bot.instance_id, Pause("G", "loop", datetime.now(UTC) + timedelta(hours=1)))
        first = house.platforms["anna"]
        await house.bots.start(bot.instance_id)
        await until(lambda: house.platforms["anna"] is not first and house.platforms["anna"].listening)
        await bot.forget("bob")
        await house.platforms["anna"].hear("ben", "beep", group="G")
        await until(lambda: _is(house, bot, "beep", "loop"))
        assert (await safety(bot)).level is SafetyLevel.SLOWED


async def test_limits_and_resuming_over_http(tmp_path: Path) -> None:
    async with open_api(tmp_path) as api:
        limits = {"answers_per_day": 50, "automatic_turns": None}
        instance_id = await api.create(limits_config=limits)
        shown = (await api.client.get(f"/chatbot/{instance_id}")).json()
        assert shown["config"]["limits_config"] == limits
        assert shown["status"]["safety"] == {"level": "normal", "reasons": [], "until": None}
        [refused] = (await api.put({**config("anna"), "limits_config": {"answers_per_dya": 0}})).json()
        assert refused["error"]["field"] == "limits_config.answers_per_dya"
        assert "answers_per_day" in refused["error"]["message"]
        pause = Pause("", "refused", datetime.now(UTC) + timedelta(hours=1))
        await api.house.store.pauses.set(instance_id, pause)
        for call, level in [("stop", "normal"), ("start", "paused"), ("resume", "normal")]:
            await api.client.post(f"/chatbot/{instance_id}/{call}")

            async def stands(level: str = level) -> bool:
                status = (await api.client.get(f"/chatbot/{instance_id}/status")).json()
                return bool(status["safety"]["level"] == level)

            await until(stands)
        assert (await api.client.post("/chatbot/nobody/resume")).status_code == 404


async def _refuse(house: House, bot: ChatbotInstance, friend: str, code: int) -> None:
    """Have the answer to this friend refused; returns when that has had its effect."""
    platform = house.platforms["anna"]
    failed = sum(row.delivery == "failed" for row in await house.bots.messages(bot.instance_id))
    platform.trouble.append(Refused("The platform refused the message.", code=code))
    await platform.hear(friend, f"to be refused {code}")
    await until(lambda: _failed(house, bot, failed + 1))


async def _failed(house: House, bot: ChatbotInstance, answers: int) -> bool:
    rows = await house.bots.messages(bot.instance_id)
    return sum(row.delivery == "failed" for row in rows) == answers


def _sent(platform: Platform, answers: int) -> Callable[[], bool]:
    return lambda: len(platform.sent) == answers


def _last(platform: Platform, text: str) -> Callable[[], bool]:
    return lambda: platform.texts()[-1:] == [text]


def _asleep(clock: HandClock, sleepers: int) -> Callable[[], bool]:
    return lambda: clock.sleepers == sleepers


async def _is(house: House, bot: ChatbotInstance, text: str, reason: str) -> bool:
    return (await reasons(house, bot)).get(text) == reason


async def _level(bot: ChatbotInstance, level: SafetyLevel) -> bool:
    return (await safety(bot)).level is level
