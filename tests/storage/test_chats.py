"""Conversations as a list."""

from imposter.storage import Store
from tests.storage.desk import BOT, Desk


async def test_the_liveliest_chat_comes_first_with_what_waits_there(desk: Desk, store: Store) -> None:
    for text, chat in (("one", "ben"), ("two", "eve"), ("three", "ben"), ("four", "zoe")):
        await desk.receive(text, chat)
    found = await store.chats.page(BOT)
    assert [(chat.conversation, chat.newest.content, chat.waiting) for chat in found] == [
        ("zoe", "four", 1),
        ("ben", "three", 2),
        ("eve", "two", 1),
    ]
    assert await store.chats.page("nobody") == []


async def test_it_is_read_page_by_page(desk: Desk, store: Store) -> None:
    for number in range(7):
        await desk.receive("hi", f"chat-{number}")
    seen: list[str] = []
    before = None
    while page := await store.chats.page(BOT, before=before, limit=3):
        seen += [chat.conversation for chat in page]
        before = page[-1].newest.seq
    assert seen == [f"chat-{number}" for number in reversed(range(7))]


async def test_a_message_is_found_by_its_id_in_its_own_chat_and_bot_alone(desk: Desk, store: Store) -> None:
    await desk.receive("one", "ben", message_id="A")
    await desk.receive("other", "eve", message_id="A")
    found = await store.chats.named(BOT, "ben", ["A", "B"])
    assert {each: message.content for each, message in found.items()} == {"A": "one"}
    assert await store.chats.named("nobody", "ben", ["A"]) == {}
    seq = found["A"].seq
    assert (await store.chats.some(BOT, [seq, 10_000]))[seq].content == "one"
    assert await store.chats.some("nobody", [seq]) == {}
