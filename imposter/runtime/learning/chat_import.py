"""What the owner lets their bot learn from: chats that they exported, and what is known by them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imposter.contracts.config import BotConfig
from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.runtime.learning.export_reader import ImportReport, read_export
from imposter.runtime.learning.style_guide import figures
from imposter.runtime.providers.chat_adapter import canonical_ids
from imposter.runtime.providers.config_validation import contact_problem
from imposter.runtime.providers.discovery import Catalog, ProviderKind
from imposter.storage import Store
from imposter.storage.learning.voice import VoiceLine
from imposter.voice.exchanges import Exchange
from imposter.voice.style_prompt import in_words


@dataclass(frozen=True, slots=True)
class VoiceProfile:
    """`imported`: how many answers of the owner's were imported, by contact. `told`: how they write, in sentences."""

    imported: Mapping[str, int]
    messages: int
    """Of the owner's, that the sentences are about; 0 where there are too few for any."""
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """How many answers of the owner's a chat holds, and how it was read."""

    answers: int
    report: ImportReport


class ChatImport:
    """Works on the Store alone, so on any server. Every method raises StorageError."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self._reading = asyncio.Semaphore(1)
        """One export at a time: each may take as much memory as all else together."""

    async def learn(
        self,
        instance_id: str,
        config: BotConfig,
        contact: str,
        owner: str | None,
        files: Sequence[tuple[str, bytes]],
        chat: str | None = None,
    ) -> Learned:
        """Take an exported chat with this contact, in files by name, in place of the one before.

        `owner` is the owner's name in it, `chat` which chat is meant where there are several. Raises: InvalidConfig.
        """
        platform = config.chat_provider_config.provider_name
        if wrong := contact_problem(contact, platform, self._catalog):
            raise InvalidConfig(FieldProblem("contact", wrong))
        spelled = canonical_ids(self._catalog.find(ProviderKind.CHAT, platform))(contact)
        async with self._reading:
            found = await read_export(files, owner, chat)
        lines = [_line(each) for each in found.answers]
        await self._store.voice.replace(instance_id, spelled, lines)
        return Learned(len(lines), found.report)

    async def profile(self, instance_id: str) -> VoiceProfile:
        style = await figures(self._store, instance_id)
        imported = await self._store.voice.counts(instance_id)
        if style is None:
            return VoiceProfile(imported, 0, ())
        return VoiceProfile(imported, style.messages, tuple(in_words(style)))

    async def unlearn(self, instance_id: str) -> int:
        """Delete every imported chat; gives how many answers went."""
        return await self._store.voice.delete(instance_id)


def _line(exchange: Exchange) -> VoiceLine:
    return VoiceLine(exchange.question, exchange.bubbles, exchange.at, exchange.after)
