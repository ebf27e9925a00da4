"""The Store: everything that outlives a restart. The only room with SQL in it."""

from imposter.storage.bots import BotStore, DuplicateUser
from imposter.storage.jobs import Pending
from imposter.storage.messages import MessageStore
from imposter.storage.outbox import OutboxStore
from imposter.storage.state import StateStore
from imposter.storage.store import Store, open_store

__all__ = [
    "BotStore",
    "DuplicateUser",
    "MessageStore",
    "OutboxStore",
    "Pending",
    "StateStore",
    "Store",
    "open_store",
]
