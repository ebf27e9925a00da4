"""Commands between nodes: sent to the node that runs a bot, and received from the others."""

import asyncio
from typing import Any

import structlog

from imposter.cluster.remote_commands import pack, pack_answer, pack_failure, unpack, unpack_answer
from imposter.contracts.errors import BotNotFound, ImposterError, InvalidState, NodeUnresponsive, StorageError
from imposter.domain.claims import Superseded
from imposter.domain.nodes import NodeCommand
from imposter.logs import trace_of
from imposter.runtime.commands import Command, Result
from imposter.runtime.supervisor import Supervisor
from imposter.storage.cluster.commands import CommandStore
from imposter.storage.database.notifications import NodeIdentity

log = structlog.get_logger()

PATIENCE = 30.0
"""Maximum seconds of a command: longer than a bot needs to get a new node and be unlinked there."""

CUT_OFF = "This server was cut off from the others meanwhile and will not hear what came of it. Look, and ask again."
BACK_AFTER = 0.05
"""Seconds until a command for a bot that is not here yet, or no longer, is put back."""


class CommandInbox:
    """The inbox of one node. `look` must be called whenever something may have arrived."""

    def __init__(self, identity: NodeIdentity, commands: CommandStore, here: Supervisor) -> None:
        self._identity = identity
        self._commands = commands
        self._here = here
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._early: dict[int, dict[str, Any] | ImposterError] = {}
        """Answers that came before the caller knew the command's number."""
        self._asking = 0
        self._doing: set[asyncio.Task[None]] = set()
        self.done = 0
        """Number of commands carried out here for other nodes."""

    async def ask(self, instance_id: str, command: Command[Result]) -> Result:
        """Have the node that runs the bot execute it.

        Raises: NodeUnresponsive, BotNotFound, the errors of that node.
        """
        self._asking += 1
        number: int | None = None
        said: dict[str, Any] | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                number = await self._commands.ask(instance_id, pack(command), self._identity.node_id)
                answer = self._waiting[number] = asyncio.get_running_loop().create_future()
                if number in self._early:
                    _settle(answer, self._early.pop(number))
                said = await answer
        except TimeoutError:
            raise NodeUnresponsive from None
        finally:
            if number is not None:
                self._waiting.pop(number, None)
                if said is None:
                    self._commands.withdraw(number)  # not awaited: it may fail
            self._asking -= 1
            if not self._asking:
                self._early.clear()
        return unpack_answer(command, said)

    def give_up(self) -> None:
        """Fail all pending commands of this node: their answers go to the node id that it has lost."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(NodeUnresponsive(CUT_OFF))

    async def look(self) -> None:
        """Fetch answers to this node's commands, and the commands for its bots."""
        if self._asking:
            for number, said in (await self._commands.answers(self._identity.node_id)).items():
                if (waiting := self._waiting.get(number)) is None:
                    self._early[number] = said
                elif not waiting.done():
                    _settle(waiting, said)
        for command in await self._commands.take(self._identity.node_id):
            task = asyncio.create_task(self._do(command), name=f"command:{command.instance_id}")
            self._doing.add(task)
            task.add_done_callback(self._doing.discard)

    async def close(self) -> None:
        """Wait until the commands under way are done."""
        await asyncio.gather(*self._doing, return_exceptions=True)

    async def _do(self, command: NodeCommand) -> None:
        try:
            asked = unpack(command.body)
            said = pack_answer(asked, await self._here.execute(command.instance_id, asked))
        except asyncio.CancelledError:
            said = pack_failure(InvalidState("The server that ran this bot was stopped meanwhile; ask again."))
            self._commands.answer(command.number, command.instance_id, said, command.asked_by)  # stored before the end
            raise
        except (BotNotFound, Superseded) as error:
            # The bot is moving to or from this node: the node that has it next must carry out the command.
            await asyncio.sleep(BACK_AFTER)
            if await self._commands.put_back(command.number):
                return
            said = pack_failure(error)
        except ImposterError as error:
            said = pack_failure(error)
        except Exception as error:  # noqa: BLE001 - the command ends here; the caller is told that it failed
            log.error("command failed", bot=command.instance_id, **trace_of(error))
            said = pack_failure(InvalidState("It failed on the machine that runs this bot; its log says why."))
        self.done += 1
        try:
            await self._commands.answer(command.number, command.instance_id, said, command.asked_by)
        except StorageError as error:
            log.error("answer to a command was not stored", bot=command.instance_id, cause=str(error))


def _settle(waiting: asyncio.Future[dict[str, Any]], said: dict[str, Any] | ImposterError) -> None:
    if isinstance(said, ImposterError):
        waiting.set_exception(said)
    else:
        waiting.set_result(said)
