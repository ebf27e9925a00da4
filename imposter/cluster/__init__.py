"""Many machines: which of them runs which bot, and how the others ask for what only that one can do.

PostgreSQL is the engine: its rows, locks and notifications. On SQLite there is one server, and nothing of this runs.
"""
