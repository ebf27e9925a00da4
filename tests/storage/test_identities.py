"""Many ids, one person."""

from imposter.contracts.messages import Message, Sender, Source
from imposter.domain.messages import MessageState, Verdict
from tests.storage.desk import Desk, judge_as


class Witness:
    """A judge that remembers what it was told."""

    def __init__(self) -> None:
        self.known_ids: frozenset[str] = frozenset()

    def __call__(self, message: Message, known_ids: frozenset[str]) -> Verdict:
        self.known_ids = known_ids
        return Verdict(MessageState.WAITING)


async def test_ids_that_came_together_name_one_conversation(desk: Desk) -> None:
    first = await desk.receive("1", "lid", "phone")
    second = await desk.receive("2", "phone")
    third = await desk.receive("3", "phone", "other-device")
    fourth = await desk.receive("4", "other-device")
    assert {first.conversation, second.conversation, third.conversation, fourth.conversation} == {"lid"}
    assert [row.conversation for row in await desk.history()] == ["lid"] * 4


async def test_two_conversations_that_prove_to_be_one_move_to_the_older(desk: Desk) -> None:
    await desk.receive("by phone", "phone")
    answered = await desk.receive("by lid", "lid")
    await desk.answer(answered, "yes?")
    merged = await desk.receive("both", "lid", "phone")
    assert merged.conversation == "phone"
    assert await desk.prompt("phone") == ["by phone", "by lid", "yes?", "both"]
    assert [row.conversation for row in await desk.history()] == ["phone"] * 4
    assert [out.content for out in await desk.store.outbox.pending(desk.bot, "phone")] == ["yes?"]
    assert await desk.take("lid") is None
    assert (await desk.receive("later", "lid")).conversation == "phone"


async def test_a_message_says_when_it_made_one_conversation_of_two(desk: Desk) -> None:
    notes = judge_as(MessageState.CONTEXT)
    apart = [await desk.receive(name, name, message_id=name) for name in ("a", "b", "c", "d", "e")]
    waiting = await desk.receive("a is b", "a", "b")
    note = await desk.receive("a is c", "a", "c", judge=notes)
    duplicate = await desk.receive("d again", "d", "a", message_id="d")
    await desk.answer(apart[4], message_id="OUT")
    echo = await desk.receive("hi", "e", "a", message_id="OUT", source=Source.OWNER)
    later = await desk.receive("later", "b", "c", "d", "e")
    assert [each.merged for each in apart] == [False] * 5
    assert [each.merged for each in (waiting, note, duplicate, echo)] == [True] * 4
    assert (duplicate.seq, echo.seq, later.merged, later.conversation) == (None, None, False, "a")


async def test_people_of_a_group_who_prove_to_be_one_merge_no_conversation(desk: Desk) -> None:
    for name in ("lid", "phone"):
        await desk.receive(name, group="team", sender=Sender(name))
    both = await desk.receive("both", group="team", sender=Sender("lid", alternate_identifiers=("phone",)))
    assert not both.merged


async def test_a_message_that_both_conversations_hold_is_kept_once_when_they_become_one(desk: Desk) -> None:
    await desk.receive("old", "phone", message_id="SAME")
    await desk.receive("copy", "lid", message_id="SAME")
    await desk.receive("both", "lid", "phone")
    assert list(await desk.states()) == ["old", "both"]


async def test_the_judge_learns_every_id_of_the_contact(desk: Desk) -> None:
    witness = Witness()
    await desk.receive("1", "lid", "phone")
    await desk.receive("2", "phone", judge=witness)
    assert witness.known_ids == {"lid", "phone"}


async def test_a_person_known_from_a_direct_chat_is_known_in_a_group(desk: Desk) -> None:
    witness = Witness()
    await desk.receive("1", "lid", "phone")
    in_group = await desk.receive("2", group="team", sender=Sender("lid"), judge=witness)
    assert in_group.conversation == "team"
    assert witness.known_ids == {"team", "lid", "phone"}


async def test_a_person_known_from_a_group_is_known_in_a_direct_chat(desk: Desk) -> None:
    witness = Witness()
    await desk.receive("1", group="team", sender=Sender("lid", alternate_identifiers=("phone",)))
    direct = await desk.receive("2", "phone", judge=witness)
    assert direct.conversation == "phone"
    assert witness.known_ids == {"lid", "phone"}


async def test_two_people_in_one_group_stay_two(desk: Desk) -> None:
    witness = Witness()
    await desk.receive("1", group="team", sender=Sender("eve"))
    await desk.receive("2", group="team", sender=Sender("ben"), judge=witness)
    assert witness.known_ids == {"team", "ben"}


async def test_the_owner_writing_to_somebody_does_not_become_them(desk: Desk) -> None:
    witness = Witness()
    await desk.receive("1", "eve", sender=Sender("owner"), source=Source.OWNER)
    await desk.receive("2", "ben", sender=Sender("owner"), source=Source.OWNER, judge=witness)
    assert witness.known_ids == {"ben"}
    assert {row.conversation for row in await desk.history()} == {"eve", "ben"}
