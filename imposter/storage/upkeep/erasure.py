"""Erasure of one person: their conversation, their messages in groups, the answers to them, and their ids and names.

For a group, the erasure of its conversation.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, select, tuple_, update

from imposter.contracts.errors import ContactNotFound
from imposter.contracts.messages import Source
from imposter.domain.deliveries import DeliveryState
from imposter.domain.erasure import Erased, Person
from imposter.domain.messages import MessageState
from imposter.storage.conversation.identity import AliasKind
from imposter.storage.conversation.names import forget as forget_names
from imposter.storage.conversation.summaries import forget as forget_summaries
from imposter.storage.database.jobs import Pending
from imposter.storage.database.reader import Reader
from imposter.storage.database.writer import Writer
from imposter.storage.learning.evaluations import forget as forget_exams
from imposter.storage.learning.evaluations import is_in_exams
from imposter.storage.learning.voice import forget as forget_voice
from imposter.storage.learning.voice import is_in_voice
from imposter.storage.messages import deleted_ids
from imposter.storage.messages.outbox import INTERRUPTED
from imposter.storage.messages.owner_notes import forget as forget_notes
from imposter.storage.queue.pauses import end as end_pauses
from imposter.storage.reports.usage import move as move_usage
from imposter.storage.schema.batch_delete import OF_CONVERSATION, OF_CONVERSATION_BEGIN, DeletedBatch
from imposter.storage.schema.connection_cache import forget_remembered
from imposter.storage.schema.secure_delete import is_pending_deletion, mark_pending, run_if_pending
from imposter.storage.schema.tables import aliases, anchor, messages, outbox

Canonical = Callable[[str], str]
"""Returns the canonical form of an id on the bot's platform. It runs inside the commit, so it must be pure and fast."""

AT_ONCE = 250
"""Ids processed in one commit."""


_of_bot = messages.c.instance_id == bindparam("instance_id")
_alias_of_bot = aliases.c.instance_id == bindparam("instance_id")
_among_ids = (
    _alias_of_bot,
    aliases.c.kind.in_(list(AliasKind)),  # these are all kinds, but the index starts with this column
    aliases.c.alias.in_(bindparam("ids", expanding=True)),
)
_PORTION = (
    select(aliases.c.kind, aliases.c.alias)
    .where(_alias_of_bot, tuple_(aliases.c.kind, aliases.c.alias) > tuple_(bindparam("kind"), bindparam("alias")))
    .order_by(aliases.c.kind, aliases.c.alias)
    .limit(AT_ONCE)
)
_NAMES = select(aliases.c.kind, aliases.c.canonical).where(*_among_ids)
_NAMED = select(aliases.c.alias).where(
    _alias_of_bot,
    aliases.c.kind == bindparam("kind"),
    aliases.c.canonical.in_(bindparam("names", expanding=True)),
)
_in_groups = (
    _of_bot,
    messages.c.sender_id.in_(bindparam("ids", expanding=True)),
    messages.c.source == Source.CONTACT,
    messages.c.group_id.is_not(None),
)
_GROUPS = select(messages.c.conversation).where(*_in_groups).distinct()
_SOME_IN_GROUPS = (
    select(messages.c.seq, messages.c.conversation, func.coalesce(messages.c.joined, messages.c.seq).label("last"))
    .where(*_in_groups)
    .order_by(messages.c.sender_id, messages.c.conversation, messages.c.seq)
    .limit(AT_ONCE)
)
_open = outbox.c.state.not_in([DeliveryState.SENT, DeliveryState.WITHDRAWN])
# One answer may cover several messages. It comes after the last of them.
_ANSWERS = (
    select(
        messages.c.seq,
        messages.c.answers,
        case((_open, True), else_=False).label("open"),
        (outbox.c.state != DeliveryState.PENDING).label("begun"),
        outbox.c.reason,
    )
    .join(outbox, outbox.c.seq == messages.c.seq)
    .where(_of_bot, messages.c.conversation == bindparam("conversation"))
    .where(anchor.in_(bindparam("lasts", expanding=True)), messages.c.answers.is_not(None))
)
_answered_together = (
    messages.c.instance_id == bindparam("bot"),
    messages.c.conversation == bindparam("chat"),
    messages.c.state == MessageState.ANSWERED,
    func.coalesce(messages.c.joined, messages.c.seq) == bindparam("group"),
)
_ANSWER_ANEW = update(messages).where(*_answered_together).values(state=MessageState.WAITING, joined=None, changed=None)
_FAILED = update(messages).where(*_answered_together).values(state=MessageState.FAILED, reason=bindparam("why"))
# The trace of an answer to other members contains a fingerprint of the person's words. Other people's apps quote
# those words and mention the person, but only the author of a quote says whose words it holds.
_mention_them = messages.c.trace.is_not(None) | messages.c.quoted.is_not(None) | messages.c.mentions.is_not(None)
_NO_TRACES = {
    which: update(messages).where(condition, _mention_them).values(trace=None, quoted=None, mentions=None)
    for which, condition in (("portion", OF_CONVERSATION.portion), ("rest", OF_CONVERSATION.behind))
}
_DELETE = delete(messages).where(messages.c.seq.in_(bindparam("seqs", expanding=True)))
_IN_CONVERSATION = select(messages.c.seq).where(_of_bot, messages.c.conversation == bindparam("conversation"))
_IN_PORTION = select(messages.c.seq).where(OF_CONVERSATION.portion)
_WAITS_FOR_THEM_NO_MORE = (
    update(messages)
    .where(messages.c.instance_id == bindparam("bot"), messages.c.changes.is_not(None))
    .where(messages.c.deletes_of.in_(bindparam("ids", expanding=True)))
    .values(changes=None, deletes_of=None)
)
_DELETE_ALIASES = delete(aliases).where(*_among_ids)


