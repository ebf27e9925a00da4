"""Many nodes on one database: which node runs which bot, and commands to the node that runs a bot.

PostgreSQL is the engine: its rows, locks and notifications. With SQLite there is a single server, and this package is
not used.
"""
