"""Hits the product at a step that can be seen from outside; a trap springs once."""

import asyncio
import time
from typing import Any, Protocol

from tests.durability.journal import Conversation, tokens_in
from tests.durability.plan import Round
from tests.durability.victim import Victim
from tests.durability.wire import Line, Seen
from tests.fakes.model_server import Chat, ModelServer, Moment
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.timeouts import FACT

PATIENCE = FACT
"""Seconds that a step may take to be reached."""

EVENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "message handed to us": ("handed", {}),
    "our receipt for it": ("receipt", {}),
    "our retry receipt": ("receipt", {"type": "retry"}),
    "our keys uploaded": ("pre-keys", {}),
    "our answer, not acknowledged": ("sending", {}),
    "our answer, to a phone that is off": ("sending", {}),
    "our answer, acknowledged": ("sent", {}),
}
"""What of the network's log the steps are; those about what came in name the message as well."""
OF_A_MESSAGE = ("message handed to us", "our receipt for it", "our retry receipt")
MOMENTS: dict[str, Moment] = {
    "model asked": "asked",
    "model answering": "answering",
    "model answered": "answered",
}
WRITING = ("INSERT INTO MESSAGES", "UPDATE MESSAGES", "INSERT INTO OUTBOX")
STATEMENTS: dict[str, Seen] = {
    "before a message is stored": Seen("INSERT INTO messages"),
    "after a message is stored": Seen("INSERT INTO messages", after=True),
    "before an answer is stored": Seen("INSERT INTO outbox"),
    "before an answer is ticked off": Seen("UPDATE outbox"),
    "before a commit": Seen("COMMIT", behind=WRITING),
    "after a commit": Seen("COMMIT", after=True, behind=WRITING),
}


class Trap(Protocol):
    async def sprung(self) -> None:
        """Returns when the fault is done. Raises TimeoutError: the step was not reached."""


class NetworkTrap:
    def __init__(self, network: WhatsAppNetwork) -> None:
        self._network = network
        self._before = 0

    async def set(self, victim: Victim, planned: Round, conversation: Conversation, message_id: str) -> None:
        name = planned.step.name
        kind, facts = EVENTS[name]
        about = {"id": message_id} if name in OF_A_MESSAGE else {}
        facts = {"phone": conversation.account.phone, **facts, **about}
        self._before = len(await self._network.log("trap"))
        await self._network.set_trap(kind, victim.pids(planned.target), facts, delay=planned.delay)

    async def sprung(self) -> None:
        await self._network.wait_log("trap", self._before + 1, PATIENCE)


class ModelTrap:
    def __init__(self, model: ModelServer) -> None:
        self._model = model
        self._sprung = asyncio.Event()

    def set(self, victim: Victim, planned: Round, conversation: Conversation) -> None:
        loop = asyncio.get_running_loop()
        moment = MOMENTS[planned.step.name]

        def watch(now: Moment, chat: Chat) -> None:
            if now != moment or conversation.index not in _conversations(chat):
                return
            self._model.watch = lambda moment, chat: None
            time.sleep(planned.delay)  # in the model's own thread
            victim.hit(planned.target)
            loop.call_soon_threadsafe(self._sprung.set)

        self._model.watch = watch

    async def sprung(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._sprung.wait()


class DatabaseTrap:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._sprung = asyncio.Event()

    def set(self, victim: Victim, planned: Round) -> None:
        def strike() -> None:
            victim.hit(planned.target)
            self._sprung.set()

        self._line.trap(STATEMENTS[planned.step.name], strike)

    async def sprung(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._sprung.wait()


def _conversations(chat: Chat) -> set[int]:
    return {conversation for turn in chat["messages"] for conversation, _ in tokens_in(turn["content"])}
