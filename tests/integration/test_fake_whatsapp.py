"""The fake WhatsApp network, seen by unmodified Baileys: what it shows there, the product can be tested against."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bare_client import BareClient, Said
from tests.fakes.whatsapp_network import NODE, Kind, Line, NetworkRefused, WhatsAppNetwork

pytestmark = pytest.mark.xdist_group("fake whatsapp")  # its accounts are made once for all of them

ACCOUNTS = 28
CONTACT = "4917000000001"
OTHER = "4917000000002"


class Bot:
    """One account of the bare client, linked to a phone of its own."""

    def __init__(self, house: "House", account: int, phone: str) -> None:
        self.phone = phone
        self._client = house.client
        self._account = account

    async def wait(self, event: str, count: int = 1) -> list[Said]:
        return await self._client.wait(event, self._account, count=count)

    async def received(self, count: int = 1) -> list[dict[str, Any]]:
        """The WebMessageInfos that Baileys handed out, with whole keys; the first one is the phone's empty history."""
        return [{**line["message"], "key": line["key"]} for line in await self.wait("message", count + 1)][1:]


class House:
    """One network and one client process for all tests; each test links an account that no other test uses."""

    def __init__(self, network: WhatsAppNetwork, client: BareClient) -> None:
        self.network = network
        self.client = client
        self._accounts = count()

    async def qr(self) -> tuple[int, str]:
        account = next(self._accounts)
        [shown] = await self.client.wait("qr", account)
        return account, shown["qr"]

    async def link(self) -> Bot:
        account, qr = await self.qr()
        bot = Bot(self, account, f"49151{account:07}")
        await self.network.scan(qr, bot.phone)
        await bot.wait("open")
        await bot.wait("message")  # its empty history: Baileys hands it out when its first sync is done
        return bot


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def house(anyio_backend: str) -> AsyncIterator[House]:
    async with WhatsAppNetwork() as network, BareClient(network, ACCOUNTS) as client:
        yield House(network, client)


async def test_a_scanned_qr_links_the_account(house: House) -> None:
    bot = await house.link()

    assert [line["code"] for line in await bot.wait("close")] == [515]
    assert (await house.network.phones())[bot.phone].linked
    assert len(await house.network.wait_log("login", phone=bot.phone)) == 1


async def test_a_qr_is_good_for_one_scan(house: House) -> None:
    account, qr = await house.qr()
    await house.network.scan(qr, "4915200000001")
    await house.client.wait("open", account)

    with pytest.raises(NetworkRefused):
        await house.network.scan(qr, "4915200000002")


async def test_a_client_that_nobody_scanned_is_closed_and_gets_a_new_qr(house: House) -> None:
    account, qr = await house.qr()

    await house.network.end_pairing(qr)

    _, fresh = await house.client.wait("qr", account, count=2)
    assert fresh["qr"].split(",")[0] != qr.split(",")[0]
    await house.network.scan(fresh["qr"], "4915200000003")
    await house.client.wait("open", account)


async def test_a_typed_pairing_code_links_the_account_and_a_wrong_one_does_not(house: House) -> None:
    phone = "4915200000004"
    async with BareClient(house.network, pairing_phone=phone) as client:
        [asked] = await client.wait("code")
        await house.network.wait_log("pairing-code", phone=phone)

        with pytest.raises(NetworkRefused, match="wrong"):
            await house.network.enter_code(phone, "ABCD2345")
        assert (await house.network.enter_code(phone, asked["code"])).startswith(phone)
        await client.wait("open")


async def test_a_passkey_is_asked_for_after_the_scan(house: House) -> None:
    account, qr = await house.qr()

    await house.network.ask_for_passkey(qr)

    assert await house.client.wait("passkey", account)


