"""The names of people and groups for the owner: from the config, else the address book, else their own name."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from imposter.contracts.config import ContactConfig
from imposter.domain.drafts import Draft
from imposter.domain.messages import StoredMessage
from imposter.domain.names import Names
from imposter.runtime.policy.contact_policy import ContactPolicy


@dataclass(frozen=True, slots=True)
class DisplayNames:
    """The display names of one bot. `own` holds the names in the config by canonical id, each with its place there."""

    own: Mapping[str, tuple[int, str]]
    canonical: Callable[[str], str]

    @classmethod
    def of(cls, contacts: Collection[ContactConfig], canonical: Callable[[str], str]) -> "DisplayNames":
        own: dict[str, tuple[int, str]] = {}
        for place, contact in enumerate(contacts):
            own.setdefault(canonical(contact.id), (place, contact.name or ""))
        return cls(own, canonical)

    @classmethod
    def by(cls, contact_policy: ContactPolicy) -> "DisplayNames":
        own = {name: (entry.place, entry.contact.name or "") for name, entry in contact_policy.others.items()}
        return cls(own, contact_policy.canonical)

    def by_owner(self, ids: Collection[str]) -> str:
        """Return the name in the first entry for one of these ids; empty if it has none."""
        found = [self.own[name] for name in map(self.canonical, ids) if name in self.own] if self.own else []
        return min(found, default=(0, ""))[1]

    def of_known(self, known: Names, otherwise: str = "") -> str:
        return self.by_owner(known.identifiers) or known.saved or otherwise or known.chosen

    def of_draft(self, draft: Draft, known: Mapping[str, Names]) -> Draft:
        """Return the draft with the display name of its contact. `known` holds the names by id."""
        names = known.get(draft.sender_id)
        return draft if names is None else replace(draft, name=self.of_known(names, draft.name))

    def of_message(self, message: StoredMessage, known: Mapping[str, Names]) -> StoredMessage:
        """Return the message with the display names of its sender and group. `known` holds the names by id."""
        sender, group = known.get(message.sender_id), known.get(message.group_id or "")
        name = self.of_known(sender, message.sender_name) if sender is not None else message.sender_name
        title = self.by_owner(group.identifiers) if group is not None else ""
        return replace(message, sender_name=name, group_name=title or message.group_name)


def ids_in(messages: Collection[StoredMessage]) -> set[str]:
    """Return the ids for which `of_message` needs names."""
    return {each for message in messages for each in (message.sender_id, message.group_id) if each is not None}
