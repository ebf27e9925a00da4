"""How the owner writes, as a model is told it: of the chat that is answered where enough is known, else of all chats.

Words are told only of the very chat that is answered; of all the others there are nothing but figures.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

import structlog

from imposter.contracts.errors import StorageError
from imposter.contracts.messages import Source
from imposter.contracts.model import Guidance
from imposter.domain.messages import Work
from imposter.storage import Store
from imposter.voice.example_retrieval import ExchangeIndex
from imposter.voice.exchanges import SAME_TALK, Exchange, SaidMessage, exchanges
from imposter.voice.style import Style, measure
from imposter.voice.style_prompt import MOST_EXAMPLES, guidance

log = structlog.get_logger()

ENOUGH = 20
"""Messages of the owner's from which on they tell how they write."""
MOST_CHATS = 1_000
"""Of one bot, that are held ready. Of most there is nothing to hold but that."""
MOST_CHARACTERS = 20_000
"""Of a chat's past that is held ready, the newest."""
MOST_HELD = 32 * MOST_CHARACTERS
"""Characters of one bot's chats together."""
FRESH = timedelta(minutes=1)
"""How long it is, before it is read again."""
FRESH_FIGURES = timedelta(minutes=10)
"""The same for what all chats come to, which changes slowly and takes longer to reckon."""
ONE_TURN = timedelta(minutes=5)
"""Where nobody else's messages are at hand, the owner's that are no further apart are one turn."""


class ImportedLine(Protocol):
    """What was imported: what the owner wrote in one go, and what it answers."""

    @property
    def question(self) -> str: ...
    @property
    def bubbles(self) -> tuple[str, ...]: ...
    @property
    def said_at(self) -> datetime: ...
    @property
    def after(self) -> float | None: ...


class ConversationLine(Protocol):
    """A message of a conversation."""

    @property
    def source(self) -> Source: ...
    @property
    def content(self) -> str: ...
    @property
    def sent_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class ChatStyle:
    """What is known of how the owner writes in one chat."""

    past: ExchangeIndex
    style: Style | None
    """None where it is too little."""
    characters: int = 0


class StyleGuide:
    """For one run of a bot."""

    def __init__(
        self, instance_id: str, *, store: Store, canonical: Callable[[str], str], now: Callable[[], datetime]
    ) -> None:
        self._instance_id = instance_id
        self._store = store
        self._canonical = canonical
        self._now = now
        self._chats: OrderedDict[str, tuple[datetime, ChatStyle]] = OrderedDict()
        self._held = 0
        """Characters of these."""
        self._figures: tuple[datetime, Style | None] | None = None
        self._age = 0
        """How often something was forgotten."""

    async def style_for(self, work: Work) -> Guidance | None:
        """For the answer to what waits; None where too little is known, or the store does not say."""
        try:
            chat = await self._chat(work.message.conversation)
            return await self.by("\n".join(message.content for message in work.messages), chat)
        except StorageError as error:  # an answer in another manner is better than none
            log.warning("voice was not read", bot=self._instance_id, error=str(error))
            return None

    async def sends_lines(self, work: Work) -> bool:
        """Whether the owner sends each line as a message of its own, there or else in general."""
        try:
            chat = await self._chat(work.message.conversation)
            style = chat.style or await self._of_all()
        except StorageError as error:
            log.warning("voice was not read", bot=self._instance_id, error=str(error))
            return False
        return style is not None and style.sends_lines

    async def by(self, asked: str, chat: ChatStyle, without: Collection[str] = ()) -> Guidance | None:
        """The same by what is known of a chat, with none of these answers as an example. Raises: StorageError."""
        style = chat.style or await self._of_all()
        if style is None:
            return None
        examples = chat.past.best(asked, MOST_EXAMPLES, without)
        return guidance(style, examples, own_words=chat.style is not None)

    def forget(self) -> None:
        """Something was forgotten or merged: read all of it anew."""
        self._age += 1
        self._chats.clear()
        self._held = 0
        self._figures = None

    async def _chat(self, conversation: str) -> ChatStyle:
        now, known = self._now(), self._chats.get(conversation)
        if known is not None and known[0] >= now - FRESH:
            self._chats.move_to_end(conversation)
            return known[1]
        age = self._age
        heard = await self._store.voice.of_chat(self._instance_id, conversation, self._canonical)
        if heard.imported or any(line.source is Source.OWNER for line in heard.said):
            chat = await asyncio.to_thread(lambda: learned(past(heard.imported, heard.said)))
        else:  # as of most chats: nothing that is worth another thread
            chat = learned(())
        if age == self._age:  # what is of before something was forgotten is not kept
            self._keep(conversation, now, chat)
        return chat

    def _keep(self, conversation: str, now: datetime, chat: ChatStyle) -> None:
        if (before := self._chats.pop(conversation, None)) is not None:
            self._held -= before[1].characters
        self._chats[conversation] = now, chat
        self._held += chat.characters
        while len(self._chats) > MOST_CHATS or self._held > MOST_HELD:
            _, (_, oldest) = self._chats.popitem(last=False)
            self._held -= oldest.characters

    async def _of_all(self) -> Style | None:
        now = self._now()
        if self._figures is None or self._figures[0] < now - (FRESH_FIGURES if self._figures[1] else FRESH):
            self._figures = now, await figures(self._store, self._instance_id)
        return self._figures[1]


async def figures(store: Store, instance_id: str) -> Style | None:
    """What all that the owner wrote lately comes to; None where it is too little. Raises: StorageError."""
    heard = await store.voice.of_all(instance_id)

    def measured() -> Style | None:
        said = sorted(heard.said, key=lambda line: line.conversation)  # keeps their order in time
        turns = [turn for _, chat in groupby(said, lambda line: line.conversation) for turn in past((), chat, ONE_TURN)]
        return _enough(measure([*past(heard.imported, ()), *turns]))

    return await asyncio.to_thread(measured)


def past(
    imported: Iterable[ImportedLine], said: Iterable[ConversationLine], one_turn: timedelta = SAME_TALK
) -> list[Exchange]:
    """What the owner wrote in one chat, each oldest first. What the bot said is nowhere in it, nor what it answered."""
    old = [Exchange(line.question, line.bubbles, line.said_at, line.after) for line in imported]
    new = [turn for stretch in _without_the_bot(said) for turn in exchanges(stretch, one_turn)]
    return old + new


def learned(exchanges: Iterable[Exchange]) -> ChatStyle:
    """Of one chat, oldest first; bounded by what is newest."""
    kept: list[Exchange] = []
    room = MOST_CHARACTERS
    for exchange in sorted(exchanges, key=lambda each: each.at, reverse=True):
        room -= len(exchange.question) + len(exchange.answer)
        if room < 0:
            break
        kept.append(exchange)
    kept.reverse()
    held = sum(len(exchange.question) + len(exchange.answer) for exchange in kept)
    return ChatStyle(ExchangeIndex(kept), _enough(measure(kept)), held)


def _enough(style: Style | None) -> Style | None:
    return style if style is not None and style.messages >= ENOUGH else None


def _without_the_bot(said: Iterable[ConversationLine]) -> Iterator[list[SaidMessage]]:
    """What was said between its answers: none of the owner's goes with a question that it had answered before."""
    for is_bot, stretch in groupby(said, lambda line: line.source is Source.BOT):
        if not is_bot:
            yield [SaidMessage(line.sent_at, line.source is Source.OWNER, line.content) for line in stretch]
