"""Marks of messages that were forgotten with their senders, and may come once more."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "gone",
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "mark", name="pk_gone"),
        sa.ForeignKeyConstraint(["instance_id"], ["bots.instance_id"], name="fk_gone_instance_id", ondelete="CASCADE"),
    )
    op.create_index("ix_gone_marked_at", "gone", ["marked_at"])
