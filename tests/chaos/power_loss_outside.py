"""The world outside the server, as one drop-in file: contacts who write, and a model that never says a thing twice.

What contacts are told stands in the file `journal`: `took <id>` once a message was accepted, as WhatsApp gets its
receipt, and `sent <id> <to> <text>` for each answer that they were shown.
"""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import random
from typing import Any
from uuid import uuid4

from imposter.contracts.chat import ChatContext
from imposter.contracts.config import StrictModel
from imposter.contracts.errors import InvalidState, NotConnected, StorageError
from imposter.contracts.messages import Source, Turn
from imposter.contracts.status import LinkState, LinkStatus
from queue_manager import UserQueue

WORD = re.compile(r"word-[a-z]{1,20}-[a-z]{1,20}-[0-9]{1,5}")
AGAIN = 0.2
"""Seconds."""


class Outside:
    class Config(StrictModel):
        journal: str
        contacts: list[str]
        each: int
        """Messages of each contact."""
        seconds: float = 0
        """Between two messages."""

    def __init__(self, user_id: str, config: dict[str, Any], user_queues: Mapping[str, UserQueue]) -> None:
        self._user_id = user_id
        self._queue = user_queues[user_id]
        self._config = self.Config.model_validate(config)
        self._journal = Path(self._config.journal)
        self._context: ChatContext | None = None
        self._talk: asyncio.Task[None] | None = None

    def attach(self, context: ChatContext) -> None:
        self._context = context

    async def start_listening(self) -> None:
        assert self._context is not None
        self._talk = asyncio.create_task(self._say_all(), name="outside")
        self._context.report(LinkStatus(status=LinkState.CONNECTED))

    async def stop_listening(self) -> None:
        if self._talk is not None:
            talk, self._talk = self._talk, None
            talk.cancel()
            await asyncio.wait([talk])

    async def sendMessage(self, recipient: str, message: str) -> None:  # noqa: N802 - the contract's name
        raise AssertionError("a platform that can send with an id is asked to")

    async def send_with_id(self, recipient: str, message: str, message_id: str) -> None:
        if self._talk is None:
            raise NotConnected("nobody listens")
        self._tell(f"sent {message_id} {recipient} {message}")

    async def _say_all(self) -> None:
        for number in range(self._config.each):
            for contact in self._config.contacts:
                await asyncio.sleep(self._config.seconds)  # a pace, so that the power can go between two words
                await self._say(contact, f"word-{self._user_id}-{contact}-{number}")

    async def _say(self, contact: str, word: str) -> None:
        while True:
            try:
                await self._queue.add_message(word, contact, message_id=word)
            except (StorageError, InvalidState):
                await asyncio.sleep(AGAIN)  # as a platform that offers again what was not taken
            else:
                return self._tell(f"took {word}")

    def _tell(self, line: str) -> None:
        file = os.open(self._journal, os.O_WRONLY | os.O_APPEND)
        os.write(file, f"{line}\n".encode())
        os.close(file)


class Words:
    class Config(StrictModel):
        pass

    def __init__(self, user_id: str, config: dict[str, Any]) -> None:
        pass

    async def reply(self, turns: Sequence[Turn]) -> str:
        await asyncio.sleep(random() / 20)  # so that answers overtake each other
        asked: list[str] = []
        for turn in reversed(turns):
            if turn.source is not Source.CONTACT:
                break
            asked += WORD.findall(turn.content)
        return f"answer {uuid4().hex} to {' '.join(reversed(asked))}"
