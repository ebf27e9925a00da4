"""How close the bot came to its owner's own answers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "exams",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("place", sa.String()),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_exams"),
        sa.ForeignKeyConstraint(["instance_id"], ["bots.instance_id"], name="fk_exams_instance_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exams_instance_id", "exams", ["instance_id"])
