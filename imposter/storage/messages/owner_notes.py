"""Notes to owners in their own chats."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from imposter.domain.claims import Claim
from imposter.domain.deliveries import DeliveryState, Part
from imposter.domain.drafts import DraftState
from imposter.domain.owner_notes import Note
from imposter.storage.conversation.identity import AliasKind
from imposter.storage.database.jobs import Pending
from imposter.storage.database.writer import Writer
from imposter.storage.messages import answering
from imposter.storage.schema import fencing
from imposter.storage.schema.tables import aliases, drafts, messages, notes, outbox

OUTDATED = "(What this told of was edited since.)"


_CHAT = select(aliases.c.canonical).where(
    aliases.c.instance_id == bindparam("bot"),
    aliases.c.kind == AliasKind.CHAT.value,
    aliases.c.alias == bindparam("named"),
)
# A note is sent to one of the owner's ids, possibly before the others are known to be theirs.
_ALSO_CALLED = select(aliases.c.alias).where(
    aliases.c.instance_id == bindparam("bot"),
    aliases.c.kind == AliasKind.CHAT.value,
    aliases.c.canonical == bindparam("chat"),
)
_about = messages.alias("about")
_SEQ = select(messages.c.seq).where(
    messages.c.instance_id == bindparam("bot"),
    messages.c.conversation == bindparam("chat"),
    messages.c.message_id == bindparam("note"),
)
_ABOUT = (
    select(_about.c.conversation, _about.c.seq)
    .join(notes, notes.c.about == _about.c.seq)
    .join(messages, messages.c.seq == notes.c.seq)
    .where(
        messages.c.instance_id == bindparam("bot"),
        (messages.c.conversation == bindparam("chat")) | messages.c.conversation.in_(_ALSO_CALLED),
        messages.c.message_id == bindparam("note"),
    )
)
_IS_KNOWN = select(notes.c.seq).where(notes.c.seq == bindparam("noted"))
_LINK = insert(notes)
_FORGET = delete(messages).where(
    messages.c.seq.in_(select(notes.c.seq).where(notes.c.about.in_(bindparam("about", expanding=True))))
)
# The owner's reply to a note may have been sent as the answer. It quotes the note if the note is not stored.
_NOTES_ABOUT = (
    select(messages.c.instance_id, messages.c.conversation, messages.c.message_id)
    .join(notes, notes.c.seq == messages.c.seq)
    .where(notes.c.about.in_(bindparam("about", expanding=True)))
)
_FORGET_REPLIES = delete(messages).where(
    messages.c.instance_id == bindparam("bot"),
    messages.c.conversation.in_(bindparam("places", expanding=True)),
    messages.c.quotes.in_(bindparam("notes", expanding=True)),
)
_FORGET_THIS = delete(messages).where(
    messages.c.seq.in_(
        select(notes.c.seq)
        .join(outbox, outbox.c.seq == notes.c.seq)
        .where(outbox.c.instance_id == bindparam("bot"), outbox.c.message_id == bindparam("note"))
    )
)
_telling = messages.c.seq.in_(select(notes.c.seq).where(notes.c.about == bindparam("told_of")))
_ABOUT_THIS = delete(messages).where(_telling)
_BLANK = update(messages).where(_telling).values(content=OUTDATED, characters=len(OUTDATED))
_UNSENT_ABOUT_THIS = delete(messages).where(
    _telling,
    messages.c.seq.in_(select(outbox.c.seq).where(outbox.c.state == DeliveryState.PENDING, outbox.c.attempts == 0)),
    ~exists().where(
        drafts.c.instance_id == messages.c.instance_id,
        drafts.c.note_id == messages.c.message_id,
        drafts.c.state == DraftState.OPEN,
    ),
)


class NoteStore:
    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._submit = writer.submit
        self._now = now

    def add(self, claim: Claim, note: Note) -> Pending[str]:
        """Put the note into the outbox, once, and return its conversation. Raises from the result: Superseded."""

        def job(connection: Connection) -> str:
            fencing.check(connection, claim)
            return say(connection, claim.instance_id, note, self._now())

        return self._submit(job, claim.instance_id)

    def about(self, instance_id: str, own_chat: str, note_id: str) -> Pending[tuple[str, int] | None]:
        """Return the subject of a note in the owner's own chat: the conversation and the seq of a message in it."""

        def job(connection: Connection) -> tuple[str, int] | None:
            row = connection.execute(_ABOUT, {"bot": instance_id, "chat": own_chat, "note": note_id}).first()
            return None if row is None else (row.conversation, row.seq)

        return self._submit(job, instance_id)

    def forget(self, claim: Claim, note_id: str) -> Pending[None]:
        """Delete a note that was taken back. Raises from the result: Superseded."""

        def job(connection: Connection) -> None:
            fencing.check(connection, claim)
            connection.execute(_FORGET_THIS, {"bot": claim.instance_id, "note": note_id})

        return self._submit(job, claim.instance_id)

    def place(self, instance_id: str, recipient: str) -> Pending[str]:
        """Return the conversation with `recipient`."""
        return self._submit(lambda connection: place_of(connection, instance_id, recipient), instance_id)


def place_of(connection: Connection, instance_id: str, recipient: str) -> str:
    named = {"bot": instance_id, "named": recipient}
    return connection.execute(_CHAT, named).scalar_one_or_none() or recipient


def say(connection: Connection, instance_id: str, note: Note, now: datetime) -> str:
    """See `NoteStore.add`."""
    conversation = place_of(connection, instance_id, note.recipient)
    place = answering.AnswerPlace(instance_id, conversation, None, None, note.recipient, None)
    answering.put(connection, place, [Part(note.text, note.message_id)], now)
    if note.about is not None:
        key = {"bot": instance_id, "chat": conversation, "note": note.message_id}
        seq = connection.execute(_SEQ, key).scalar_one()
        if connection.execute(_IS_KNOWN, {"noted": seq}).first() is None:
            connection.execute(_LINK, {"seq": seq, "about": note.about})
    return conversation


def forget(connection: Connection, seqs: Collection[int]) -> None:
    """Delete notes about these messages, and the owners' replies to the notes."""
    about = {"about": list(seqs)}
    found = connection.execute(_NOTES_ABOUT, about).all()
    for bot, conversation in {(row.instance_id, row.conversation) for row in found}:
        places = [conversation, place_of(connection, bot, conversation)]
        told = [row.message_id for row in found if (row.instance_id, row.conversation) == (bot, conversation)]
        connection.execute(_FORGET_REPLIES, {"bot": bot, "places": places, "notes": told})
    if found:
        connection.execute(_FORGET, about)


def forget_about(connection: Connection, seq: int) -> None:
    """Delete notes about this message, because they may quote it."""
    connection.execute(_ABOUT_THIS, {"told_of": seq})


def blank_about(connection: Connection, seq: int) -> None:
    """Replace the text of notes about this message, so that replies to them still count. Unsent notes are deleted."""
    for statement in (_UNSENT_ABOUT_THIS, _BLANK):
        connection.execute(statement, {"told_of": seq})
