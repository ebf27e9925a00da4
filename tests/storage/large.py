"""A database in which very much was said: most of it to one bot, and very much of that by one person."""

from pathlib import Path

from sqlalchemy import Connection

from imposter.storage.database.engine import open_engine
from imposter.storage.migrations import bring_up_to_date

BOT = "bot1"
TALKER = "chat1"
"""A sixteenth of all is said in this chat."""
BOTS = 20

_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(0, {last}))",
}
_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-01-01', '+' || (i * 20) || ' seconds')",
    "postgresql": "timestamptz '2026-01-01 00:00Z' + i * interval '20 seconds'",
}
_BOTS = """
    {numbers} INSERT INTO bots (number, instance_id, user_id, config, wanted, created_at, updated_at)
    SELECT i + 1, 'bot' || (i + 1), 'user' || (i + 1), '', true, {moment}, {moment} FROM n
"""
# A message and its answer ten messages later. In every tenth chat of the first bot a group speaks.
_MESSAGES = """
    {numbers}, said AS (
        SELECT i, i % 2 = 1 AS ours,
            CASE WHEN i % 10 = 9 THEN 'bot' || (2 + (i / 10) % {others}) ELSE 'bot1' END AS bot,
            'chat' || CASE WHEN i < {rows} / 16 THEN 1 ELSE i % {chats} END AS chat
        FROM n
    )
    INSERT INTO messages (seq, instance_id, conversation, message_id, source, content, characters, sender_id,
        sender_name, group_id, reply_to, sent_at, received_at, state, answers)
    SELECT i + 1, bot, chat, 'm' || i, CASE WHEN ours THEN 'bot' ELSE 'user' END,
        'This is what somebody said as number ' || i || ' of all these messages, at about this length.', 80,
        CASE WHEN ours THEN 'bot' WHEN i % 100 = 0 THEN 'member' || (i / 100) % 50 ELSE chat END, '',
        CASE WHEN i % 100 < 10 AND i >= {rows} / 16 THEN chat END, chat, {moment}, {moment},
        CASE WHEN ours THEN 'context' WHEN i % 1000 = 0 THEN 'failed' WHEN i >= {rows} - 100 THEN 'waiting'
            ELSE 'answered' END,
        CASE WHEN ours AND i >= 10 THEN i - 9 END
    FROM said
"""
_REST = (
    "INSERT INTO outbox (seq, instance_id, message_id, state, attempts, created_at, sent_at)"
    " SELECT seq, instance_id, message_id, CASE WHEN seq > {rows} - 20 THEN 'pending' ELSE 'sent' END, 1,"
    " sent_at, sent_at FROM messages WHERE source = 'bot'",
    "INSERT INTO aliases (instance_id, kind, alias, canonical)"
    " SELECT DISTINCT instance_id, 'chat', conversation, conversation FROM messages",
    "INSERT INTO aliases (instance_id, kind, alias, canonical)"
    " SELECT DISTINCT instance_id, 'person', sender_id, sender_id FROM messages WHERE source = 'user'",
    "INSERT INTO usage (instance_id, day, conversation, model, currency, calls, uncounted, prompt_tokens,"
    " cached_tokens, completion_tokens, cost)"
    " SELECT instance_id, '2026-05-' || (10 + number % 20), canonical, 'gpt', 'USD', 3, 0, 100, 0, 20, 50"
    " FROM aliases WHERE kind = 'chat'",
    "INSERT INTO drafts (instance_id, answers, text, why, state, created_at, expires_at)"
    " SELECT instance_id, seq, 'Yes.', 'ask', 'sent', sent_at, sent_at FROM messages WHERE source = 'user'"
    " AND seq % 8 = 1",
    "INSERT INTO wordings (seq, content, until) SELECT seq, 'before', sent_at FROM messages WHERE seq % 8 = 1",
    "INSERT INTO notes (seq, about) SELECT seq, seq - 1 FROM messages WHERE source = 'bot' AND seq % 8 = 2",
    "INSERT INTO voice_lines (instance_id, contact, question, answer, said_at, added_at)"
    " SELECT instance_id, conversation, 'Well?', '[\"Yes.\"]', sent_at, sent_at FROM messages WHERE seq % 8 = 1",
)


def fill(database: str | None, folder: Path, rows: int, chats: int) -> None:
    """Make a Store's tables, and put so many messages of so many chats into them."""
    engine = open_engine(database, folder)
    with engine.connect() as connection:
        with connection.begin():
            bring_up_to_date(connection)
        if connection.dialect.name == "postgresql":
            with connection.begin():
                connection.exec_driver_sql("SET statement_timeout = 0")
        with connection.begin():
            kind = connection.dialect.name
            numbers = {"moment": _MOMENT[kind], "rows": rows, "chats": chats, "others": BOTS - 1}
            _run(connection, _BOTS, numbers={"last": BOTS - 1}, **numbers)
            _run(connection, _MESSAGES, numbers={"last": rows - 1}, **numbers)
            for statement in _REST:
                _run(connection, statement, numbers={"last": 0}, **numbers)
        _settle(connection)
    engine.dispose()


def _run(connection: Connection, statement: str, *, numbers: dict[str, int], **values: object) -> None:
    begun = _NUMBERS[connection.dialect.name].format(**numbers)
    text = statement.format(numbers=begun, **values)
    if connection.dialect.name == "sqlite" and "INSERT INTO" in text and text.lstrip().startswith("WITH"):
        text = text.replace("true", "1")
    connection.exec_driver_sql(text.replace("%", "%%") if connection.dialect.name == "postgresql" else text)


def _settle(connection: Connection) -> None:
    """Have the database know what there is, as it does a while later."""
    if connection.dialect.name == "postgresql":
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.autocommit = True
        raw.execute("SELECT setval(pg_get_serial_sequence('messages', 'seq'), (SELECT max(seq) FROM messages))")
        raw.execute("VACUUM ANALYZE")
        raw.autocommit = False
