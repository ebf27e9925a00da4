"""The main job, from outside: link by QR, be asked end to end encrypted, ask the model, be understood."""

from collections.abc import Callable

from tests.acceptance.conftest import KEY, bot
from tests.acceptance.product import Product
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

Phone = Callable[[], str]


async def linked(product: Product, network: WhatsAppNetwork, phone: str, **config: object) -> str:
    """The instance id of a bot that is linked to this phone."""
    [instance_id] = await product.put(bot(f"user of {phone}", **config))  # type: ignore[arg-type]
    await network.scan(await product.qr(instance_id), phone)
    status = await product.until_status(instance_id, "connected")
    assert status["account"].startswith(phone)
    return instance_id


async def test_a_linked_bot_answers_as_its_user(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    await linked(product, network, me)
    await network.say(me, friend, "how are you?")
    [answer] = await network.wait_inbox(friend, 1)
    assert (answer.text, answer.sender, answer.by) == ("re: how are you?", me, "bot")
    [asked] = await model.wait_requests(1)
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "gpt-4"
    assert [turn["role"] for turn in asked.body["messages"]] == ["system", "user"]
    assert asked.texts[0].startswith(f"You are user of {me}, {{keep these braces}}.\n")
    assert asked.texts[1] == "how are you?"


async def test_a_contact_is_one_person_by_number_and_by_lid(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend, stranger = phone(), phone(), phone()
    pretty = f"+{friend[:2]} {friend[2:5]} {friend[5:]}"
    instance_id = await linked(product, network, me, respond_to_whitelist=[pretty])
    await network.say(me, stranger, "let me in", name=friend)
    await network.say(me, friend, "by number")
    await network.wait_inbox(friend, 1)
    await network.say(me, friend, "by lid", lid=True)
    answers = await network.wait_inbox(friend, 2)
    assert [answer.text for answer in answers] == ["re: by number", "re: by lid"]
    assert (await model.wait_requests(2))[1].texts[1:] == ["by number", "re: by number", "by lid"]
    refused = await product.until_message(instance_id, content="let me in")
    assert (refused["state"], refused["reason"]) == ("ignored", "not_allowed")
    assert await network.inbox(stranger) == []


async def test_a_listed_lid_is_the_person_behind_it(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me, respond_to_whitelist=[])
    await network.say(me, friend, "not yet")
    await product.until_message(instance_id, content="not yet", reason="not_allowed")
    lid = (await network.phones())[friend].lid
    again = await product.put(bot(f"user of {me}", respond_to_whitelist=[f"{lid.removesuffix('@lid')}@lid"]))
    assert again == [instance_id]
    await network.say(me, friend, "now")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: now"]


async def test_groups_are_answered_in_the_group_and_only_when_switched_on(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    group = f"120363{phone()}@g.us"
    instance_id = await linked(product, network, me)
    await network.make_group(group, "Friends", [me, friend])
    await network.say(me, friend, "silent", group=group)
    await product.until_message(instance_id, content="silent", reason="groups_off")
    await product.put(bot(f"user of {me}", chat={"allow_group_messages": True}))
    await product.until_status(instance_id, "connected")
    await network.say(me, friend, "loud", group=group, name="Fred")
    [answer] = await network.wait_inbox(friend, 1)
    assert (answer.text, answer.group) == ("re: Fred: loud", group)


async def test_what_is_no_question_is_never_answered(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    await linked(product, network, me)
    first = await network.say(me, friend, "one")
    [answer] = await network.wait_inbox(friend, 1)
    await network.say(me, friend, "status post", group="status@broadcast")
    await network.post_newsletter(me, "120363000000000001@newsletter", "news")
    await network.say(me, friend, "👍", kind="reaction", target=answer.id)
    await network.say(me, friend, "edited", kind="edit", target=first.id)
    await network.say(me, friend, kind="revoke", target=first.id)
    await network.owner_says(me, friend, "I am here myself")
    await network.say(me, friend, "two", id="SAMEID0001")
    await network.say(me, friend, "two", id="SAMEID0001")
    await network.wait_inbox(friend, 3)  # what comes at once is answered together
    await network.say(me, friend, "three")
    answers = await network.wait_inbox(friend, 4)
    assert [answer.text for answer in answers if answer.by == "bot"] == ["re: one", "re: two", "re: three"]
    asked = model.requests[-1]
    assert asked.texts[1:] == ["I am here myself", "two", "re: two", "three"], "what was deleted is gone"
    assert [turn["role"] for turn in asked.body["messages"]][1:] == ["user", "assistant"] * 2 + ["user"]


async def test_what_the_model_has_not_seen_is_told_to_it_and_left_to_the_owner(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    me, friend = phone(), phone()
    instance_id = await linked(product, network, me)
    await network.say(me, friend, "at the sea", kind="image")
    [asked] = await model.wait_requests(1)
    assert '{"text": "at the sea", "unseen": "picture"}' in asked.body["messages"][-1]["content"]
    await network.say(me, friend, kind="voice")
    [_, asked] = await model.wait_requests(2)
    assert asked.body["messages"][-1]["content"].endswith('{"unseen": "voice message"}')

    async def drafted() -> list[dict[str, object]]:
        found: list[dict[str, object]] = (await product.api.get(f"/chatbot/{instance_id}/drafts")).json()["drafts"]
        return found

    drafts = await product.until(drafted, lambda found: [draft["state"] for draft in found] == ["open", "replaced"])
    assert {draft["why"] for draft in drafts} == {"unseen"}
    sent = await product.api.post(f"/chatbot/{instance_id}/drafts/{drafts[0]['number']}/send", json={"text": "lovely!"})
    assert sent.status_code == 200, sent.text
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["lovely!"]
    await network.say(me, friend, "thanks")
    assert [answer.text for answer in await network.wait_inbox(friend, 2)] == ["lovely!", "re: thanks"]


async def test_no_contacts_words_stand_in_anothers_prompt(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Phone
) -> None:
    accounts, friends = [phone(), phone()], [phone(), phone()]
    for me in accounts:
        await linked(product, network, me)
    for turn in range(2):
        for me in accounts:
            for friend in friends:
                await network.say(me, friend, f"canary {me} {friend} {turn}")
        for friend in friends:
            await network.wait_inbox(friend, 2 * (turn + 1))
    for asked in await model.wait_requests(8):
        whose = asked.texts[-1].rsplit(" ", 1)[0]
        assert all(whose in text for text in asked.texts[1:])


async def test_a_contacts_phone_that_lost_its_session_can_ask_again(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend = phone(), phone()
    await linked(product, network, me)
    await network.say(me, friend, "one")
    await network.wait_inbox(friend, 1)
    await network.forget(friend)
    await network.say(me, friend, "two")
    assert [answer.text for answer in await network.wait_inbox(friend, 2)] == ["re: one", "re: two"]


async def test_a_phone_can_be_linked_by_a_code(product: Product, network: WhatsAppNetwork, phone: Phone) -> None:
    me, friend = phone(), phone()
    [instance_id] = await product.put(bot())
    await product.qr(instance_id)
    answer = await product.api.post(f"/chatbot/{instance_id}/pairing-code", json={"phone": f"+{me}"})
    assert answer.status_code == 200, answer.text
    await network.enter_code(me, answer.json()["code"])
    await product.until_status(instance_id, "connected")
    await network.say(me, friend, "hello")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: hello"]


async def test_the_qr_can_be_looked_at(product: Product) -> None:
    [instance_id] = await product.put(bot())
    await product.qr(instance_id)
    png = await product.api.get(f"/chatbot/{instance_id}/qr.png")
    svg = await product.api.get(f"/chatbot/{instance_id}/qr.svg")
    assert png.content.startswith(b"\x89PNG")
    assert b"<svg" in svg.content


async def test_a_national_number_is_one_of_the_accounts_own_country(
    product: Product, network: WhatsAppNetwork, phone: Phone
) -> None:
    me, friend, stranger = phone(), phone(), phone()
    config = bot(f"user of {me}", respond_to_whitelist=[f"0{friend.removeprefix('49')}"])
    refused = await product.api.put("/chatbot", json=[config])
    assert "country code" in refused.json()[0]["error"]["message"]
    instance_id = await linked(product, network, me, respond_to_whitelist=[])
    assert await product.put(config) == [instance_id]
    shown = (await product.api.get(f"/chatbot/{instance_id}")).json()
    assert shown["config"]["respond_to_whitelist"] == [f"+{friend}"]
    await network.say(me, stranger, "hello")
    await network.say(me, friend, "hello")
    assert [answer.text for answer in await network.wait_inbox(friend, 1)] == ["re: hello"]
    assert await network.inbox(stranger) == []
