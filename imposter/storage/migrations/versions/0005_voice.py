"""What the owner answered in chats that they brought along."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "voice_lines",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("said_at", TIME, nullable=False),
        sa.Column("waited", sa.Float()),
        sa.Column("added_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_voice_lines"),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["bots.instance_id"], name="fk_voice_lines_instance_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_voice_lines_by_contact", "voice_lines", ["instance_id", "contact", "number"])
