"""What people and groups are called."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """Of one person or group. Empty: none that is known."""

    saved: str = ""
    """In the owner's address book: the owner's word."""
    chosen: str = ""
    """What they call themselves; of a group, its title."""
    identifiers: tuple[str, ...] = ()
    """All that were told together with this one."""
    is_group: bool = False
