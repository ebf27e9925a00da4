"""A chat provider with a real queue behind it and its platform's other side in front of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from imposter.clock import SystemClock
from imposter.contracts.chat import ChatContext
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import InvalidConfig
from imposter.contracts.status import LinkState, LinkStatus
from imposter.domain.messages import StoredMessage
from imposter.runtime.metrics import Counts
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.providers.chat_adapter import ChatAdapter, canonical_ids
from imposter.runtime.providers.discovery import ProviderFile
from imposter.runtime.providers.provider_state import StoredProviderState
from imposter.runtime.providers.shared_resources import SharedResources
from imposter.runtime.session_context import SessionContext, SessionPolicy
from imposter.secrets import KEY_BYTES, Cipher
from imposter.storage import Store, open_store
from imposter.testing.abilities import CHAT_ABILITIES, require_ability
from imposter.testing.chat_harness import HELLO, ChatHarness
from imposter.testing.check import Failed, comes_true, skip, until
from imposter.testing.subject import USER, Subject, check_config, check_file, refused_config
from queue_manager import UserQueue

BOT = "bot-1"
NO_FRIEND = "Nobody writes on its platform here. A test harness with a `friend` has somebody write: --harness FILE."
LINK_DEADLINE = 5.0
"""Seconds that a link may take where no harness helps."""


@dataclass
class ChatRig:
    """What a check of a chat provider works with."""

    subject: Subject[ChatHarness]
    harness: ChatHarness
    provider: Any
    port: ChatAdapter
    store: Store
    typing: list[tuple[str, bool]]
    """What the provider told of chats in which somebody types."""

    @property
    def file(self) -> ProviderFile:
        return self.subject.file

    @property
    def patience(self) -> float:
        return self.subject.patience

    async def start(self) -> None:
        """Have it listen. Raises: Skipped, where it is known that it cannot be linked here."""
        if self.subject.not_linked is not None:
            skip(self.subject.not_linked)
        await self.port.start()

    async def link(self) -> None:
        """Listen, and do as the owner does until the link stands. Raises: Failed, Skipped (nobody links it here)."""
        await self.start()
        last = LinkStatus(status=LinkState.STARTING)

        async def stands() -> bool:
            nonlocal last
            last = await self.port.status() or LinkStatus(status=LinkState.CONNECTED)
            await self.harness.link(last)
            return last.status is LinkState.CONNECTED

        patience = self.patience if self.subject.has_harness else min(self.patience, LINK_DEADLINE)
        if await comes_true(stands, patience):
            return
        told = f"`{last.status}`{f' ({last.detail})' if last.detail else ''}"
        if not self.subject.has_harness and last.status is not LinkState.ERROR:
            self.subject.not_linked = (
                f"Its link does not stand here: {told}. A test harness may link it: --harness FILE."
            )
            skip(self.subject.not_linked)
        raise Failed(
            f"The link does not stand after {patience:.0f} s: {told}.",
            "`get_status` must tell `connected` once messages come in and can be sent; without `get_status` it counts "
            "as connected once `start_listening` has returned.",
        )

    async def hello(self) -> StoredMessage:
        """The friend's HELLO, once it has arrived in the queue. Raises: Failed."""
        await self.harness.say_hello()

        async def found() -> bool:
            return any(row.content == HELLO for row in await self.store.messages.page(BOT))

        await until(
            found,
            self.patience,
            "What the friend wrote is not in the queue",
            "Call `add_message` of `user_queues[user_id]` with the text as `content`, and nothing else in it.",
        )
        return next(row for row in await self.store.messages.page(BOT) if row.content == HELLO)


def with_friend(rig: ChatRig) -> ChatRig:
    """The rig. Raises: Skipped, where nobody talks on its platform."""
    if rig.harness.friend is None:
        skip(NO_FRIEND)
    return rig


def able(rig: ChatRig, ability: type) -> ChatRig:
    """The rig. Raises: Skipped, where the provider does not have the ability."""
    require_ability(rig.file, CHAT_ABILITIES, ability)
    return rig


@asynccontextmanager
async def open_chat_rig(subject: Subject[ChatHarness]) -> AsyncIterator[ChatRig]:
    """Make the provider as the server does, with a database of its own. Raises: Failed, where it cannot be made."""
    file, settings = subject.file, subject.settings
    check_file(file)
    clock, canonical = SystemClock(), canonical_ids(file)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with (
            subject.open_harness() as harness,
            open_store(None, Path(folder), Cipher(b"k" * KEY_BYTES), now=clock.now) as store,
        ):
            config = subject.config_with(harness)
            check_config(file, config, subject.validation_context)
            await store.bots.add(BOT, USER, {})
            shared = SharedResources(
                environment={**settings.child_environment, **harness.environment},
                node=str(settings.node),
                secret=settings.secret,
                addresses=settings.allow_private_urls,
            )
            bot = BotConfig.model_validate(
                {
                    "user_id": USER,
                    "chat_provider_config": {"provider_name": file.name},
                    "llm_provider_config": {"provider_name": "fakeLlm"},
                }
            )
            session = SessionContext(
                await store.bots.claim(BOT),
                SessionPolicy(bot, EligibilityPolicy.of(bot, canonical)),
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
            port = await _open_port(file, config, {USER: queue}, context)
            try:
                yield ChatRig(subject, harness, port.provider, port, store, typing)
            finally:
                await _stop(port)
                queue.close()
                await shared.aclose()


async def _open_port(
    file: ProviderFile, config: dict[str, Any], queues: dict[str, UserQueue], context: ChatContext
) -> ChatAdapter:
    try:
        return await ChatAdapter.open(file, USER, config, queues, context)
    except InvalidConfig as error:
        raise refused_config(error) from None


async def _stop(port: ChatAdapter) -> None:
    try:
        await port.stop()
    except Exception:  # noqa: BLE001 - a provider may raise anything; the check of stopping tells of it
        return
