"""Three nodes that share a database, their world, and what is written down of it outside of them."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from tests.cluster.sockets import overlaps
from tests.cluster.tunnel import Tunnel, tunnel
from tests.durability.driver import config
from tests.durability.journal import Account, Journal, Said
from tests.durability.victim import Victim
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import Event, WhatsAppNetwork
from tests.house import AT_ONCE
from tests.postgres import PostgresServer
from tests.timeouts import FACT

LEASE = 5.0
"""Seconds; one that is shorter would be lost where tests share a slow machine, and a longer one is waited for."""
KEY = "a key that all of the nodes have in common"
NAMES = ("one", "two", "three")
POLL = 0.05
BETWEEN_WORDS = 0.4
"""Seconds between two messages of one contact who keeps writing."""


class Node(Victim):
    """One server, and its ways to the database and to WhatsApp."""

    def __init__(
        self, name: str, folder: Path, environment: dict[str, str], database: Tunnel, whatsapp: Tunnel
    ) -> None:
        folder.mkdir(parents=True)
        super().__init__(folder, environment | {"IMPOSTER_NODE_NAME": name})
        self.name = name
        self.database = database
        self.whatsapp = whatsapp

    def __repr__(self) -> str:
        return self.name

    @property
    def environment(self) -> Mapping[str, str]:
        return self._environment

    def add_to_environment(self, more: dict[str, str]) -> None:
        """Of its next start."""
        self._environment = {**self._environment, **more}


@dataclass
class Cluster:
    postgres: PostgresServer
    url: str
    """Straight to the database."""
    network: WhatsAppNetwork
    model: ModelServer
    nodes: tuple[Node, ...]
    phone: Callable[[], str]
    accounts: dict[str, str] = field(default_factory=dict)
    """The phones of the linked accounts, by their bot's instance_id."""
    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        self.model.reply = self.journal.reply
        self._chance = Random(1)
        self._told: Counter[str] = Counter()
        self._replaced = 0
        self._users = count(1)

    # Who is where

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def others(self, *but: Node) -> list[Node]:
        return [node for node in self.nodes if node not in but]

    async def owners(self) -> dict[str, str | None]:
        """Names of nodes, by instance_id; None of a bot that is nobody's."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            rows = await connection.execute(
                "SELECT instance_id, name FROM bots LEFT JOIN nodes ON node_id = owner AND until > clock_timestamp()"
            )
            return dict(await rows.fetchall())

    async def owner(self, instance_id: str) -> Node:
        name = await self.until(lambda: self._owner(instance_id), bool, "an owner")
        return self.node(name)

    async def an_account(self) -> tuple[Node, list[str]]:
        """A node that has linked accounts, and their phones."""
        owners = await self.owners()
        having = Counter(owners[instance_id] for instance_id in self.accounts)
        [(name, _)] = having.most_common(1)
        assert name is not None
        return self.node(name), [phone for bot, phone in self.accounts.items() if owners[bot] == name]

    async def settle(self) -> None:
        """Returns when every node is there, has its share, and every account is connected and says so everywhere."""
        for node in self.nodes:
            if not node.running:
                await node.start()
        await self.until(self._unsettled, lambda wrong: not wrong, "a cluster at rest")

    async def _unsettled(self) -> str:
        for node in self.nodes:
            if (answer := await node.api.get("/readyz")).status_code != 200:
                return f"{node} is not ready: {answer.text}"
        owners = await self.owners()
        shares = [list(owners.values()).count(node.name) for node in self.nodes]
        if None in owners.values() or max(shares) - min(shares) > 1:
            return f"shares {shares} of {len(owners)}"
        phones = await self.network.phones()
        for bot, phone in self.accounts.items():
            if not phones[phone].online:
                return f"{phone} is not online"
            said = [(await node.status(bot))["status"] for node in self.nodes]
            if said != ["connected"] * len(said):
                return f"the nodes say of {phone}: {said}"
        return ""

    async def _owner(self, instance_id: str) -> str | None:
        return (await self.owners()).get(instance_id)

    # Talking

    async def link(self, node: Node) -> str:
        """A new account whose bot is made on this node, with contacts who write to it. Gives its instance_id."""
        account = Account(f"user {next(self._users)} of WhatsApp", self.phone())
        [instance_id] = await node.put(config(account.user_id))
        await self.network.scan(await node.qr(instance_id), account.phone)
        await node.until_status(instance_id, "connected")
        self.accounts[instance_id] = account.phone
        for _ in range(2):
            self.journal.open(account, [self.phone()])
        return instance_id

    @asynccontextmanager
    async def talk(self) -> AsyncIterator[None]:
        """Everybody keeps writing; left, everything has been answered, and it is as it should be."""
        quiet = asyncio.Event()
        async with asyncio.TaskGroup() as talk:
            for index in range(len(self.journal.conversations)):
                talk.create_task(self._keep_writing(index, quiet), name="talk")
            try:
                await self.everybody_is_answered()
                yield
                await self.settle()
            finally:
                quiet.set()
        await self.all_answered()
        await self.check()

    async def everybody_is_answered(self) -> None:
        """Returns when each of those who keep writing has had an answer to something new."""
        before = [len(said) for said in self.journal.said]
        await self.until(lambda: self._answered(before), bool, "an answer to everybody")

    async def all_answered(self) -> None:
        await self.until(self._open_questions, lambda left: not left, "an answer to everything")

    async def check(self) -> None:
        """Raises: AssertionError, where something was lost, doubled, out of order, or an account had two sockets."""
        self.journal.events += await self.network.log(after=len(self.journal.events))
        problems = Counter(self.journal.check().problems)
        twice = [overlap for overlap in overlaps(self.journal.events, time.time()) if overlap.too_long]
        problems.update(f"two connections of one account: {overlap}" for overlap in twice)
        new, self._told = problems - self._told, problems
        assert not new, "\n".join([*new, *(self.journal.history(told) for told in self.journal.conversations)])

    async def fights(self) -> int:
        """How often a connection took the place of one that was still there, since this was asked last."""
        self.journal.events += await self.network.log(after=len(self.journal.events))
        before, self._replaced = self._replaced, len(overlaps(self.journal.events, time.time()))
        return self._replaced - before

    async def login_after(self, phone: str, moment: float) -> float:
        """Seconds from the moment until the account had logged in anew."""

        async def logins() -> list[Event]:
            found = await self.network.log("login")
            return [event for event in found if event.facts["phone"] == phone and event.at > moment]

        [first, *_] = await self.until(logins, bool, f"a login of {phone}")
        return float(first.at - moment)

    async def _keep_writing(self, index: int, quiet: asyncio.Event) -> None:
        conversation = self.journal.conversations[index]
        while not quiet.is_set():
            message_id = f"3EB0{self._chance.randbytes(9).hex().upper()}"
            text = self.journal.say(conversation, message_id, time.time())
            await self.network.say(conversation.account.phone, conversation.people[0], text, id=message_id)
            try:
                async with asyncio.timeout(BETWEEN_WORDS * (0.5 + self._chance.random())):
                    await quiet.wait()
            except TimeoutError:
                pass

    async def _answered(self, counts: Sequence[int]) -> bool:
        """Whether each conversation has had an answer to what was said after so many messages."""
        waiting = {said.token for said, _ in await self._open_questions()}
        return all(
            any(said.token not in waiting for said in told[count:])
            for told, count in zip(self.journal.said, counts, strict=True)
        )

    async def _open_questions(self) -> list[tuple[Said, str]]:
        for person, heard in self.journal.heard.items():
            self.journal.hear(person, await self.network.inbox(person, len(heard)))
        return self.journal.unanswered

    async def until(self, ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool], what: str) -> Any:
        """Ask until the answer is as wanted. Raises: AssertionError."""
        answer: Any = None
        try:
            async with asyncio.timeout(FACT):
                while True:
                    answer = await ask()
                    if holds(answer):
                        return answer
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise AssertionError(f"waited for {what}, still {answer}\n{self.logs()}") from None

    def logs(self) -> str:
        """What the nodes said that is more than a remark."""
        return "\n".join(f"{node}: {line}" for node in self.nodes for line in _remarkable(node))


def _remarkable(node: Node) -> list[str]:
    lines = node.output.read_text(errors="replace").splitlines()
    return [line for line in lines if not _is_debug(line)][-40:]


def _is_debug(line: str) -> bool:
    try:
        return bool(json.loads(line)["level"] == "debug")
    except (ValueError, KeyError, TypeError):
        return False


def dummy(user_id: str, **more: Any) -> dict[str, Any]:
    """A config of a bot that needs no account; it says nothing by itself."""
    return {
        "user_id": user_id,
        "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": []}},
        "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}},
        "behaviour_config": AT_ONCE,
        **more,
    }


@asynccontextmanager
async def open_nodes(
    folder: Path,
    network: WhatsAppNetwork,
    model: ModelServer,
    postgres: PostgresServer,
    url: str,
    names: Sequence[str] = NAMES,
) -> AsyncIterator[tuple[Node, ...]]:
    """Nodes on this database, none of which runs yet; left, all of them are gone."""
    at = network.url.removeprefix("ws://").split("/")[0].split(":")
    common = {
        "IMPOSTER_SECRET_KEY": KEY,
        "IMPOSTER_LEASE_SECONDS": str(LEASE),
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "sk-not-a-real-key-of-anyone",
    }
    database_name = url.partition("?")[0].rpartition("/")[2]
    nodes = []
    async with AsyncExitStack() as stack:
        for name in names:
            database = await stack.enter_async_context(
                tunnel(lambda: asyncio.open_unix_connection(str(postgres.socket)))
            )
            whatsapp = await stack.enter_async_context(tunnel(lambda: asyncio.open_connection(at[0], int(at[1]))))
            own = {
                "IMPOSTER_DATABASE_URL": _through(url, database, database_name),
                "NODE_OPTIONS": network.node_options_by(f"ws://127.0.0.1:{whatsapp.port}/ws/chat"),
            }
            node = Node(name, folder / name, common | own, database, whatsapp)
            nodes.append(node)
            stack.push_async_callback(_end, node)
        yield tuple(nodes)


def _through(url: str, way: Tunnel, database: str) -> str:
    who = url.partition("//")[2].partition("@")[0]
    return f"postgresql://{who}@127.0.0.1:{way.port}/{database}?sslmode=disable"


async def _end(node: Node) -> None:
    node.thaw()
    await node.kill()
    await node.api.aclose()
