"""The ids of a bot's own messages."""

from collections.abc import Callable

from imposter.runtime.providers.chat_adapter import ChatAdapter
from imposter.storage import Store


class MessageIds:
    """Message ids derived from each message's purpose, so that sending it again gives the same message.

    Ids cannot be computed without the server's secret key, so knowing an id proves having received the message.
    """

    def __init__(self, instance_id: str, store: Store, chat: ChatAdapter) -> None:
        self._instance_id = instance_id
        self._hash: Callable[..., str] = store.keyed_hash
        self._chat = chat

    def __call__(self, *purpose: str) -> str:
        return self._chat.message_id(self._hash("message id", self._instance_id, *purpose))
