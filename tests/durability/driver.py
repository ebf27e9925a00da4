"""Talks to the product through the fake network, hits it as planned, and asks of its own journal what came of it."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from imposter.contracts.messages import UNREADABLE
from tests.durability.journal import Account, Conversation, Findings, Journal, Token, tokens_in
from tests.durability.plan import DATABASE, MODEL, NETWORK, Act, Round, Talk, Target
from tests.durability.traps import PATIENCE, DatabaseTrap, ModelTrap, NetworkTrap, Trap
from tests.durability.victim import Victim
from tests.durability.wire import Line
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE, HASTE

ANSWERED_DEADLINE = 120.0
"""Seconds after a fault in which everything said has to be answered. Node that dies often is started with patience."""
AS_BAILEYS_PLEASES = {"our keys uploaded"}
"""A step that it does not take each time it could: keys go up every five seconds at most."""
HOPE = 10.0
"""Seconds that such a step is waited for."""
POLL = 0.02
LOG_SHOWN = 6000
_INDEX = re.compile(r"conversation (\d+)")


@dataclass(slots=True)
class Result:
    findings: Findings
    kills: Counter[str]
    """By who was killed."""
    steps: Counter[str]
    """How many rounds of each step there were."""
    missed: Counter[str]
    """Those of them in which Baileys did not take the step in time: the fault then came at no particular moment."""
    recoveries: list[float]
    """Seconds from each round's last fault until everything was answered."""


class Broken(AssertionError):
    """The product did not keep its promise, or a step was not reached; the text says how to see it again."""


