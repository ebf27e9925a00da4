"""A model's answer and its facts, such as token counts."""

from dataclasses import dataclass

LONGEST_NAME = 256
"""Characters of a model's name; the rest is cut off."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's text and what its vendor reports about it. A value that is missing or malformed is None."""

    text: str
    model: str | None = None
    """The model that answered, as the vendor names it."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    """The part of `prompt_tokens` that the vendor served from its cache."""
    unsure: bool = False
    """The model doubts that the owner would say this: the answer needs the owner's approval."""
    binds: bool = False
    """The model says that the text commits the owner to something they have not settled: it needs their approval."""
    machinery: bool = False
    """The text holds something that is not meant for a person, such as a tool call: it needs the owner's approval."""
    told: str | None = None
    """A notice for the owner, such as that the server does not accept one of their settings."""
    reasoned: bool = False
    """The text held the model's reasoning, which was removed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", _name(self.model))
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens"):
            object.__setattr__(self, name, _count(getattr(self, name)))


def _name(said: object) -> str | None:
    return said[:LONGEST_NAME] or None if isinstance(said, str) else None


def _count(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 2**53 else None
