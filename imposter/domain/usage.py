"""What model calls took."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls of one model took. Money is in millionths."""

    day: str
    """ISO 8601, UTC."""
    model: str
    """As its vendor names it; empty where it does not."""
    calls: int = 1
    uncounted: int = 0
    """Those whose tokens nobody knows."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Those of `prompt_tokens` that the vendor had read before."""
    completion_tokens: int = 0
    currency: str = ""
    """Of `cost`; empty where nobody knows the price."""
    cost: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens
