"""The erasure of a person's data, and its result."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A person, or a group, to erase."""

    ids: frozenset[str]
    """All ids known for the person."""
    conversations: frozenset[str]
    """The person's direct conversations with the owner; for a group, its own conversation."""


@dataclass(frozen=True, slots=True)
class Erased:
    messages: int
    """The number of deleted messages: the person's, the owner's to them, and the bot's answers."""
    conversations: frozenset[str]
    """All conversations with deleted messages, including groups."""
    own: frozenset[str]
    """The conversations that were deleted completely."""
    ids: frozenset[str]
    """All ids by which the person was known."""
