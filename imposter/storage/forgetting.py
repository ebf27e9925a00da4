"""One person, forgotten: their conversation, their words in groups, our answers to them, and who they are.

Of a group, its conversation.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select, update

from imposter.contracts.errors import UnknownContact
from imposter.contracts.messages import Source
from imposter.storage.conversations import Kind, forget_remembered
from imposter.storage.outbox import INTERRUPTED
from imposter.storage.records import DeliveryState, MessageState
from imposter.storage.scrubbing import is_owed, owe, pay
from imposter.storage.tables import aliases, messages, outbox, pauses
from imposter.storage.writer import Pending, Writer

Canonical = Callable[[str], str]
"""The one spelling of an id on the bot's platform. Pure and quick: it runs inside the commit."""


@dataclass(frozen=True, slots=True)
class Person:
    """Or a group."""

    ids: frozenset[str]
    """Every id that is known to be theirs."""
    conversations: frozenset[str]
    """What they said alone with the bot's owner; a group's own."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    messages: int
    """How many were deleted: theirs, the owner's to them, and our answers."""
    conversations: frozenset[str]
    """All in which some were, groups too."""
    own: frozenset[str]
    """Of these, those that are gone altogether."""


_of_bot = messages.c.instance_id == bindparam("instance_id")
_ALIASES = select(aliases.c.kind, aliases.c.alias, aliases.c.canonical).where(
    aliases.c.instance_id == bindparam("instance_id")
)
_theirs = messages.c.conversation.in_(bindparam("conversations", expanding=True)) | (
    messages.c.sender_id.in_(bindparam("ids", expanding=True)) & (messages.c.source == Source.CONTACT)
)
_AFFECTED = select(messages.c.conversation).where(_of_bot, _theirs).distinct()
_said = messages.alias("said")
_to_them = messages.c.answers.in_(
    # One answer may be to several messages; it stands behind the last of them.
    select(func.coalesce(_said.c.joined, _said.c.seq)).where(
        _said.c.instance_id == bindparam("instance_id"),
        _said.c.sender_id.in_(bindparam("ids", expanding=True)),
        _said.c.source == Source.CONTACT,
    )
)
_NOT_SENT = (
    select(messages.c.conversation, messages.c.answers, outbox.c.state, outbox.c.reason)
    .join(outbox, outbox.c.seq == messages.c.seq)
    .where(_of_bot, _to_them, outbox.c.state.not_in([DeliveryState.SENT, DeliveryState.WITHDRAWN]))
)
_answered_together = (
    messages.c.instance_id == bindparam("bot"),
    messages.c.conversation == bindparam("chat"),
    messages.c.state == MessageState.ANSWERED,
    func.coalesce(messages.c.joined, messages.c.seq) == bindparam("group"),
)
_ANSWER_ANEW = update(messages).where(*_answered_together).values(state=MessageState.WAITING, joined=None)
_FAILED = update(messages).where(*_answered_together).values(state=MessageState.FAILED, reason=bindparam("why"))
_DELETE_ANSWERS = delete(messages).where(_of_bot, _to_them)
_DELETE_MESSAGES = delete(messages).where(_of_bot, _theirs)
_DELETE_ALIASES = delete(aliases).where(
    aliases.c.instance_id == bindparam("instance_id"), aliases.c.alias.in_(bindparam("ids", expanding=True))
)
_DELETE_PAUSES = delete(pauses).where(
    pauses.c.instance_id == bindparam("instance_id"),
    pauses.c.conversation.in_(bindparam("names", expanding=True)),
)


class ForgettingStore:
    def __init__(self, writer: Writer) -> None:
        self._submit = writer.submit

    def known(self, instance_id: str, contact: str, canonical: Canonical) -> Pending[Person]:
        """Whom any spelling of any of their ids means. Raises from the result: UnknownContact."""
        return self._submit(lambda connection: _find(connection, instance_id, contact, canonical))

    def forget(self, instance_id: str, contact: str, canonical: Canonical) -> Pending[Forgotten]:
        """Remove everything of this person, from the files too (see `is_scrubbed`).

        Others who were to get the same answer as they, and have not, wait again for one of their own; where it failed,
        or nobody knows whether it arrived, their messages are dead letters. Raises from the result: UnknownContact.
        """

        def job(connection: Connection) -> Forgotten:
            person = _find(connection, instance_id, contact, canonical)
            theirs = {"instance_id": instance_id, "ids": person.ids, "conversations": person.conversations}
            affected = frozenset(connection.execute(_AFFECTED, theirs).scalars())
            not_sent = connection.execute(_NOT_SENT, theirs).all()
            # Answers first: they are found by what they answer.
            gone = sum(connection.execute(each, theirs).rowcount for each in (_DELETE_ANSWERS, _DELETE_MESSAGES))
            for conversation, answers, state, reason in not_sent:
                others = {"bot": instance_id, "chat": conversation, "group": answers}
                if state is DeliveryState.PENDING:
                    connection.execute(_ANSWER_ANEW, others)
                else:
                    connection.execute(_FAILED, others | {"why": reason or INTERRUPTED})
            connection.execute(_DELETE_ALIASES, theirs)
            connection.execute(_DELETE_PAUSES, theirs | {"names": person.ids | person.conversations})
            forget_remembered(connection)
            owe(connection)
            return Forgotten(gone, affected | person.conversations, person.conversations)

        return self._submit(job, afterwards=pay)

    def is_scrubbed(self) -> Pending[bool]:
        """Whether all that was deleted is out of the files; where another program reads them, retention goes on."""
        return self._submit(lambda connection: not is_owed(connection))


def _find(connection: Connection, instance_id: str, contact: str, canonical: Canonical) -> Person:
    rows = connection.execute(_ALIASES, {"instance_id": instance_id}).all()
    meant = {contact, canonical(contact)}
    ids = {alias for _, alias, _ in rows if alias in meant or canonical(alias) in meant}
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
