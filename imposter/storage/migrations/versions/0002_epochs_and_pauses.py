"""Epochs, pauses, and answers to several messages at once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("bots", sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("messages", sa.Column("joined", NUMBER))
    op.drop_index("ix_messages_by_state", "messages")
    op.create_index(
        "ix_messages_by_state", "messages", ["instance_id", "state", "seq", "characters", "sent_at", "reason"]
    )
    op.add_column("outbox", sa.Column("created_at", TIME))
    op.create_index("ix_outbox_by_time", "outbox", ["instance_id", "created_at"])
    op.create_table(
        "pauses",
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "conversation", name="pk_pauses"),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["bots.instance_id"], name="fk_pauses_instance_id", ondelete="CASCADE"
        ),
    )
