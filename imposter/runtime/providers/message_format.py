"""The format of a chat platform's messages: its markup and its maximum length."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from imposter.contracts.chat import LimitsMessages, ShowsMarkup
from imposter.contracts.model import LONGEST_ANSWER
from imposter.logs import trace_of
from imposter.runtime.providers.discovery import ProviderFile
from imposter.runtime.providers.foreign_call import call

log = structlog.get_logger()

DEADLINE = 5.0
"""Seconds that a provider may take to convert an answer to its markup."""

_MAY_BE_MARKDOWN = re.compile(r"[*_~`#>\[\]|\\<&=+\-\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]|\d[.)]|\s\s|^\s|\s$")
"""Text without a match contains no Markdown and stays as it is, so it needs no thread and no parser."""


@dataclass(frozen=True, slots=True)
class MessageFormat:
    """The message format of one platform. By default, text is shown as it is."""

    in_own_markup: Callable[[str], str] | None = None
    longest: int = LONGEST_ANSWER
    """Maximum number of characters."""

    @classmethod
    def of(cls, file: ProviderFile) -> "MessageFormat":
        provider = file.provider
        if provider is None:
            return cls()
        markup = provider.in_own_markup if issubclass(provider, ShowsMarkup) else None
        longest = provider.longest_message() if issubclass(provider, LimitsMessages) else LONGEST_ANSWER
        return cls(markup, longest)

    async def shown(self, text: str) -> str:
        """Return a model's Markdown in the platform's markup; unchanged if the conversion fails or leaves nothing."""
        if self.in_own_markup is None or not _MAY_BE_MARKDOWN.search(text):
            return text
        try:
            async with asyncio.timeout(DEADLINE):
                written = await call(self.in_own_markup, text)
        except Exception as error:  # noqa: BLE001 - a foreign provider may raise anything
            log.warning("answer was not written in the platform's markup", **trace_of(error))
            return text
        return written if isinstance(written, str) and written.strip() else text