@pytest.mark.parametrize("lid", [False, True], ids=["by phone number", "by LID"])
async def test_a_message_is_answered_end_to_end(house: House, lid: bool) -> None:
    bot = await house.link()
    contact = f"491710000000{lid:d}"

    sent = await house.network.say(bot.phone, contact, "hello", lid=lid, name="Ada")

    [answer] = await house.network.wait_inbox(contact, 1)
    assert (answer.text, answer.sender, answer.by, answer.duplicate) == ("re: hello", bot.phone, "bot", False)
    assert answer.at >= sent.at
    [message] = await bot.received()
    person = (await house.network.phones())[contact]
    names = [f"{person.phone}@s.whatsapp.net", f"{person.lid}@lid"]
    assert (message["key"]["remoteJid"], message["key"]["remoteJidAlt"]) == (names[lid], names[not lid])
    assert message["key"]["id"] == sent.id
    assert message["pushName"] == "Ada"


@pytest.mark.parametrize("lid", [False, True], ids=["by phone number", "by LID"])
async def test_a_group_hears_the_answer(house: House, lid: bool) -> None:
    bot = await house.link()
    group, writer, reader = f"12036300000000000{lid:d}@g.us", f"491720000000{lid:d}", f"491721000000{lid:d}"
    await house.network.make_group(group, "Friends", [writer, bot.phone, reader], lid=lid)

    await house.network.say(bot.phone, writer, "who is there?", group=group)
    await house.network.say(bot.phone, reader, "me too", group=group)

    for member in (writer, reader):
        answers = await house.network.wait_inbox(member, 2)
        assert [(answer.text, answer.group) for answer in answers] == [
            ("re: who is there?", group),
            ("re: me too", group),
        ]


async def test_phones_that_encrypt_in_workers_talk_like_others() -> None:
    group, writer, reader, away = "120363000000000009@g.us", "4917290000001", "4917290000002", "4917290000003"
    async with WhatsAppNetwork(workers=2) as network, BareClient(network) as client:
        house = House(network, client)
        bot = await house.link()
        await network.prepare([writer, reader])
        await network.make_group(group, "Friends", [writer, bot.phone, reader, away], readers=[reader])

        await network.say(bot.phone, writer, "hello")
        await network.wait_inbox(writer, 1)
        await network.forget(writer)
        await network.say(bot.phone, writer, "once more")
        await network.say(bot.phone, writer, "who is there?", group=group)

        told = [(answer.text, answer.group) for answer in await network.wait_inbox(writer, 2)]
        assert told == [("re: hello", None), ("re: once more", None)]
        assert [answer.text for answer in await network.wait_inbox(reader, 1)] == ["re: who is there?"]
        await network.wait_log("undecryptable", phone=bot.phone, to=writer)


async def test_what_was_said_while_the_client_was_away_comes_with_its_return(house: House) -> None:
    bot = await house.link()
    await away(house, bot)

    await house.network.say_all(
        [Line(to=bot.phone, sender="4917300000001", text=text) for text in ("one", "two", "three")]
    )
    assert (await house.network.phones())[bot.phone].queued == 3
    await house.network.refuse_connections(False)

    answers = await house.network.wait_inbox("4917300000001", 3)
    assert {answer.text for answer in answers} == {"re: one", "re: two", "re: three"}
    await house.network.wait_log("receipt", 3, phone=bot.phone, to="4917300000001@s.whatsapp.net")
    assert (await house.network.phones())[bot.phone].queued == 0


async def test_a_burst_is_answered_message_by_message(house: House) -> None:
    bot = await house.link()
    texts = {str(number) for number in range(50)}

    await house.network.say_all(Line(to=bot.phone, sender="4917300000002", text=text) for text in texts)

    answers = await house.network.wait_inbox("4917300000002", 50)
    assert {answer.text for answer in answers} == {f"re: {text}" for text in texts}
    assert not any(answer.duplicate for answer in answers)


