"""What every chat provider must do, whatever its platform: a new file in chat_providers/ is tested unlisted."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imposter.clock import SystemClock
from imposter.contracts.chat import (
    ChatContext,
    DeletesMessages,
    HasOwnChat,
    LimitsMessages,
    MarksRead,
    ShowsMarkup,
    ShowsTyping,
    WatchesTyping,
)
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import NotConnected
from imposter.contracts.messages import Source
from imposter.contracts.status import LinkState, LinkStatus
from imposter.domain.messages import StoredMessage
from imposter.runtime.metrics import Counts
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.providers.chat_adapter import ChatAdapter, canonical_ids
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, discover
from imposter.runtime.providers.provider_state import StoredProviderState
from imposter.runtime.providers.shared_resources import SharedResources
from imposter.runtime.session_context import SessionContext, SessionPolicy
from imposter.secrets import Cipher
from imposter.storage import Store, open_store
from queue_manager import UserQueue
from tests.contract.chat_harnesses import HELLO, ChatHarness, chat_harness
from tests.fakes.whatsapp_network import NODE
from tests.house import until

FILES = discover(ProviderKind.CHAT, Path(__file__).parents[2] / "chat_providers")
PROMPT = 2.0
"""Seconds, at the very most, that `start_listening` may take."""
BOT, USER = "bot-1", "anna"


def name_of(file: ProviderFile) -> str:
    return str(file.name)


@dataclass
class Rig:
    """A provider with a real queue behind it and its platform's other side in front of it."""

    file: ProviderFile
    harness: ChatHarness
    provider: Any
    port: ChatAdapter
    store: Store
    typing: list[tuple[str, bool]]
    """What the provider told of chats in which somebody types."""

    async def link(self) -> None:
        """Listen, and do as the owner does until the link stands."""
        await self.port.start()

        async def stands() -> bool:
            link = await self.port.status() or LinkStatus(status=LinkState.CONNECTED)
            await self.harness.link(link)
            return link.status is LinkState.CONNECTED

        await until(stands, "the link stands")

    async def hello(self) -> StoredMessage:
        """The friend's HELLO, once it has arrived in the queue."""
        await self.harness.say_hello()

        async def found() -> bool:
            return any(row.content == HELLO for row in await self.store.messages.page(BOT))

        await until(found, "the friend's message is in the queue")
        return next(row for row in await self.store.messages.page(BOT) if row.content == HELLO)


@asynccontextmanager
async def open_rig(file: ProviderFile, folder: Path) -> AsyncIterator[Rig]:
    assert file.provider is not None, file.error
    clock, canonical = SystemClock(), canonical_ids(file)
    async with (
        chat_harness(file.name) as harness,
        open_store(None, folder, Cipher(b"k" * 32), now=clock.now) as store,
    ):
        await store.bots.add(BOT, USER, {})
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **harness.environment}
        shared = SharedResources(environment=environment, node=str(NODE), secret=lambda name: None)
        config = BotConfig.model_validate(
            {
                "user_id": USER,
                "chat_provider_config": {"provider_name": file.name},
                "llm_provider_config": {"provider_name": "fakeLlm"},
            }
        )
        session = SessionContext(
            await store.bots.claim(BOT),
            SessionPolicy(config, EligibilityPolicy.of(config, canonical)),
            store,
            clock,
            chance=lambda: 0.5,
            counts=Counts(),
            report_failure=lambda sentence: None,
            post=lambda event: None,
        )
        queue = UserQueue(USER, session, on_accepted=lambda accepted: None)
        typing: list[tuple[str, bool]] = []
        context = ChatContext(
            instance_id=BOT,
            state=StoredProviderState(session.claim, store.state),
            shared=shared,
            report=lambda link: None,
            sent_message=lambda message_id, chat: store.messages.sent(BOT, message_id, chat),
            now=clock.now,
            typing=lambda chat, on: typing.append((chat, on)),
        )
        port = await ChatAdapter.open(file, USER, harness.config, {USER: queue}, context)
        try:
            yield Rig(file, harness, port._provider, port, store, typing)
        finally:
            await port.stop()
            await shared.aclose()


@pytest.fixture(params=FILES, ids=name_of)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(request.param, tmp_path) as rig:
        yield rig


def with_friend(rig: Rig) -> Rig:
    if rig.harness.friend is None:
        pytest.skip(f"{rig.file.name} has no harness in chat_harnesses.py that makes its platform talk")
    return rig


def able(ability: type) -> list[ProviderFile]:
    """The files whose provider has it."""
    return [file for file in FILES if file.provider is not None and issubclass(file.provider, ability)]


def where(ability: type) -> pytest.MarkDecorator:
    """Such a test runs with the providers that have the ability."""
    return pytest.mark.parametrize("rig", able(ability), ids=name_of, indirect=True)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_its_file_can_be_used_and_says_what_it_is(file: ProviderFile) -> None:
    assert file.error is None
    assert file.summary


async def test_starting_to_listen_does_not_block(rig: Rig) -> None:
    async with asyncio.timeout(PROMPT):
        await rig.port.start()