class ErasureStore:
    def __init__(
        self, writer: Writer, reader: Reader, keyed_hash: deleted_ids.Hash, now: Callable[[], datetime]
    ) -> None:
        self._submit = writer.submit
        self._read = reader.submit
        self._keyed_hash = keyed_hash
        self._now = now

    async def known(self, instance_id: str, contact: str, canonical: Canonical) -> Person:
        """Return the person with an id of any spelling. Raises: ContactNotFound, StorageError."""
        meant = frozenset({contact, canonical(contact)})
        spellings = await self._spellings(instance_id, meant, canonical)
        return await self._read(lambda connection: _find(connection, instance_id, spellings, meant))

    def groups(self, instance_id: str, ids: Collection[str]) -> Pending[frozenset[str]]:
        """Return the groups in which the person with these ids has written."""
        return self._read(lambda connection: _groups(connection, instance_id, ids))

    async def forget(self, instance_id: str, contact: str, canonical: Canonical) -> Erased:
        """Remove everything of this person, also from the files (see `is_scrubbed`).

        Other contacts who were to get the same answer wait for a new one if it was not sent yet. If it failed, is
        uncertain or was only partly sent, their messages become dead letters. The work is done in batches and the
        person's ids are removed last, so an interrupted call can be repeated.

        Raises: ContactNotFound, StorageError.
        """
        meant = frozenset({contact, canonical(contact)})
        spellings = await self._spellings(instance_id, meant, canonical)
        person = await self._submit(lambda connection: _find(connection, instance_id, spellings, meant))
        groups = await self.groups(instance_id, person.ids)
        await self._submit(lambda connection: self._mark(connection, instance_id, person, groups))
        deleted_before = sum([await self._shorten(instance_id, name) for name in person.conversations])
        # Other members' rows are cleaned before the person's messages go, because those show which groups to clean.
        seen = {group: await self._take_traces_off(instance_id, group) for group in groups}
        while some := await self._delete_in_groups(instance_id, person):
            deleted_before += some

        def job(connection: Connection) -> Erased:
            person = _find(connection, instance_id, spellings, meant)
            theirs = {"instance_id": instance_id, "ids": person.ids}
            affected = groups | _groups(connection, instance_id, person.ids)
            self._mark(connection, instance_id, person, affected)
            deleted = deleted_before + _delete_some_in_groups(connection, instance_id, person.ids)
            for name in person.conversations:
                own = {"instance_id": instance_id, "conversation": name}
                deleted += _delete(connection, connection.execute(_IN_CONVERSATION, own).scalars().all())
            for group in affected:
                place = OF_CONVERSATION.place(seen.get(group, OF_CONVERSATION_BEGIN))
                of_group = {"bot": instance_id, "chat": group}
                connection.execute(_NO_TRACES["rest"], of_group | place)
            connection.execute(_WAITS_FOR_THEM_NO_MORE, {"bot": instance_id, "ids": person.ids})
            forget_summaries(connection, instance_id, affected | person.conversations)
            forget_voice(connection, instance_id, person.ids | person.conversations, canonical)
            forget_exams(connection, instance_id, person.ids | person.conversations, canonical)
            forget_names(connection, instance_id, person.ids | person.conversations)
            connection.execute(_DELETE_ALIASES, theirs)
            move_usage(connection, instance_id, person.ids | person.conversations)
            end_pauses(connection, instance_id, person.ids | person.conversations, person.ids)
            forget_remembered(connection)
            mark_pending(connection)
            return Erased(deleted, affected | person.conversations, person.conversations, person.ids)

        return await self._submit(job, afterwards=run_if_pending)

    def _mark(self, connection: Connection, instance_id: str, person: Person, groups: Collection[str]) -> None:
        """Mark messages that the platform may deliver again, so that they are not taken for new ones."""
        conversations, now = person.conversations, self._now()
        deleted_ids.mark(connection, self._keyed_hash, instance_id, conversations, groups, person.ids, now)

    async def _shorten(self, instance_id: str, conversation: str) -> int:
        """Delete all but the newest messages of the person's own conversation.

        Return the number of deleted messages.
        """
        chat = {"bot": instance_id, "chat": conversation}
        begin, deleted = OF_CONVERSATION_BEGIN, 0
        while portion := await self._delete_some(chat, begin):
            begin, deleted = portion.last, deleted + portion.deleted
        return deleted

    def _delete_some(self, chat: dict[str, str], begin: tuple[int, int]) -> Pending[DeletedBatch | None]:
        def job(connection: Connection) -> DeletedBatch | None:
            end = OF_CONVERSATION.end(connection, chat, begin)
            if end is None:
                return None
            mark_pending(connection)
            portion = connection.execute(_IN_PORTION, chat | OF_CONVERSATION.place(begin, end)).scalars().all()
            return DeletedBatch(_delete(connection, portion), end)

        return self._submit(job)

    async def _take_traces_off(self, instance_id: str, group: str) -> tuple[Any, Any]:
        """Remove traces and quotes from all but the newest messages of the group. Return the position of those."""
        of_group = {"bot": instance_id, "chat": group}
        begin: tuple[Any, Any] = OF_CONVERSATION_BEGIN

        def job(connection: Connection) -> tuple[Any, Any] | None:
            end = OF_CONVERSATION.end(connection, of_group, begin)
            if end is not None:
                connection.execute(_NO_TRACES["portion"], of_group | OF_CONVERSATION.place(begin, end))
            return end

        while (end := await self._submit(job)) is not None:
            begin = end
        return begin

    def _delete_in_groups(self, instance_id: str, person: Person) -> Pending[int]:
        """Delete some of the person's group messages with their answers. Return the number of deleted messages."""

        def job(connection: Connection) -> int:
            mark_pending(connection)
            # More messages may have arrived since the first ones were marked.
            self._mark(
                connection, instance_id, Person(person.ids, frozenset()), _groups(connection, instance_id, person.ids)
            )
            return _delete_some_in_groups(connection, instance_id, person.ids)

        return self._submit(job)

    def is_scrubbed(self) -> Pending[bool]:
        """Return whether all deleted data is gone from the files. If another program reads them, retention retries."""
        return self._read(lambda connection: not is_pending_deletion(connection))

    async def _spellings(self, instance_id: str, meant: Collection[str], canonical: Canonical) -> frozenset[str]:
        """Return the stored ids that are other spellings of those `meant`. Each id must be passed to `canonical`.

        This is done in batches, because a hundred thousand contacts would block other jobs for more than a second.
        """
        found: set[str] = set()
        after = ("", "")
        while portion := await self._portion(instance_id, *after, meant, canonical):
            after, spellings = portion
            found |= spellings
        return frozenset(found)

    def _portion(
        self, instance_id: str, kind: str, alias: str, meant: Collection[str], canonical: Canonical
    ) -> Pending[tuple[tuple[str, str], set[str]] | None]:
        """Return the end of the batch after this position and its matching ids; None if there is nothing left."""

        def job(connection: Connection) -> tuple[tuple[str, str], set[str]] | None:
            place = {"instance_id": instance_id, "kind": kind, "alias": alias}
            rows = [(of_kind, name) for of_kind, name in connection.execute(_PORTION, place)]
            spellings = {name for _, name in rows if name in meant or canonical(name) in meant}
            return (rows[-1], spellings) if rows else None

        return self._read(job)


