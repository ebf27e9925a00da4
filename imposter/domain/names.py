"""Names of people and groups."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one person or group. A name that is not known is empty."""

    saved: str = ""
    """The name in the owner's address book, which comes from the owner."""
    chosen: str = ""
    """The name that the person chose, or the title of the group."""
    identifiers: tuple[str, ...] = ()
    """All ids that were reported together with this one."""
    is_group: bool = False
