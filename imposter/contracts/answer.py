"""What a model answered."""

from dataclasses import dataclass

LONGEST_NAME = 256
"""Characters of a model's name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, and what its vendor says of it; None is what is not known, and so is what can be no name or number."""

    text: str
    model: str | None = None
    """Which one answered, as the vendor names it."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    """Those of `prompt_tokens` that the vendor had read before."""
    unsure: bool = False
    """The model doubts that it is what the owner would say: they are asked first."""
    binds: bool = False
    """The model says that it would bind the owner, who has not settled it: they are asked first."""
    machinery: bool = False
    """There is something in the text that is for no person, such as the call of a tool: the owner is asked first."""
    told: str | None = None
    """What the owner should know: such as a setting of theirs that the server does not take."""
    reasoned: bool = False
    """The model's reasoning stood in the text, and was taken off."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", _name(self.model))
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens"):
            object.__setattr__(self, name, _count(getattr(self, name)))


def _name(said: object) -> str | None:
    return said[:LONGEST_NAME] or None if isinstance(said, str) else None


def _count(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 2**53 else None
