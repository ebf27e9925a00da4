"""Summaries of the older messages that a model is no longer shown. The model itself writes them after its answer."""

import asyncio
from collections.abc import Iterable
from functools import partial

import structlog

from imposter.domain.claims import Superseded
from imposter.logs import trace_of
from imposter.runtime.providers.model_selection import ModelChain
from imposter.runtime.session_context import SessionContext
from imposter.storage.schema.storable_text import clean

log = structlog.get_logger()


class Summaries:
    """The summaries of one bot's conversations that are being written."""

    def __init__(self, context: SessionContext) -> None:
        self._claim = context.claim
        self._store = context.store
        self._budget_tracker = context.budget_tracker
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, conversation: str, model: ModelChain) -> None:
        """Have `model` summarise the messages that it is no longer shown.

        A failed summary is made up for the next time.
        """
        if model.summarises and conversation not in self._tasks:
            task = asyncio.create_task(self._note(conversation, model), name=f"summary:{self._claim.instance_id}")
            self._tasks[conversation] = task

    async def close(self) -> None:
        await self.drop([*self._tasks])

    async def drop(self, conversations: Iterable[str]) -> None:
        """Cancel the summaries of these conversations that are being written."""
        tasks = [self._tasks[name] for name in conversations if name in self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _note(self, conversation: str, model: ModelChain) -> None:
        bot = self._claim.instance_id
        try:
            to_note = await self._store.summaries.to_note(bot, conversation)
            if to_note is None or await self._budget_tracker.over(conversation) is not None:
                return
            took = partial(self._budget_tracker.took, conversation)
            text = await model.summarise(to_note.turns, to_note.before, took) if to_note.turns else to_note.before
            await self._store.summaries.note(self._claim, conversation, to_note, clean(text))
        except Superseded:
            log.info("another run makes notes for this bot now", bot=bot)
        except Exception as error:  # noqa: BLE001 - a failed summary affects nothing else
            log.warning("what was said before was not noted down", bot=bot, **trace_of(error))
        finally:
            self._tasks.pop(conversation, None)