async def test_the_owner_s_own_messages_are_seen_as_theirs(house: House) -> None:
    bot = await house.link()
    group = "120363000000000009@g.us"

    await house.network.owner_says(bot.phone, "4917300000003", "I take over")
    await house.network.owner_says(bot.phone, "4917300000003", "by LID", lid=True)
    await house.network.owner_says(bot.phone, bot.phone, "a note to myself")
    await house.network.make_group(group, "Work", ["4917300000003", bot.phone])
    await house.network.say(bot.phone, bot.phone, "to all", group=group)

    seen = [message["key"] for message in await bot.received(4)]
    contact = (await house.network.phones())["4917300000003"]
    group = "120363000000000009@g.us"
    pn, lid = f"{contact.phone}@s.whatsapp.net", f"{contact.lid}@lid"
    assert {key["remoteJid"] for key in seen} == {pn, lid, f"{bot.phone}@s.whatsapp.net", group}
    assert {pn: lid, lid: pn}.items() <= {key["remoteJid"]: key.get("remoteJidAlt") for key in seen}.items()
    assert all(key["fromMe"] for key in seen)
    [first, second] = await house.network.inbox("4917300000003")
    assert (first.text, first.by, second.text) == ("I take over", "owner", "by LID")
    await house.network.wait_log("receipt", 4, phone=bot.phone, type="sender")


async def test_a_contact_that_lost_its_session_asks_for_the_answer_again(house: House) -> None:
    bot = await house.link()
    contact = "4917300000004"
    await house.network.say(bot.phone, contact, "first")
    await house.network.wait_inbox(contact, 1)

    await house.network.forget(contact)
    await house.network.say(bot.phone, contact, "second")

    [_, answer] = await house.network.wait_inbox(contact, 2)
    assert (answer.text, answer.duplicate) == ("re: second", False)
    assert await house.network.wait_log("undecryptable", phone=bot.phone, to=contact)


@pytest.mark.parametrize("known", [False, True], ids=["of a new contact", "of a contact who was answered"])
async def test_a_garbled_message_is_asked_for_anew(house: House, known: bool) -> None:
    bot = await house.link()
    contact = f"491730000002{known:d}"
    if known:
        await house.network.say(bot.phone, contact, "first")
        await house.network.wait_inbox(contact, 1)

    sent = await house.network.say(bot.phone, contact, "second", garbled=True)

    assert await house.network.wait_log("receipt", phone=bot.phone, type="retry", id=sent.id)
    assert [answer.text for answer in await house.network.wait_inbox(contact, 1 + known)][known:] == ["re: second"]


async def test_an_answer_asked_for_after_a_reconnect_comes_from_what_the_client_remembers(house: House) -> None:
    bot = await house.link()
    contact = "4917300000005"
    await away(house, bot)
    await house.network.say(bot.phone, contact, "hello")
    await house.network.forget(contact)
    await house.network.switch_off(contact)
    await house.network.refuse_connections(False)
    [answered] = await house.network.wait_log("copy", phone=bot.phone)
    await house.network.drop(bot.phone)
    await bot.wait("open", 3)

    await house.network.switch_on(contact)

    [answer] = await house.network.wait_inbox(contact, 1)
    assert (answer.text, answer.id) == ("re: hello", answered.facts["id"])
    assert [line["id"] for line in await bot.wait("resent")] == [answer.id]


async def test_the_same_id_again_is_handed_out_again(house: House) -> None:
    bot = await house.link()

    first = await house.network.say(bot.phone, "4917300000006", "once", id="3EB0AAAA")
    await house.network.say(bot.phone, "4917300000006", "once", id=first.id)

    assert {message["key"]["id"] for message in await bot.received(2)} == {first.id}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("image", "imageMessage"),
        ("video", "videoMessage"),
        ("voice", "audioMessage"),
        ("document", "documentMessage"),
        ("sticker", "stickerMessage"),
        ("location", "locationMessage"),
        ("contact", "contactMessage"),
        ("reaction", "reactionMessage"),
        ("poll", "pollCreationMessageV3"),
        ("edit", "editedMessage"),
        ("revoke", "protocolMessage"),
    ],
)
async def test_every_kind_of_message_arrives(talking: Bot, house: House, kind: Kind, field: str) -> None:
    sent = await house.network.say(talking.phone, CONTACT, "words", kind=kind, target="3EB0BBBB")

    received = {message["key"]["id"]: message for message in await talking.received(await said_to(house, talking))}
    assert field in received[sent.id]["message"]