@dataclass
class Driver:
    """Two accounts in one server, three contacts who write to both, one group."""

    victim: Victim
    network: WhatsAppNetwork
    model: ModelServer
    line: Line | None
    seed: int
    phone: Callable[[], str]
    journal: Journal = field(default_factory=Journal)
    kills: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = Random(f"{self.seed} of the messages")
        self._numbers = count(1)
        self._accounts: list[Account] = []
        self._speaking: dict[int, asyncio.Lock] = {}
        self.model.reply = self.journal.reply

    async def begin(self) -> None:
        """Link the accounts, and have everybody answered once."""
        ann, ben, cleo = (self.phone() for _ in range(3))
        for name in ("anna", "otto"):
            account = Account(f"{name} {self.seed}", self.phone())
            [instance_id] = await self.victim.put(config(account.user_id))
            await self.network.scan(await self.victim.qr(instance_id), account.phone)
            await self.victim.until_status(instance_id, "connected")
            self._accounts.append(account)
        anna, otto = self._accounts
        group = f"120363{self.phone()}@g.us"
        await self.network.make_group(group, "Friends", [anna.phone, ann, cleo])
        for account, people, place in (
            (anna, [ann], None),
            (otto, [ann], None),
            (anna, [ben], None),
            (otto, [ben], None),
            (anna, [ann, cleo], group),
            (otto, [cleo], None),
        ):
            self.journal.open(account, people, place)
        await self._everybody_says_something()

    async def play(self, rounds: Iterable[Round]) -> Result:
        """Raises Broken."""
        for planned in rounds:
            try:
                await self._round(planned)
            except ExceptionGroup as group:
                raise group.exceptions[0] from None
        await self._everybody_says_something()  # in order: what was still on its way comes before
        if await self._listed_as_unreadable():
            raise await self.broken("what was read is still listed as unreadable")
        await self.victim.stop()
        await self._listen()
        self.journal.events = await self.network.log()
        result = Result(self.journal.check(), self.kills, self.steps, self.missed, self.recoveries)
        if result.findings.problems:
            raise await self.broken("the promise is broken")
        return result

    async def _listed_as_unreadable(self) -> bool:
        for bot in (await self.victim.api.get("/chatbot")).json():
            asked = {"limit": 200}
            while asked:
                page = (await self.victim.api.get(f"/chatbot/{bot['instance_id']}/messages", params=asked)).json()
                if any(row["reason"] == UNREADABLE for row in page["messages"]):
                    return True
                asked = asked | {"before": page["before"]} if page["before"] else {}
        return False

    async def broken(self, why: str) -> Broken:
        await self._listen()
        self.journal.events = await self.network.log()
        problems = self.journal.check().problems
        concerned = {said.token[0] for said, _ in self.journal.unanswered} | {
            conversation for problem in problems for conversation in map(int, _INDEX.findall(problem))
        }
        stories = [self.journal.history(self.journal.conversations[index]) for index in sorted(concerned)]
        stories += [await self._record_of(said.token) for said, _ in self.journal.unanswered]
        log = self.victim.output.read_text(errors="replace")[-LOG_SHOWN:]
        return Broken("\n".join([f"{why}; DURABILITY_SEED={self.seed}", *problems, *stories, log]))

    async def _record_of(self, token: Token) -> str:
        """What the product has written down of a message, and which prompts held it."""
        message = self.journal.said[token[0]][token[1]]
        prompts = [
            [tokens_in(turn["content"]) or turn["content"] for turn in chat["messages"][1:]]
            for chat in self.journal.asked
            if any(token in tokens_in(turn["content"]) for turn in chat["messages"] if turn["role"] == "user")
        ]
        rows: object = "the product does not run"
        if self.victim.running:
            user = self.journal.conversations[token[0]].account.user_id
            bots = (await self.victim.api.get("/chatbot")).json()
            [instance_id] = [bot["instance_id"] for bot in bots if bot["user_id"] == user]
            answer = await self.victim.api.get(f"/chatbot/{instance_id}/messages", params={"limit": 200})
            rows = [row for row in answer.json()["messages"] if row["message_id"] == message.id]
        return f"{message}: {rows}\nin the prompts {prompts}"

    # One round

    async def _round(self, planned: Round) -> None:
        await self._until_online()
        conversation = self._conversation(planned.conversation)
        if planned.step.name == "our answer, to a phone that is off":
            struck = await self._to_a_phone_that_is_off(planned, conversation)
        else:
            struck = await self._amid_talk(planned, conversation)
        self.steps[planned.step.name] += 1
        await self._until_answered(struck, planned)

    async def _amid_talk(self, planned: Round, conversation: Conversation) -> float:
        """Gives the moment of the last fault, as `_recover`."""
        message_id = self._message_id()
        trap = await self._set_trap(planned, conversation, message_id)
        low = planned.step.name == "our keys uploaded"
        if low:
            await self.network.run_low(conversation.account.phone)
        # What cannot be read is asked for anew; nothing that comes behind it waits for that.
        garbled = planned.step.name == "our retry receipt"
        spare = conversation if garbled else None
        async with asyncio.TaskGroup() as talk:
            talk.create_task(self._say(conversation, message_id, garbled=garbled), name="talk")
            self._talk(talk, planned.before, spare)
            if trap is None:
                await self._strike(planned, conversation)
            else:
                await self._sprung(trap, planned, conversation)
            struck = time.monotonic()
            self._talk(talk, planned.meanwhile, spare)
            if low:
                newcomer = self.journal.open(conversation.account, [self.phone()])
                talk.create_task(self._say(newcomer, self._message_id()), name="talk")
            return await self._recover(planned, struck)

    async def _to_a_phone_that_is_off(self, planned: Round, conversation: Conversation) -> float:
        """Nobody confirms the answer, so it has to be sent again."""
        self.model.hang()
        asked = len(self.model.requests)
        message_id = self._message_id()
        await self._say(conversation, message_id)
        await self.model.wait_requests(asked + 1, PATIENCE)
        for person in conversation.people:
            await self.network.switch_off(person)
        trap = NetworkTrap(self.network)
        await trap.set(self.victim, replace(planned, delay=0), conversation, message_id)
        self.model.release()
        await self._sprung(trap, planned, conversation)
        struck = await self._recover(planned, time.monotonic())
        await self._until_sent_twice(conversation.account.phone, planned)
        for person in conversation.people:
            await self.network.switch_on(person)
        return struck

    async def _until_sent_twice(self, phone: str, planned: Round) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            sent = [event.facts["id"] for event in await self.network.log("sent") if event.facts["phone"] == phone]
            if sent.count(sent[-1]) > 1:
                return
            if time.monotonic() > deadline:
                raise await self.broken(f"the answer was not sent again: {planned}")
            await asyncio.sleep(POLL)

    async def _set_trap(self, planned: Round, conversation: Conversation, message_id: str) -> Trap | None:
        step = planned.step
        if step in NETWORK:
            network = NetworkTrap(self.network)
            await network.set(self.victim, planned, conversation, message_id)
            return network
        if step in MODEL:
            model = ModelTrap(self.model)
            model.set(self.victim, planned, conversation)
            return model
        if step in DATABASE:
            assert self.line is not None
            database = DatabaseTrap(self.line)
            database.set(self.victim, planned)
            return database
        return None

    async def _sprung(self, trap: Trap, planned: Round, conversation: Conversation) -> None:
        try:
            async with asyncio.timeout(HOPE if planned.step.name in AS_BAILEYS_PLEASES else None):
                await trap.sprung()
        except TimeoutError:
            if planned.step.name not in AS_BAILEYS_PLEASES:
                raise await self.broken(f"the step was not reached: {planned}") from None
            self.missed[planned.step.name] += 1
            await self.network.clear_trap()
            await self._strike(planned, conversation)

    async def _strike(self, planned: Round, conversation: Conversation) -> None:
        """At a moment that only the plan knows."""
        await asyncio.sleep(planned.delay)
        match planned.act, planned.step.name:
            case Act.KILL, _:
                self.victim.hit(planned.target)
            case Act.STOP, _:
                self.victim.freeze(planned.target)
            case Act.DROP, "a broken connection to WhatsApp":
                await self.network.drop(conversation.account.phone)
            case Act.DROP, _:
                assert self.line is not None
                self.line.drop_all()

    async def _recover(self, planned: Round, struck: float) -> float:
        """Start again what does not do so by itself. Gives the moment of the last fault."""
        if planned.act is Act.STOP:
            await asyncio.sleep(planned.pause)  # a hang is a time
            self.victim.thaw()
        if planned.act is Act.KILL:
            self.kills[planned.target] += 1
            if planned.target is not Target.NODE:
                await self.victim.gone()
                await self.victim.start()
        if planned.again is not None:
            await asyncio.sleep(planned.again)  # at a moment that only the plan knows
            self.victim.hit(Target.PYTHON)
            struck = time.monotonic()
            self.kills[Target.PYTHON] += 1
            await self.victim.gone()
            await self.victim.start()
        return struck

    async def _until_online(self) -> None:
        """Whoever was not asked anything may still be on the way back."""
        deadline = time.monotonic() + ANSWERED_DEADLINE
        while True:
            phones = await self.network.phones()
            if all(phones[account.phone].online for account in self._accounts):
                return
            if time.monotonic() > deadline:
                raise await self.broken("an account did not come back")
            await asyncio.sleep(POLL)

    async def _until_answered(self, since: float, planned: Round | None = None) -> None:
        while self.journal.unanswered:
            if time.monotonic() - since > ANSWERED_DEADLINE:
                raise await self.broken(f"not answered in {ANSWERED_DEADLINE} s after {planned}")
            await asyncio.sleep(POLL)
            await self._listen()
        if planned is not None:
            self.recoveries.append(time.monotonic() - since)

    async def _listen(self) -> None:
        for person, heard in self.journal.heard.items():
            self.journal.hear(person, await self.network.inbox(person, len(heard)))

    # Talking

    async def _everybody_says_something(self) -> None:
        async with asyncio.TaskGroup() as talk:
            for conversation in self.journal.conversations:
                talk.create_task(self._say(conversation, self._message_id()), name="talk")
        await self._until_answered(time.monotonic())

    def _talk(self, tasks: asyncio.TaskGroup, conversation_service: Sequence[Talk], spare: Conversation | None) -> None:
        for talk in conversation_service:
            conversation = self._conversation(talk.conversation)
            if conversation is not spare:
                tasks.create_task(self._chat(conversation, talk.messages), name="talk")

    async def _chat(self, conversation: Conversation, messages: int) -> None:
        for _ in range(messages):
            await self._say(conversation, self._message_id())

    async def _say(self, conversation: Conversation, message_id: str, *, garbled: bool = False) -> None:
        async with self._speaking.setdefault(conversation.index, asyncio.Lock()):
            text = self.journal.say(conversation, message_id, time.time())
            sender = conversation.people[next(self._numbers) % len(conversation.people)]
            envelope: dict[str, Any] = {"group": conversation.group} if conversation.group else {}
            phone = conversation.account.phone
            await self.network.say(phone, sender, text, id=message_id, garbled=garbled, **envelope)

    def _conversation(self, index: int) -> Conversation:
        return self.journal.conversations[index % len(self.journal.conversations)]

    def _message_id(self) -> str:
        return f"3EB0{self._chance.randbytes(9).hex().upper()}"


