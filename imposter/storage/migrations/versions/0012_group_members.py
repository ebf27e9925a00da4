"""Messages of groups by who said them, so that forgetting somebody need not read a whole bot's."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


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
