"""An answer goes out as fast as a person would type it."""

from datetime import datetime
from pathlib import Path

from imposter.contracts.errors import Refused
from imposter.domain.deliveries import DeliveryState
from tests.integration.behaviour_house import HUMAN, PROMPT, Anna, open_anna
from tests.integration.records import rows
from tests.integration.safety_house import HandClock

LONG = "First of all, hello.\n\nThen there is the matter of the boat.\n\nAnd the weather, which is fine."
BUBBLES = ["re: First of all, hello.", "Then there is the matter of the boat.", "And the weather, which is fine."]


async def test_it_is_read_then_typed_then_sent(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, HUMAN) as anna:
        came = clock.now()
        await anna.hear("shall we meet?", message_id="m1")
        await anna.live_until(lambda: bool(anna.platform.sent))
        assert anna.shown() == ["read m1", "typing", "sent re: shall we meet?"]
        read, typing, sent = _times(anna)
        assert 0.5 < (read - came).total_seconds() < 4
        assert 0.5 < (typing - read).total_seconds() < 4
        assert 1 < (sent - typing).total_seconds() < 13


async def test_a_long_answer_comes_in_a_few_messages(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), HUMAN) as anna:
        await anna.hear(LONG, message_id="m1")
        await anna.live_until(lambda: len(anna.platform.sent) == 3)
        typed = [what for text in BUBBLES for what in ("typing", f"sent {text}")]
        assert anna.shown() == ["read m1", *typed]
        assert len({sent.message_id for sent in anna.platform.sent}) == 3
        times = _times(anna)
        assert times == sorted(set(times))
        assert (times[-1] - times[0]).total_seconds() < 31
        await anna.hear("and then?")
        await anna.live_until(lambda: len(anna.platform.sent) == 4)
        assert anna.model.prompts()[-1] == [LONG, *BUBBLES, "and then?"]


async def test_what_the_model_takes_is_no_time_on_top(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(
        tmp_path, clock, {"pace": "human", "debounce_seconds": 20, "debounce_max_seconds": 20}
    ) as anna:
        await anna.hear("hello")
        await anna.pass_by(19.9)
        asked = clock.now()
        await anna.live_until(lambda: bool(anna.platform.sent))
        read, typing, sent = _times(anna)[-3:]
        assert read == typing
        assert (typing - asked).total_seconds() < 0.2
        assert (sent - typing).total_seconds() > 0.5


async def test_a_restart_between_two_messages_sends_the_rest_at_its_time(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, HUMAN) as anna:
        await anna.hear(LONG)
        await anna.live_until(lambda: len(anna.platform.sent) == 1)
        ids = [row.message_id for row in await rows(anna.house, anna.bot.instance_id) if row.answers]
        stopped = clock.now()
    async with open_anna(tmp_path, clock, HUMAN) as anna:
        assert anna.platform.sent == []
        await anna.live_until(lambda: len(anna.platform.sent) == 2)
        assert anna.platform.texts() == BUBBLES[1:]
        assert [sent.message_id for sent in anna.platform.sent] == ids[1:]
        assert anna.shown() == [what for text in BUBBLES[1:] for what in ("typing", f"sent {text}")]
        assert _times(anna)[1] > stopped
        assert anna.model.asked == []
        await anna.pass_by(120)
        assert len(anna.platform.sent) == 2


async def test_a_message_that_is_refused_ends_those_behind_it(tmp_path: Path) -> None:
    async with open_anna(tmp_path, HandClock(), HUMAN) as anna:
        await anna.hear(LONG)
        await anna.live_until(lambda: len(anna.platform.sent) == 1)
        anna.platform.trouble.append(Refused("blocked"))
        await anna.pass_by(60)
        assert anna.platform.texts() == BUBBLES[:1]
        states = [row.delivery for row in await rows(anna.house, anna.bot.instance_id) if row.answers]
        assert states == [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.FAILED]
        assert anna.shown()[-2:] == ["typing", "idle"]


async def test_two_chats_do_not_wait_for_each_other(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, HUMAN) as anna:
        await anna.hear(LONG, "bob")
        await anna.hear("ok?", "eve")
        await anna.live_until(lambda: len(anna.platform.sent) == 4)
        assert [sent.recipient for sent in anna.platform.sent][-1] == "bob"


async def test_off_is_at_once_in_one_message_and_nothing_is_shown(tmp_path: Path) -> None:
    contacts = [{"id": "eve", "pace": "human"}]
    async with open_anna(tmp_path, HandClock(), PROMPT, contacts=contacts) as anna:
        await anna.hear(LONG, "bob")
        await anna.hear("ok?", "eve", message_id="m2")
        await anna.settle()
        assert anna.shown("bob") == [f"sent re: {LONG}"]
        assert anna.shown("eve") == []
        await anna.live_until(lambda: len(anna.platform.sent) == 2)
        assert anna.shown("eve") == ["read m2", "typing", "sent re: ok?"]


async def test_by_default_a_bot_takes_its_time(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_anna(tmp_path, clock, {}) as anna:
        came = clock.now()
        await anna.hear("hello?", message_id="m1")
        await anna.live_until(lambda: bool(anna.platform.sent))
        assert anna.shown() == ["watched", "read m1", "typing", "sent re: hello?"]
        assert 3 < (clock.now() - came).total_seconds() < 20


def _times(anna: Anna) -> list[datetime]:
    return [when for when, _, _ in anna.platform.seen]
