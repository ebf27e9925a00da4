"""The Store: all persistent data. Only this package contains SQL."""

from imposter.storage.bots.bot_store import BotStore, DuplicateUser
from imposter.storage.bots.provider_state import ProviderStateStore
from imposter.storage.database.jobs import Pending
from imposter.storage.messages.message_store import MessageStore
from imposter.storage.messages.outbox import OutboxStore
from imposter.storage.store import Store, open_store

__all__ = [
    "BotStore",
    "DuplicateUser",
    "MessageStore",
    "OutboxStore",
    "Pending",
    "ProviderStateStore",
    "Store",
    "open_store",
]
