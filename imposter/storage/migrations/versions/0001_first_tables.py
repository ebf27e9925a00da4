"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _one_of(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(16), nullable=False)


def _bot_of(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["instance_id"], ["bots.instance_id"], name=f"fk_{table}_instance_id", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "meta",
        _text("name"),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.create_table(
        "bots",
        sa.Column("number", NUMBER, nullable=False),
        _text("instance_id"),
        _text("user_id"),
        sa.Column("config", sa.LargeBinary(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_bots"),
        sa.UniqueConstraint("instance_id", name="uq_bots_instance_id"),
        sa.UniqueConstraint("user_id", name="uq_bots_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "aliases",
        sa.Column("number", NUMBER, nullable=False),
        _text("instance_id"),
        _text("kind"),
        _text("alias"),
        _text("canonical"),
        sa.PrimaryKeyConstraint("number", name="pk_aliases"),
        sa.UniqueConstraint("instance_id", "kind", "alias", name="uq_aliases_instance_id_kind_alias"),
        _bot_of("aliases"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_aliases_instance_id_kind_canonical", "aliases", ["instance_id", "kind", "canonical"])
    op.create_table(
        "messages",
        sa.Column("seq", NUMBER, nullable=False),
        _text("instance_id"),
        _text("conversation"),
        _text("message_id"),
        _one_of("source"),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("truncated_from", sa.Integer()),
        _text("sender_id"),
        _text("sender_name"),
        _text("group_id", nullable=True),
        _text("group_name", nullable=True),
        _text("reply_to"),
        sa.Column("sent_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        _one_of("state"),
        _text("reason", nullable=True),
        sa.Column("answers", NUMBER),
        sa.PrimaryKeyConstraint("seq", name="pk_messages"),
        sa.UniqueConstraint(
            "instance_id", "conversation", "message_id", name="uq_messages_instance_id_conversation_message_id"
        ),
        _bot_of("messages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_by_state", "messages", ["instance_id", "state", "seq", "characters", "sent_at"])
    op.create_index(
        "ix_messages_by_turn", "messages", ["instance_id", "conversation", sa.text("coalesce(answers, seq)"), "seq"]
    )
    op.create_table(
        "outbox",
        sa.Column("seq", NUMBER, nullable=False, autoincrement=False),
        _text("instance_id"),
        _text("message_id"),
        _one_of("state"),
        _text("reason", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("instance_id", "message_id", name="uq_outbox_instance_id_message_id"),
        sa.ForeignKeyConstraint(["seq"], ["messages.seq"], name="fk_outbox_seq", ondelete="CASCADE"),
        _bot_of("outbox"),
    )
    op.create_index("ix_outbox_by_state", "outbox", ["instance_id", "state", "seq"])
    op.create_table(
        "provider_state",
        _text("instance_id"),
        _text("kind"),
        _text("key"),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "kind", "key", name="pk_provider_state"),
        _bot_of("provider_state"),
    )