def _find(connection: Connection, instance_id: str, spellings: Collection[str], meant: Collection[str]) -> Person:
    """Return all ids and conversations of the person with one of these ids.

    For a person who never wrote here, only the ids `meant` are known.

    Raises: ContactNotFound.
    """
    of_bot = {"instance_id": instance_id}
    ids: set[str] = set()
    more = set(spellings)
    names: set[tuple[str, str]] = set()
    while more:
        ids |= more
        names |= {(kind, name) for kind, name in connection.execute(_NAMES, of_bot | {"ids": more})}
        more = {
            alias
            for kind in AliasKind
            for alias in connection.execute(
                _NAMED, of_bot | {"kind": kind, "names": [name for of_kind, name in names if of_kind == kind]}
            ).scalars()
        } - ids
    if not names:
        if not (is_in_voice(connection, instance_id, meant) or is_in_exams(connection, instance_id, meant)):
            raise ContactNotFound
        ids |= set(meant)
    return Person(frozenset(ids), frozenset(name for kind, name in names if kind == AliasKind.CHAT))


def _groups(connection: Connection, instance_id: str, ids: Collection[str]) -> frozenset[str]:
    """Return the groups in which the person has written."""
    return frozenset(connection.execute(_GROUPS, {"instance_id": instance_id, "ids": ids}).scalars())


