"""What a message is addressed to, when an answer is due and was sent, and why it was decided so."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("messages", sa.Column("addressed", sa.Boolean()))
    op.add_column("messages", sa.Column("quotes", sa.String()))
    op.add_column("messages", sa.Column("reacts_to", sa.String()))
    op.add_column("messages", sa.Column("trace", sa.Text()))
    op.add_column("outbox", sa.Column("due_at", TIME))
    op.add_column("outbox", sa.Column("sent_at", TIME))