def config(user_id: str) -> dict[str, Any]:
    model = {"model": "gpt-4", "system": "You are {user_id}."}
    return {
        "user_id": user_id,
        "chat_provider_config": {
            "provider_name": "whatsAppBaileyes",
            "provider_config": {"allow_group_messages": True},
        },
        "queue_config": {"max_messages": 1000, "max_characters": 100_000},
        "context_config": {"max_messages": 50, "max_characters": 10_000},
        "limits_config": HASTE,
        "behaviour_config": {**AT_ONCE, "summary": False},
        "llm_provider_config": {"provider_name": "openAi", "provider_config": model},
    }


@asynccontextmanager
async def driving(
    folder: Path,
    network: WhatsAppNetwork,
    seed: int,
    phone: Callable[[], str],
    *,
    line: Line | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Driver]:
    """A driver whose people have all been answered once; `line` leads to the database, where it is PostgreSQL."""
    async with ModelServer() as model:
        database = {} if line is None else {"IMPOSTER_DATABASE_URL": line.url.render_as_string(hide_password=False)}
        victim = Victim(
            folder,
            {
                "NODE_OPTIONS": network.node_options,
                "OPENAI_BASE_URL": model.base_url,
                "OPENAI_API_KEY": "sk-not-a-real-key-of-anyone",
                **database,
                **(environment or {}),
            },
        )
        try:
            await victim.start()
            driver = Driver(victim, network, model, line, seed, phone)
            await driver.begin()
            yield driver
        finally:
            victim.thaw()
            await network.clear_trap()
            await victim.kill()
            await victim.api.aclose()
