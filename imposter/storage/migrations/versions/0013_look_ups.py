"""Messages of groups by who said them, and drafts by their notes: neither is looked for in a whole table."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    there = sa.text("group_id IS NOT NULL")
    columns = ["instance_id", "sender_id", "conversation", "seq"]
    op.create_index(
        "ix_messages_by_member",
        "messages",
        columns,
        if_not_exists=True,
        sqlite_where=there,
        postgresql_where=there,
    )
    op.create_index("ix_drafts_note_id", "drafts", ["note_id"], if_not_exists=True)
