"""Bots know each other by the ids of their answers, as long as the Store has these."""

from imposter.domain.messages import Work
from imposter.phone_numbers import plain_id
from imposter.storage import Store
from tests.storage.desk import Desk, Time

BEN = "bot-2"


async def says(desk: Desk, text: str, to: str, message_id: str) -> None:
    """An answer of this bot under this id."""
    await desk.answer(await desk.receive("hello", to), text, message_id)


async def waiting(desk: Desk, conversation: str) -> Work:
    work = await desk.take(conversation)
    assert work is not None
    return work


async def test_what_another_bot_said_is_known_by_its_id(desk: Desk, store: Store, time: Time) -> None:
    await store.bots.add(BEN, "ben", {})
    ben = Desk(store, time, BEN)
    await says(desk, "I am a bot", "ben's phone", "said-1")
    await says(desk, "I am still a bot", "ben's phone", "said-2")
    typed = await ben.receive("hello", "anna's phone")
    first = await ben.receive("I am a bot", "anna's phone", message_id="said-1")
    second = await ben.receive("I am still a bot", "anna's phone", message_id="said-2")
    work = await waiting(ben, "anna's phone")
    assert work.seqs == (typed.seq, first.seq, second.seq)
    assert work.said_by == {first.seq: (desk.bot, "ben's phone"), second.seq: (desk.bot, "ben's phone")}


async def test_who_is_busy_says_nothing(desk: Desk, store: Store, time: Time) -> None:
    await store.bots.add(BEN, "ben", {})
    ben = Desk(store, time, BEN)
    await says(desk, "I am a bot", "ben's phone", "said-1")
    first = await ben.receive("I am a bot", "anna's phone", message_id="said-1")
    await ben.receive("and I a person", "anna's phone")
    work = await ben.take("anna's phone", busy={first.seq or 0})
    assert work is not None
    assert work.said_by == {}


async def test_what_a_bot_said_itself_is_nobody_elses(desk: Desk) -> None:
    await says(desk, "hi", "eve", "said-1")
    await desk.receive("hi", "bob", message_id="said-1")
    assert (await waiting(desk, "bob")).said_by == {}


async def test_the_other_side_is_the_conversation_that_is_left_of_two(desk: Desk, store: Store, time: Time) -> None:
    await store.bots.add(BEN, "ben", {})
    ben = Desk(store, time, BEN)
    await desk.receive("hello", "lid")
    await says(desk, "I am a bot", "phone", "said-1")
    assert (await desk.receive("it is me", "lid", "phone")).absorbed == ("phone",)
    heard = await ben.receive("I am a bot", "anna", message_id="said-1")
    assert (await waiting(ben, "anna")).said_by == {heard.seq: (desk.bot, "lid")}


async def test_a_person_who_is_forgotten_heard_it_from_a_stranger(desk: Desk, store: Store, time: Time) -> None:
    await store.bots.add(BEN, "ben", {})
    ben = Desk(store, time, BEN)
    await says(desk, "I am a bot", "ben's phone", "said-1")
    await ben.receive("I am a bot", "anna", message_id="said-1")
    await store.erasure.forget(desk.bot, "ben's phone", plain_id)
    assert (await waiting(ben, "anna")).said_by == {}


async def test_a_bot_that_is_deleted_was_nobody(desk: Desk, store: Store, time: Time) -> None:
    await store.bots.add(BEN, "ben", {})
    ben = Desk(store, time, BEN)
    await says(desk, "I am a bot", "ben's phone", "said-1")
    await ben.receive("I am a bot", "anna", message_id="said-1")
    await store.bots.delete(desk.bot)
    assert (await waiting(ben, "anna")).said_by == {}


async def test_a_member_who_repeats_an_answers_id_in_a_group_is_no_bot(desk: Desk, store: Store, time: Time) -> None:
    await store.bots.add(BEN, "ben", {})
    ben = Desk(store, time, BEN)
    await says(desk, "I am a bot", "eve", "said-1")
    await desk.answer(await desk.receive("hi all", group="team"), "hi, I am a bot", message_id="said-2")
    repeated = await ben.receive("I am a bot", group="team", message_id="said-1")
    heard = await ben.receive("hi, I am a bot", group="team", message_id="said-2")
    work = await waiting(ben, "team")
    assert work.seqs == (repeated.seq, heard.seq)
    assert work.said_by == {heard.seq: (desk.bot, "team")}
