"""The service for a bot's conversations and their owner's actions, whichever node runs the bot."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from pydantic import ValidationError

from imposter.contracts.behaviour import Autonomy
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import ContactNotFound, InvalidConfig
from imposter.domain.chats import ChatOverview
from imposter.domain.dead_letters import DeadLetter, Retried
from imposter.domain.drafts import Draft
from imposter.domain.erasure import Person
from imposter.domain.messages import StoredMessage
from imposter.domain.names import Names
from imposter.domain.pauses import Pause
from imposter.domain.summaries import Summary
from imposter.runtime.commands import (
    Command,
    DecideDraft,
    Result,
    RetryDeadLetters,
    SendOwnerMessage,
    UndoAwaySummary,
)
from imposter.runtime.owner.away_summary import AwaySummary, brief_of
from imposter.runtime.policy.autonomy import own_autonomy, with_autonomy
from imposter.runtime.policy.display_names import DisplayNames, ids_in
from imposter.runtime.providers.chat_adapter import canonical_ids
from imposter.runtime.providers.discovery import Catalog, ProviderKind
from imposter.storage import Store
from imposter.storage.schema.storable_text import clean


class BotDirectory(Protocol):
    """The lookup of bots on all nodes; see `BotService`."""

    async def exists(self, instance_id: str) -> None: ...
    async def config(self, instance_id: str) -> BotConfig: ...
    async def put(self, config: BotConfig) -> str: ...
    async def execute(self, instance_id: str, command: Command[Result]) -> Result: ...


class ConversationService:
    """The conversations of bots, on whichever node they run.

    Every method raises BotNotFound if there is no such bot. A method that changes something raises NodeUnresponsive if
    the node that runs the bot does not answer.
    """

    def __init__(self, store: Store, catalog: Catalog, bots: BotDirectory) -> None:
        self._store = store
        self._catalog = catalog
        self._bots = bots

    async def chats(self, instance_id: str, *, before: int | None = None, limit: int = 50) -> list[ChatOverview]:
        """Return conversations whose latest message has a sequence number below `before`, the most recent first."""
        display_names = await self._display_names(instance_id)
        chats = await self._store.chats.page(instance_id, before=before, limit=limit)
        known = await self._store.contacts.known(instance_id, [chat.conversation for chat in chats])
        own = [display_names.by_owner(known[chat.conversation].identifiers) for chat in chats]
        return [replace(chat, name=name or chat.name) for chat, name in zip(chats, own, strict=True)]

    async def chat_name(self, instance_id: str, conversation: str) -> str:
        """Return the name of the group or contact of a conversation; empty if it is unknown."""
        display_names, known = (
            await self._display_names(instance_id),
            await self._store.contacts.known(instance_id, [conversation]),
        )
        own = display_names.by_owner(known[conversation].identifiers)
        return own or await self._store.chats.name(instance_id, conversation)

    async def unreadable(self, instance_id: str) -> dict[str, int]:
        """Return the number of unreadable messages by conversation."""
        return await self._store.chats.unreadable(instance_id)

    async def pointed_at(
        self, instance_id: str, conversation: str, message_ids: Collection[str]
    ) -> dict[str, StoredMessage]:
        """Return the stored messages of a chat with these ids of the platform."""
        return await self._store.chats.named(instance_id, conversation, message_ids) if message_ids else {}

    async def by_number(self, instance_id: str, seqs: Collection[int]) -> dict[int, StoredMessage]:
        """Return messages by their sequence numbers."""
        return await self._store.chats.some(instance_id, seqs) if seqs else {}

    async def called(self, instance_id: str, identifiers: Collection[str]) -> dict[str, str]:
        """Return the display names of these people, without those that have no name."""
        display_names, known = (
            await self._display_names(instance_id),
            await self._store.contacts.known(instance_id, identifiers),
        )
        return {each: name for each, names in known.items() if (name := display_names.of_known(names))}

    async def named(self, instance_id: str, messages: Sequence[StoredMessage]) -> list[StoredMessage]:
        """Return the same messages with the display names of people and groups."""
        display_names, known = (
            await self._display_names(instance_id),
            await self._store.contacts.known(instance_id, ids_in(messages)),
        )
        return [display_names.of_message(message, known) for message in messages]

    async def names(
        self, instance_id: str, *, groups: bool, after: str = "", limit: int = 50
    ) -> list[tuple[str, Names]]:
        """Return people, or groups, with a known name, by the first of their ids, starting after the id `after`.

        Each is preceded by its display name.
        """
        display_names = await self._display_names(instance_id)
        found = await self._store.names.page(instance_id, groups=groups, after=after, limit=limit)
        known = await self._store.contacts.known(instance_id, [min(each.identifiers) for each in found])
        return [(display_names.of_known(known[min(each.identifiers)]), each) for each in found]

    async def say(self, instance_id: str, contact: str, text: str, key: str) -> str:
        """Send `text` in the owner's name, once for each `key`. Return the message's id.

        Raises: ContactNotFound, InvalidState (the bot does not run).
        """
        return await self._bots.execute(instance_id, SendOwnerMessage(contact=contact, text=text, key=key))

    async def pauses(self, instance_id: str) -> list[Pause]:
        """Return the active pauses of conversations and of the account."""
        await self._bots.exists(instance_id)
        return await self._store.pauses.holding(instance_id)

    async def autonomy(self, instance_id: str, contact: str) -> tuple[Autonomy, Autonomy | None]:
        """Return the bot's autonomy for a contact, and the one set in the contact's own entry.

        Raises: ContactNotFound.
        """
        config, person, canonical = await self._known(instance_id, contact)
        own = own_autonomy(config, person.ids, canonical)
        return own or config.behaviour_config.autonomy, own

    async def treat(self, instance_id: str, contact: str, autonomy: Autonomy | None) -> None:
        """Set the bot's autonomy for a contact. None: the bot's default.

        Raises: ContactNotFound, InvalidConfig, StorageError.
        """
        config, person, canonical = await self._known(instance_id, contact)
        await self._bots.put(with_autonomy(config, person.ids, contact, autonomy, canonical))

    async def drafts(self, instance_id: str, *, before: int | None = None, limit: int = 50) -> list[Draft]:
        """Return up to `limit` drafts with a number below `before`, the newest first."""
        display_names = await self._display_names(instance_id)
        drafts = await self._store.drafts.page(instance_id, before=before, limit=limit)
        known = await self._store.contacts.known(instance_id, {draft.sender_id for draft in drafts})
        return [display_names.of_draft(draft, known) for draft in drafts]

    async def send_draft(self, instance_id: str, number: int, text: str | None = None) -> Draft:
        """Send a draft, or `text` in its place.

        Raises: DraftNotFound, InvalidState (too late, or the bot does not run).
        """
        return await self._bots.execute(instance_id, DecideDraft(number=number, send=True, text=text))

    async def drop_draft(self, instance_id: str, number: int) -> Draft:
        """Drop a draft. Raises: DraftNotFound, InvalidState (it was sent, or the bot does not run)."""
        return await self._bots.execute(instance_id, DecideDraft(number=number, send=False))

    async def brief(self, instance_id: str, contact: str) -> AwaySummary:
        """Return the summary of the messages sent to a contact in the owner's name.

        Raises: ContactNotFound, AwaySummaryNotFound.
        """
        config, person, canonical = await self._known(instance_id, contact)
        brief = await brief_of(self._store, instance_id, person.conversations)
        known = await self._store.contacts.known(instance_id, person.conversations)
        saved = next((names.saved for names in known.values() if names.saved), "")
        return replace(brief, called=DisplayNames.of(config.contacts, canonical).by_owner(person.ids) or saved)

    async def undo_brief(self, instance_id: str, contact: str, last: int) -> int:
        """Delete the bot's messages to a contact, up to the sequence number `last`.

        Raises: ContactNotFound, AwaySummaryNotFound, InvalidState.
        """
        return await self._bots.execute(instance_id, UndoAwaySummary(contact=contact, last=last))

    async def summary(self, instance_id: str, contact: str) -> Summary | None:
        """Return the summary of earlier messages that the model is shown. Raises: ContactNotFound."""
        return await self._store.summaries.read(instance_id, await self._conversation(instance_id, contact))

    async def write_summary(self, instance_id: str, contact: str, text: str) -> None:
        """Replace the summary of earlier messages with the owner's text. Raises: ContactNotFound, StorageError."""
        conversation = await self._conversation(instance_id, contact)
        await self._store.summaries.write(instance_id, conversation, clean(text.strip()))

    async def dead_letters(self, instance_id: str, *, before: int | None = None, limit: int = 50) -> list[DeadLetter]:
        """Return the dead letters, newest first."""
        await self._bots.exists(instance_id)
        return await self._store.dead_letters.page(instance_id, before=before, limit=limit)

    async def remove_letter(self, instance_id: str, letter: int) -> None:
        """Delete a dead letter. Raises: DeadLetterNotFound."""
        await self._bots.exists(instance_id)
        await self._store.dead_letters.remove(instance_id, letter)

    async def retry(self, instance_id: str, letter: int | None = None) -> Retried:
        """Retry one dead letter, or all of them. Raises: DeadLetterNotFound, InvalidState."""
        return await self._bots.execute(instance_id, RetryDeadLetters(letter=letter))

    async def _display_names(self, instance_id: str) -> DisplayNames:
        """Return the display names of a bot.

        If this version or its provider files cannot read the config, the owner's names are missing.
        """
        with suppress(InvalidConfig, ValidationError):
            config = await self._bots.config(instance_id)
            file = self._catalog.find(ProviderKind.CHAT, config.chat_provider_config.provider_name)
            return DisplayNames.of(config.contacts, canonical_ids(file))
        return DisplayNames({}, str)

    async def _conversation(self, instance_id: str, contact: str) -> str:
        _, person, canonical = await self._known(instance_id, contact)
        if not person.conversations:
            raise ContactNotFound
        # A person may have several chats: prefer the one that was named.
        return min(person.conversations, key=lambda name: (name not in (contact, canonical(contact)), name))

    async def _known(self, instance_id: str, contact: str) -> tuple[BotConfig, Person, Callable[[str], str]]:
        config = await self._bots.config(instance_id)
        canonical = canonical_ids(self._catalog.find(ProviderKind.CHAT, config.chat_provider_config.provider_name))
        return config, await self._store.erasure.known(instance_id, contact, canonical), canonical
