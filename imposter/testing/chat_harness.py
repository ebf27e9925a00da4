"""The other side of a chat platform, for the checks of one chat provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imposter.contracts.status import LinkStatus
from imposter.testing.harness import Harness, not_told

HELLO = "hello from a friend"


@dataclass
class ChatHarness(Harness):
    """One platform."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """For the provider's child processes."""
    friend: str | None = None
    """Id of the contact who says HELLO when asked to; None where the platform has nobody who talks."""

    async def link(self, link: LinkStatus) -> None:
        """Called with each status that the provider reports: does what the owner would do to link the account."""

    async def say_hello(self) -> None:
        """Make `friend` say HELLO."""

    async def received(self, provider: Any) -> list[str]:
        """The texts that reached `friend`."""
        not_told("received")

    # For the abilities that a platform may have:

    async def typing_seen(self) -> bool:
        """Whether `friend` sees an answer being typed."""
        not_told("typing_seen")

    async def read(self) -> list[str]:
        """Ids of the friend's messages that `friend` sees marked as read."""
        not_told("read")

    async def type(self, on: bool) -> None:
        """`friend` begins or ends to type."""
        not_told("type")

    async def deleted(self) -> list[str]:
        """Ids of the messages that were deleted for `friend`, too."""
        not_told("deleted")
