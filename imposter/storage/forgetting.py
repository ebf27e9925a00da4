"""One person, forgotten: their conversation, their words in groups, our answers to them, and who they are."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select

from imposter.contracts.errors import UnknownContact
from imposter.contracts.messages import Source
from imposter.storage.conversations import Kind, forget_remembered
from imposter.storage.engine import scrub
from imposter.storage.tables import aliases, messages, pauses
from imposter.storage.writer import Pending, Writer

Canonical = Callable[[str], str]
"""The one spelling of an id on the bot's platform. Pure and quick: it runs inside the commit."""


@dataclass(frozen=True, slots=True)
class Person:
    ids: frozenset[str]
    """Every id that is known to be theirs."""
    conversations: frozenset[str]
    """What they said alone with the bot's owner."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    messages: int
    """How many were deleted: theirs, the owner's to them, and our answers."""
    conversations: frozenset[str]
    """All in which some were, groups too."""


_of_bot = messages.c.instance_id == bindparam("instance_id")
_ALIASES = select(aliases.c.kind, aliases.c.alias, aliases.c.canonical).where(
    aliases.c.instance_id == bindparam("instance_id")
)
_theirs = messages.c.conversation.in_(bindparam("conversations", expanding=True)) | (
    messages.c.sender_id.in_(bindparam("ids", expanding=True)) & (messages.c.source == Source.CONTACT)
)
_AFFECTED = select(messages.c.conversation).where(_of_bot, _theirs).distinct()
_said = messages.alias("said")
_DELETE_ANSWERS = delete(messages).where(
    _of_bot,
    messages.c.answers.in_(
        # One answer may be to several messages; it stands behind the last of them.
        select(func.coalesce(_said.c.joined, _said.c.seq)).where(
            _said.c.instance_id == bindparam("instance_id"),
            _said.c.sender_id.in_(bindparam("ids", expanding=True)),
            _said.c.source == Source.CONTACT,
        )
    ),
)
_DELETE_MESSAGES = delete(messages).where(_of_bot, _theirs)
_DELETE_ALIASES = delete(aliases).where(
    aliases.c.instance_id == bindparam("instance_id"), aliases.c.alias.in_(bindparam("ids", expanding=True))
)
_DELETE_PAUSES = delete(pauses).where(
    pauses.c.instance_id == bindparam("instance_id"),
    pauses.c.conversation.in_(bindparam("conversations", expanding=True)),
)


class ForgettingStore:
    def __init__(self, writer: Writer) -> None:
        self._submit = writer.submit

    def known(self, instance_id: str, contact: str, canonical: Canonical) -> Pending[Person]:
        """Whom any spelling of any of their ids means. Raises from the result: UnknownContact."""
        return self._submit(lambda connection: _find(connection, instance_id, contact, canonical))

    def forget(self, instance_id: str, contact: str, canonical: Canonical) -> Pending[Forgotten]:
        """Remove everything of this person, from the files too. Raises from the result: UnknownContact."""

        def job(connection: Connection) -> Forgotten:
            person = _find(connection, instance_id, contact, canonical)
            theirs = {"instance_id": instance_id, "ids": person.ids, "conversations": person.conversations}
            affected = frozenset(connection.execute(_AFFECTED, theirs).scalars())
            # Answers first: they are found by what they answer.
            gone = sum(connection.execute(each, theirs).rowcount for each in (_DELETE_ANSWERS, _DELETE_MESSAGES))
            for each in (_DELETE_ALIASES, _DELETE_PAUSES):
                connection.execute(each, theirs)
            forget_remembered(connection)
            return Forgotten(gone, affected | person.conversations)

        return self._submit(job, afterwards=scrub)


def _find(connection: Connection, instance_id: str, contact: str, canonical: Canonical) -> Person:
    rows = connection.execute(_ALIASES, {"instance_id": instance_id}).all()
    meant = {contact, canonical(contact)}
    ids = {alias for kind, alias, _ in rows if kind == Kind.PERSON and (alias in meant or canonical(alias) in meant)}
    if not ids:
        raise UnknownContact
    names: set[tuple[str, str]] = set()
    grown = True
    while grown:
        names |= {(kind, name) for kind, alias, name in rows if alias in ids}
        more = {alias for kind, alias, name in rows if (kind, name) in names}
        grown = not more <= ids
        ids |= more
    return Person(frozenset(ids), frozenset(name for kind, name in names if kind == Kind.CHAT))
