"""Notes on what was said before the turns that a model is shown, and what came with a message unseen."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("messages", sa.Column("unseen", sa.String()))
    op.create_table(
        "summaries",
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shown_from", NUMBER, nullable=False),
        sa.Column("noted_until", NUMBER, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "conversation", name="pk_summaries"),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["bots.instance_id"], name="fk_summaries_instance_id", ondelete="CASCADE"
        ),
    )
