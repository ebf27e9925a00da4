"""What people and groups are called."""

import pytest

from imposter.contracts.chat import NewNames
from imposter.contracts.errors import StorageError
from imposter.contracts.messages import Mention, Quote, Sender
from imposter.storage import Store
from imposter.storage.conversation import names as names_module
from tests.storage.desk import BOT, Desk, Time

MUM = ["49151@s.whatsapp.net", "77@lid"]


async def test_a_name_is_kept_for_all_ids_and_what_is_not_told_stays(desk: Desk) -> None:
    names = desk.store.names
    await names.learn(desk.claim, [NewNames(MUM, saved="Mum")])
    await names.learn(desk.claim, [NewNames(MUM[1:], chosen="Eva\nKern")])
    known = await names.some(BOT, MUM)
    assert {(each.saved, each.chosen) for each in known.values()} == {("Mum", "Eva Kern")}
    await names.learn(desk.claim, [NewNames(MUM[:1], saved="")])
    assert (await names.some(BOT, MUM))["77@lid"].saved == ""


async def test_there_is_always_room_for_whom_the_owner_saves(
    desk: Desk, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names_module, "MOST", 4)
    for number in range(6):
        await desk.receive("hi", f"s{number}", sender=Sender(f"s{number}", f"Stranger {number}"))
        time.pass_by(minutes=1)
    await desk.store.names.learn(desk.claim, [NewNames(MUM, saved="Mum")])
    await desk.store.names.learn(desk.claim, [NewNames(["s2"], saved="Sue")])
    known = await desk.store.names.some(BOT, [*MUM, *(f"s{number}" for number in range(6))])
    assert {each: known[each].saved for each in sorted(known)} == {**dict.fromkeys(MUM, "Mum"), "s2": "Sue", "s3": ""}
    await desk.store.names.learn(desk.claim, [NewNames([f"f{number}"], saved=f"F{number}") for number in range(4)])
    known = await desk.store.names.some(BOT, [*MUM, "s2", "s3", *(f"f{number}" for number in range(4))])
    assert sorted(known) == sorted([*MUM, "s2", "f0"]), "no more than there is room for, and of the saved none is lost"
    await desk.store.names.learn(desk.claim, [NewNames(["s2"], saved="Susan")])
    assert (await desk.store.names.some(BOT, ["s2"]))["s2"].saved == "Susan"


async def test_they_are_listed_once_each(desk: Desk) -> None:
    people = [
        NewNames([f"{number:03}@s.whatsapp.net", f"{number:03}@lid"], chosen=f"P{number}") for number in range(30)
    ]
    groups = [NewNames([f"{number:03}@g.us"], chosen=f"G{number}", is_group=True) for number in range(3)]
    await desk.store.names.learn(desk.claim, [*people, *groups])
    first = await desk.store.names.page(BOT, groups=False, limit=20)
    rest = await desk.store.names.page(BOT, groups=False, after=min(first[-1].identifiers), limit=20)
    assert [each.chosen for each in [*first, *rest]] == [f"P{number}" for number in range(30)]
    assert [each.chosen for each in await desk.store.names.page(BOT, groups=True)] == ["G0", "G1", "G2"]


async def test_whom_the_answer_goes_to_has_the_owners_name_for_them(desk: Desk) -> None:
    await desk.store.names.learn(desk.claim, [NewNames(["anna"], saved="Annie")])
    await desk.receive("hello", "anna")
    await desk.receive("hello", group="family", sender=Sender("anna"))
    alone, together = await desk.take(), await desk.take("family")
    assert alone is not None
    assert together is not None
    assert (alone.saved_name, together.saved_name) == ("Annie", "")


async def test_a_chat_is_told_what_people_call_themselves_and_nothing_of_the_owners_names(desk: Desk) -> None:
    await desk.store.names.learn(desk.claim, [NewNames(["77@lid"], saved="Boss, the bore", chosen="Bob")])
    mention = (Mention(("77@lid",)), Mention(("88@lid",)), Mention(("99@lid",), is_owner=True))
    await desk.receive("@77 @88 @99 hi", group="family", sender=Sender("anna", "Ann"), mentions=mention)
    await desk.receive(
        "so?", group="family", sender=Sender("anna", "Ann"), quotes="x", quoted=Quote("no", author="77@lid")
    )
    work = await desk.take("family")
    assert work is not None
    assert work.turns[0].content == "@Bob @88 @you hi"
    assert work.turns[1].about is not None
    assert work.turns[1].about.author == "Bob"


async def test_a_group_is_called_by_its_title_and_never_by_who_spoke_last(desk: Desk) -> None:
    await desk.receive("hi", group="family", sender=Sender("eve", "Eve"))
    [chat] = await desk.store.chats.page(BOT)
    assert chat.name == ""
    await desk.store.names.learn(desk.claim, [NewNames(["family"], chosen="The Kerns", is_group=True)])
    [chat] = await desk.store.chats.page(BOT)
    assert (chat.name, await desk.store.chats.name(BOT, "family")) == ("The Kerns", "The Kerns")


async def test_they_are_forgotten_with_the_person(desk: Desk) -> None:
    await desk.receive("hello", *MUM, sender=Sender(MUM[0], "Eva", (MUM[1],)))
    await desk.store.names.learn(desk.claim, [NewNames(MUM, saved="Mum")])
    await desk.store.erasure.forget(BOT, MUM[1], lambda text: text)
    assert await desk.store.names.some(BOT, MUM) == {}
    await desk.receive("hello", *MUM, sender=Sender(MUM[0], "Eva", (MUM[1],)))
    assert (await desk.store.names.some(BOT, MUM))[MUM[0]].saved == "", "a stranger with a name of their own"


async def test_a_run_that_was_superseded_learns_none(desk: Desk, store: Store) -> None:
    await store.bots.claim(BOT)
    with pytest.raises(StorageError):
        await store.names.learn(desk.claim, [NewNames(MUM, saved="Mum")])
