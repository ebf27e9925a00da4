"""Answers that wait for the owner's word, and what the owner is told in their own chat."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("answers", NUMBER, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note_id", sa.String()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("decided_at", TIME),
        sa.PrimaryKeyConstraint("number", name="pk_drafts"),
        sa.ForeignKeyConstraint(["answers"], ["messages.seq"], name="fk_drafts_answers", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["bots.instance_id"], name="fk_drafts_instance_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "notes",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("about", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_notes"),
        sa.ForeignKeyConstraint(["seq"], ["messages.seq"], name="fk_notes_seq", ondelete="CASCADE"),
    )
    op.create_index("ix_notes_about", "notes", ["about"])
    op.create_index("ix_drafts_by_state", "drafts", ["instance_id", "state", "expires_at"])
    op.create_index("ix_drafts_answers", "drafts", ["answers"])
