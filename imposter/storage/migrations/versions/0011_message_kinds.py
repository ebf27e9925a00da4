"""What a message is beside its words, what it quotes and changes, and when it disappears; what people are called.

Marks that an earlier version wrote among the words of a message, such as `[image]`, become its kind.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

WORDS, DETAILS = "words", "details"
MARKS = {
    # The kind, and what stood behind the mark, if anything ever did: words that somebody wrote, or not.
    "[image]": ("image", WORDS),
    "[video]": ("video", WORDS),
    "[voice message]": ("voice", None),
    "[audio]": ("audio", None),
    "[document]": ("document", DETAILS),
    "[sticker]": ("sticker", None),
    "[location]": ("location", DETAILS),
    "[contact]": ("contact_card", DETAILS),
    "[poll]": ("poll", WORDS),
    "[edit]": ("edit", WORDS),
    "[deleted a message]": ("deletion", None),
    "[message that could not be decrypted]": ("unreadable", None),
    "[message that could not be read]": ("unreadable", None),
    "[unsupported message]": ("unsupported", None),
    "[call]": ("call", None),
    "[missed call]": ("call", None),
    "[event]": ("notice", None),
}
REASONS = {
    "edit": "edit",
    "deletion": "revoke",
    "unreadable": "undecryptable",
    "unsupported": "unsupported",
    "call": "event",
    "notice": "event",
}
"""Of those that no model is told of."""
AT_ONCE = 100
"""Rows held in memory: there may be very many."""


def upgrade() -> None:
    op.add_column("messages", sa.Column("kind", sa.String(16), nullable=False, server_default="text"))
    op.add_column("messages", sa.Column("details", sa.Text()))
    op.add_column("messages", sa.Column("quoted", sa.Text()))
    op.add_column("messages", sa.Column("mentions", sa.Text()))
    op.add_column("messages", sa.Column("changes", sa.String()))
    op.add_column("messages", sa.Column("forwarded", sa.Boolean()))
    op.add_column("messages", sa.Column("disappears_after", sa.Integer()))
    op.add_column("messages", sa.Column("disappears_at", TIME))
    op.add_column("messages", sa.Column("secret", sa.LargeBinary()))
    op.add_column("messages", sa.Column("edited_at", TIME))
    op.add_column("messages", sa.Column("edits", sa.Integer()))
    op.add_column("messages", sa.Column("changed", sa.Boolean()))
    op.add_column("messages", sa.Column("deleted_at", TIME))
    op.add_column("summaries", sa.Column("by_owner", sa.Boolean()))
    _index_some("ix_messages_by_end", ["disappears_at"], "disappears_at IS NOT NULL")
    _index_some("ix_messages_by_life", ["instance_id", "conversation", "seq"], "disappears_after IS NOT NULL")
    _index_some("ix_messages_by_quote", ["instance_id", "conversation", "quotes"], "quotes IS NOT NULL")
    _index_some("ix_messages_by_change", ["instance_id", "conversation", "changes"], "changes IS NOT NULL")
    _index_some("ix_messages_of_owner", ["instance_id", "conversation", "seq"], "source = 'owner'")
    _index_some("ix_messages_unreadable", ["instance_id", "received_at"], "kind = 'unreadable'")
    op.create_table(
        "wordings",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_wordings"),
        sa.ForeignKeyConstraint(["seq"], ["messages.seq"], name="fk_wordings_seq", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wordings_seq", "wordings", ["seq"])
    op.create_table(
        "names",
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "identifier", name="pk_names"),
        sa.ForeignKeyConstraint(["instance_id"], ["bots.instance_id"], name="fk_names_instance_id", ondelete="CASCADE"),
    )
    op.execute("UPDATE messages SET kind = 'reaction' WHERE reacts_to IS NOT NULL")
    _take_marks_off()


def _index_some(name: str, columns: list[str], there: str) -> None:
    some = sa.text(there)
    op.create_index(name, "messages", columns, sqlite_where=some, postgresql_where=some)


def _take_marks_off() -> None:
    """Of everybody's messages but the bot's own."""
    connection = op.get_bind()
    marked = (
        sa.select(_messages.c.seq, _messages.c.content)
        .where(_messages.c.source != "bot", _messages.c.reacts_to.is_(None), _messages.c.content.startswith("["))
        .where(_messages.c.seq > sa.bindparam("after"))
        .order_by(_messages.c.seq)
        .limit(AT_ONCE)
    )
    after = -1
    while some := connection.execute(marked, {"after": after}).all():
        for change in filter(None, (_without_mark(*row) for row in some)):
            connection.execute(_messages.update().where(_messages.c.seq == change.pop("seq")), change)
        after = some[-1].seq


def _without_mark(seq: int, content: str) -> dict[str, Any] | None:
    mark = content[: content.find("]") + 1]
    kind, behind = MARKS.get(mark, (None, None))
    rest = content[len(mark) :]
    if kind is None or (rest and (behind is None or rest[0] != " ")):
        return None
    words = rest[1:] if behind == WORDS else ""
    change = {"seq": seq, "kind": kind, "content": words, "characters": len(words)}
    if behind == DETAILS:
        change["details"] = rest[1:]
    if kind in REASONS:
        change |= {"state": "ignored", "reason": REASONS[kind]}
    return change


_messages = sa.table(
    "messages",
    *map(sa.column, ("seq", "kind", "content", "details", "characters", "source", "state", "reason", "reacts_to")),
)
