"""A person to erase, and what was erased."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Or a group."""

    ids: frozenset[str]
    """Every id that is known to be theirs."""
    conversations: frozenset[str]
    """What they said alone with the bot's owner; a group's own."""


@dataclass(frozen=True, slots=True)
class Erased:
    messages: int
    """How many were deleted: theirs, the owner's to them, and our answers."""
    conversations: frozenset[str]
    """All in which some were, groups too."""
    own: frozenset[str]
    """Of these, those that are gone altogether."""
    ids: frozenset[str]
    """All that the person was known by."""
