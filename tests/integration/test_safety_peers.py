"""Two bots of ours that talk to each other know each other by what the database has of their answers."""

from pathlib import Path
from typing import Any

from chatbot_manager import ChatbotInstance
from imposter.contracts.status import SafetyLevel
from imposter.domain.messages import MessageState, Verdict
from tests.house import HASTE, Calendar, House, Sent, open_house, until

LOOPS: dict[str, Any] = {**HASTE, "automatic_turns": 3}
PACE = 30
"""Seconds between two messages: none is told by its speed."""


async def converse(house: House, clock: Calendar) -> list[Sent]:
    """Four answers of Anna's bot to Ben, who took his time."""
    await house.bot("anna", limits_config=LOOPS)
    anna = house.platforms["anna"]
    for turn in range(4):
        clock.pass_by(seconds=PACE)
        await anna.hear("ben", f"message {turn}")
        await until(lambda turn=turn: len(anna.sent) == turn + 1)  # type: ignore[misc]
    return anna.sent


async def hear(house: House, clock: Calendar, said: list[Sent]) -> dict[str, str | None]:
    """Ben's bot gets what Anna's said, one after another; gives the reasons why it did not answer, by text."""
    ben = await house.bot("ben", limits_config=LOOPS)
    for sent in said:
        clock.pass_by(seconds=PACE)
        await house.platforms["ben"].hear("anna", sent.text, message_id=sent.message_id)
        await until(lambda: _is_settled(ben))
    return {row.content: row.reason for row in await house.store.messages.page(ben.instance_id, conversation="anna")}


async def test_bots_know_each_other_by_what_they_said_before_a_restart(tmp_path: Path, database: str | None) -> None:
    clock = Calendar()
    async with open_house(tmp_path, database=database, clock=clock) as house:
        said = await converse(house, clock)
    async with open_house(tmp_path, database=database, clock=clock) as house:
        reasons = await hear(house, clock, said)
        assert [reasons[sent.text] for sent in said] == [None, None, "loop", "loop"]
        for user_id in ("anna", "ben"):
            bot = await house.bot(user_id, limits_config=LOOPS)
            safety = (await bot.status()).safety
            assert safety.level is SafetyLevel.SLOWED
            assert "as only a machine does" in safety.reasons[0]


async def test_a_bot_that_does_not_run_keeps_the_other_from_nothing(tmp_path: Path) -> None:
    clock = Calendar()
    async with open_house(tmp_path, clock=clock) as house:
        said = await converse(house, clock)
        anna = await house.bot("anna", limits_config=LOOPS)
        await house.bots.stop(anna.instance_id)
        reasons = await hear(house, clock, said)
        assert [reasons[sent.text] for sent in said] == [None, None, "loop", "loop"]
        assert (await anna.status()).safety.level is SafetyLevel.NORMAL


async def test_nor_does_one_that_cannot_be_brought_back(tmp_path: Path) -> None:
    clock = Calendar()
    async with open_house(tmp_path, clock=clock) as house:
        said = await converse(house, clock)
        anna = await house.bot("anna", limits_config=LOOPS)
        unread: dict[str, Any] = {"user_id": "anna", "of_a_later_version": True}
        await house.store.bots.update(anna.instance_id, unread, lambda *_: Verdict(MessageState.WAITING))
    async with open_house(tmp_path, clock=clock) as house:
        reasons = await hear(house, clock, said)
        assert [reasons[sent.text] for sent in said] == [None, None, "loop", "loop"]


async def _is_settled(bot: ChatbotInstance) -> bool:
    return (await bot.status()).waiting == 0