async def test_quotes_mentions_status_posts_newsletters_and_age_arrive(talking: Bot, house: House) -> None:
    network, phone = house.network, talking.phone
    before = await said_to(house, talking)
    quote = await network.say(phone, CONTACT, "see above", target="3EB0CCCC", mentions=[phone, OTHER], age=3600)
    status = await network.say(phone, CONTACT, "my day", group="status@broadcast")
    news = await network.post_newsletter(phone, "120363999999999999@newsletter", "news")

    seen = {message["key"]["id"]: message for message in await talking.received(before + 3)}
    context = seen[quote.id]["message"]["extendedTextMessage"]["contextInfo"]
    assert context["stanzaId"] == "3EB0CCCC"
    assert context["mentionedJid"] == [f"{phone}@s.whatsapp.net", f"{OTHER}@s.whatsapp.net"]
    assert int(seen[status.id]["messageTimestamp"]) - int(seen[quote.id]["messageTimestamp"]) >= 3600
    status_key = seen[status.id]["key"]
    assert (status_key["remoteJid"], status_key["participant"]) == ("status@broadcast", f"{CONTACT}@s.whatsapp.net")
    assert seen[news.id]["key"]["remoteJid"] == "120363999999999999@newsletter"
    assert seen[news.id]["message"]["conversation"] == "news"


async def test_a_removed_device_is_told_401_and_stays_out(house: House) -> None:
    bot = await house.link()

    await house.network.log_out(bot.phone)

    assert (await bot.wait("close", 2))[-1]["code"] == 401
    assert not (await house.network.phones())[bot.phone].linked
    with pytest.raises(NetworkRefused):
        await house.network.say(bot.phone, CONTACT, "anybody?")


async def test_a_replaced_connection_is_told_440(house: House) -> None:
    bot = await house.link()

    await house.network.close_with(bot.phone, 440)

    assert (await bot.wait("close", 2))[-1]["code"] == 440
    assert (await house.network.phones())[bot.phone].linked


async def test_a_stream_error_keeps_the_link(house: House) -> None:
    bot = await house.link()

    await house.network.close_with(bot.phone, 503)

    assert (await bot.wait("close", 2))[-1]["code"] == 503
    await bot.wait("open", 2)


async def test_a_connection_that_went_silent_loses_nothing(house: House) -> None:
    bot = await house.link()
    await house.network.freeze(bot.phone)

    await house.network.say(bot.phone, "4917300000008", "are you there?")
    phone = (await house.network.phones())[bot.phone]
    assert (phone.online, phone.queued) == (True, 1)
    await house.network.drop(bot.phone)

    [answer] = await house.network.wait_inbox("4917300000008", 1)
    assert answer.text == "re: are you there?"


async def test_a_refused_login_gives_its_code(house: House) -> None:
    bot = await house.link()
    await house.network.refuse_logins(bot.phone, 403)

    await house.network.drop(bot.phone)

    assert (await bot.wait("close", 3))[-1]["code"] == 403


async def test_a_refused_message_reaches_nobody(house: House) -> None:
    bot = await house.link()
    await house.network.refuse_messages(bot.phone, 479)

    await house.network.say(bot.phone, "4917300000007", "hello")

    await house.network.wait_log("refused", phone=bot.phone, error="479")
    assert await house.network.inbox("4917300000007") == []


async def test_a_node_program_without_baileys_is_left_alone(house: House, tmp_path: Path) -> None:
    script = tmp_path / "program.js"
    script.write_text("console.log('hello')")
    program = await asyncio.create_subprocess_exec(
        str(NODE), str(script), stdout=asyncio.subprocess.PIPE, env={"NODE_OPTIONS": house.network.node_options}
    )

    output, _ = await program.communicate()

    assert (program.returncode, output) == (0, b"hello\n")


@pytest.fixture(scope="module")
async def talking(house: House) -> Bot:
    """An account that tests share which only look at what arrives."""
    return await house.link()


async def away(house: House, bot: Bot) -> None:
    """The bot loses its connection and gets no new one, until connections are no longer refused."""
    await house.network.refuse_connections()
    await house.network.drop(bot.phone)
    await house.network.wait_log("offline", phone=bot.phone)


async def said_to(house: House, bot: Bot) -> int:
    """How many messages the account was sent so far."""
    return sum(event.facts["phone"] == bot.phone for event in await house.network.log("said"))