def _delete_some_in_groups(connection: Connection, instance_id: str, ids: Collection[str]) -> int:
    """Delete up to AT_ONCE group messages of the person and the answers to them.

    Return the number of deleted messages.
    """
    rows = connection.execute(_SOME_IN_GROUPS, {"instance_id": instance_id, "ids": ids}).all()
    seqs = [row.seq for row in rows]
    answered: dict[str, set[int]] = {}
    for row in rows:
        answered.setdefault(row.conversation, set()).add(row.last)
    for group, lasts in answered.items():
        found = connection.execute(_ANSWERS, {"instance_id": instance_id, "conversation": group, "lasts": lasts}).all()
        seqs += [part.seq for part in found]
        for last in {part.answers for part in found if part.open}:
            parts = [part for part in found if part.answers == last]
            others = {"bot": instance_id, "chat": group, "group": last}
            if any(part.begun for part in parts):
                reasons = [part.reason for part in parts if part.reason]
                connection.execute(_FAILED, others | {"why": max(reasons, default=INTERRUPTED)})
            else:
                connection.execute(_ANSWER_ANEW, others)
    return _delete(connection, seqs)


def _delete(connection: Connection, seqs: Sequence[int]) -> int:
    """Delete messages and the owner's notes about them. Return the number of messages."""
    if seqs:
        forget_notes(connection, seqs)
        connection.execute(_DELETE, {"seqs": seqs})
    return len(seqs)
