"""Whose message an admin deletes, what waits for its message by its age, and whom the owner has not saved.

Names of before count as saved.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("messages", sa.Column("deletes_of", sa.String()))
    op.add_column("names", sa.Column("unsaved_since", sa.DateTime(timezone=True)))
    _index_some("ix_messages_changing", "messages", ["instance_id", "received_at"], "changes IS NOT NULL")
    _index_some("ix_names_by_age", "names", ["instance_id", "unsaved_since"], "unsaved_since IS NOT NULL")


def _index_some(name: str, table: str, columns: list[str], there: str) -> None:
    some = sa.text(there)
    op.create_index(name, table, columns, if_not_exists=True, sqlite_where=some, postgresql_where=some)