async def test_sending_before_it_is_connected_says_so(rig: Rig) -> None:
    with pytest.raises(NotConnected):
        await rig.port.send("4915100000002", "too early", rig.port.message_id("a" * 64))


async def test_its_status_is_one_that_the_server_knows(rig: Rig) -> None:
    before = await rig.port.status()
    assert before is None or (before.status is not LinkState.CONNECTED and before.status is not LinkState.ERROR)
    await rig.port.start()
    after = await rig.port.status()
    assert after is None or after.status is not LinkState.ERROR, after


async def test_it_can_be_stopped_twice_and_started_again(rig: Rig) -> None:
    await rig.link()
    await rig.port.stop()
    await rig.port.stop()
    stopped = await rig.port.status()
    assert stopped is None or stopped.status is not LinkState.CONNECTED
    with pytest.raises(NotConnected):
        await rig.port.send("4915100000002", "too late", rig.port.message_id("b" * 64))
    await rig.link()


async def test_what_a_contact_says_arrives_in_the_users_queue(rig: Rig) -> None:
    rig = with_friend(rig)
    await rig.link()
    hello = await rig.hello()
    canonical = canonical_ids(rig.file)
    assert hello.source is Source.CONTACT
    assert canonical(hello.sender_id) == canonical(rig.harness.friend or "")
    assert hello.group_id is None
    assert hello.message_id


async def test_an_answer_reaches_the_contact_and_only_once_under_the_same_id(rig: Rig) -> None:
    rig = with_friend(rig)
    await rig.link()
    hello = await rig.hello()
    message_id = rig.port.message_id("c" * 64)
    for _ in range(2 if rig.port.repeatable else 1):
        await rig.port.send(hello.reply_to, "nice to hear from you", message_id)

    async def arrived() -> bool:
        return bool(await rig.harness.received(rig.provider))

    await until(arrived, "the answer is there")
    assert await rig.harness.received(rig.provider) == ["nice to hear from you"]


@where(ShowsTyping)
async def test_typing_is_shown_until_it_ends_or_is_sent(rig: Rig) -> None:
    rig = with_friend(rig)
    with pytest.raises(NotConnected):
        await rig.provider.show_typing("4915100000002", True)
    await rig.link()
    hello = await rig.hello()
    await rig.provider.show_typing(hello.reply_to, True)
    await until(rig.harness.typing_seen, "the friend sees it")
    await rig.provider.show_typing(hello.reply_to, False)

    async def over() -> bool:
        return not await rig.harness.typing_seen()

    await until(over, "the friend no longer sees it")


@where(MarksRead)
async def test_what_was_read_is_marked_as_read(rig: Rig) -> None:
    rig = with_friend(rig)
    await rig.link()
    hello = await rig.hello()
    await rig.provider.mark_read(hello.reply_to, [(hello.message_id, hello.sender_id)])

    async def seen() -> bool:
        return await rig.harness.read() == [hello.message_id]

    await until(seen, "the friend sees it")


@where(WatchesTyping)
async def test_who_is_watched_is_heard_typing(rig: Rig) -> None:
    rig = with_friend(rig)
    await rig.link()
    hello = await rig.hello()
    await rig.provider.watch_typing(hello.reply_to)
    for on in (True, False):

        async def told(on: bool = on) -> bool:
            await rig.harness.type(on)
            return (hello.reply_to, on) in rig.typing

        await until(told, f"typing: {on}")
        rig.typing.clear()


@where(DeletesMessages)
async def test_what_was_sent_can_be_deleted_for_everyone(rig: Rig) -> None:
    rig = with_friend(rig)
    await rig.link()
    hello = await rig.hello()
    message_id = rig.port.message_id("d" * 64)
    await rig.port.send(hello.reply_to, "I did not say that", message_id)
    await rig.provider.delete_for_everyone(hello.reply_to, message_id)

    async def gone() -> bool:
        return await rig.harness.deleted() == [message_id]

    await until(gone, "it is gone from the friend's phone")


@where(HasOwnChat)
async def test_the_owners_own_chat_is_known_while_linked(rig: Rig) -> None:
    rig = with_friend(rig)
    assert rig.provider.own_chat() is None
    await rig.link()
    own = rig.provider.own_chat()
    assert own == canonical_ids(rig.file)(own)
    await rig.port.send(own, "a note", rig.port.message_id("e" * 64))


@pytest.mark.parametrize("file", able(ShowsMarkup), ids=name_of)
@pytest.mark.parametrize("text", ["", "at 8, or 2 * 3 hours", "snake_case\n\n#1 :-)", "**"])
def test_its_markup_leaves_what_is_no_markdown_as_it_is(file: ProviderFile, text: str) -> None:
    assert file.provider is not None
    assert issubclass(file.provider, ShowsMarkup)
    assert file.provider.in_own_markup(text) == text
    assert "**" not in file.provider.in_own_markup("**bold**")


@pytest.mark.parametrize("file", able(LimitsMessages), ids=name_of)
def test_its_longest_message_holds_more_than_a_word(file: ProviderFile) -> None:
    assert file.provider is not None
    assert issubclass(file.provider, LimitsMessages)
    assert file.provider.longest_message() >= 100
