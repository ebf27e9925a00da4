"""What people and groups are called for their owner: by the config, else by the address book, else by themselves."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from imposter.contracts.config import ContactConfig
from imposter.domain.messages import StoredMessage
from imposter.runtime.policy.contact_policy import ContactPolicy
from imposter.storage.conversation.names import Names
from imposter.storage.queue.draft_rows import Draft


@dataclass(frozen=True, slots=True)
class DisplayNames:
    """`own` has the names that the owner gave in the config, by canonical id, each with its place there."""

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
        """Of the first entry that names one of these ids; empty where it gives none."""
        found = [self.own[name] for name in map(self.canonical, ids) if name in self.own] if self.own else []
        return min(found, default=(0, ""))[1]

    def of_known(self, known: Names, otherwise: str = "") -> str:
        return self.by_owner(known.identifiers) or known.saved or otherwise or known.chosen

    def of_draft(self, draft: Draft, known: Mapping[str, Names]) -> Draft:
        """With the name of who asked; `known` has them by their id."""
        names = known.get(draft.sender_id)
        return draft if names is None else replace(draft, name=self.of_known(names, draft.name))

    def of_message(self, message: StoredMessage, known: Mapping[str, Names]) -> StoredMessage:
        """With the names of its sender and its group, by their ids."""
        sender, group = known.get(message.sender_id), known.get(message.group_id or "")
        name = self.of_known(sender, message.sender_name) if sender is not None else message.sender_name
        title = self.by_owner(group.identifiers) if group is not None else ""
        return replace(message, sender_name=name, group_name=title or message.group_name)


def ids_in(messages: Collection[StoredMessage]) -> set[str]:
    """Those that `of_message` wants known."""
    return {each for message in messages for each in (message.sender_id, message.group_id) if each is not None}
