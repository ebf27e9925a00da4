"""Nodes that share the bots among them, what they tell each other, and answers found by their id alone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("node_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String()),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("joined_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("leaving", sa.Boolean(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", name="pk_nodes"),
    )
    op.add_column("bots", sa.Column("owner", sa.String()))
    op.create_index("ix_bots_owner", "bots", ["owner"])
    op.create_table(
        "statuses",
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", name="pk_statuses"),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["bots.instance_id"], name="fk_statuses_instance_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "commands",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("taken_by", sa.String()),
        sa.Column("answer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("number", name="pk_commands"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_commands_instance_id", "commands", ["instance_id"])
    op.create_index("ix_outbox_by_message", "outbox", ["message_id"])
