"""What the harnesses of chat and of model providers have in common."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, NoReturn, Self

from imposter.testing.check import Skipped


@dataclass
class Harness:
    """The other side of a provider, made anew for each check. A subclass for one provider takes no arguments."""

    provider: ClassVar[str] = ""
    """Name of the provider file that it is for, without `.py`; needed where a file holds several harnesses."""

    config: dict[str, Any] = field(default_factory=dict)
    """The provider's config."""
    opened: AsyncExitStack = field(default_factory=AsyncExitStack, init=False, repr=False)
    """Closes at the end what was entered here."""

    async def open(self) -> None:
        """Open what it needs, such as a server of its own."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as failed:
            failed.push_async_callback(self.opened.aclose)
            await self.open()
            failed.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.opened.aclose()


def not_told(name: str) -> NoReturn:
    """Raises: Skipped, for what a harness does not do."""
    raise Skipped(f"The harness has no `{name}`.")
