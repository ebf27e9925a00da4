"""The ids of a bot's own messages."""

from collections.abc import Callable

from imposter.runtime.providers.chat_adapter import ChatAdapter
from imposter.storage import Store


class MessageIds:
    """Makes an id of what a message is for: the same for the same, so that sending it again is the same message.

    Nobody without the server's secret key can reckon it, so knowing an id shows that one was given the message.
    """

    def __init__(self, instance_id: str, store: Store, chat: ChatAdapter) -> None:
        self._instance_id = instance_id
        self._hash: Callable[..., str] = store.keyed_hash
        self._chat = chat

    def __call__(self, *purpose: str) -> str:
        return self._chat.message_id(self._hash("message id", self._instance_id, *purpose))
