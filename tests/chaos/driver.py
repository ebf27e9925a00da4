"""Plays a plan against the product, and asks of what was written down outside of it what came of that."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from traceback import format_exception
from typing import Any

from tests.chaos.acts import Acts
from tests.chaos.judge import problems
from tests.chaos.ledger import TOKEN, Mode
from tests.chaos.plan import Fault, Round, Talk
from tests.chaos.servers import PATIENCE, POLL, serving
from tests.chaos.world import Bot, Broken, World
from tests.cluster.sockets import Overlap, overlaps
from tests.durability.journal import Findings, Said, tokens_in
from tests.durability.plan import Target
from tests.durability.traps import EVENTS
from tests.durability.victim import Victim
from tests.fakes.model_server import ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

_NAMED = re.compile(r"\bc(\d+)n\d+e\b|conversation (\d+)")
REACHED = 5.0
"""Seconds that the step of a kill is waited for; then it comes at no particular moment."""


@dataclass(slots=True)
class Result:
    kills: Counter[str] = field(default_factory=Counter)
    """By who was killed."""
    deeds: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    answered: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    """Of those that were not: why."""
    findings: Findings = field(default_factory=Findings)
    rounds: list[float] = field(default_factory=list)
    """Seconds that each took."""


class Driver:
    def __init__(self, world: World) -> None:
        self.world = world
        self.result = Result()
        self._ledger = world.ledger
        self._servers = world.servers
        self._acts = Acts(world)
        self._late: list[Victim] = []
        """Servers that are to be started when everything is answered without them."""

    async def play(self, rounds: Iterable[Round]) -> Result:
        """Raises: Broken, whose text says how to see it again."""
        try:
            await self.world.begin()
            await self._everybody_speaks()
            for planned in rounds:
                began = time.monotonic()
                await self._round(planned)
                self.result.rounds.append(round(time.monotonic() - began, 1))
            await self._end()
        except (AssertionError, TimeoutError) as error:
            raise await self._broken(str(error) or "".join(format_exception(error))) from error
        return self.result

    # One round

    async def _round(self, planned: Round) -> None:
        cast = self._acts.cast(planned.acts)
        await _together(
            self._strike(planned.faults),
            *(self._acts.do(*each) for each in cast),
            *map(self._talk, planned.conversation_service),
        )
        self.result.deeds.update(act.deed for act, _, _ in cast)
        await self._settle()
        while self._late:
            await self._late.pop().start()

    async def _talk(self, talk: Talk) -> None:
        await asyncio.sleep(talk.delay)  # at a moment that only the plan knows
        conversations = self._ledger.conversations
        await self.world.say(conversations[talk.conversation % len(conversations)], talk.messages)

    async def _strike(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            victim = self._servers.at(fault.server)
            if not victim.running:
                victim = self._servers.running[0]
            if fault.step is None:
                await asyncio.sleep(fault.delay)  # at a moment that only the plan knows
                victim.hit(fault.target)
            else:
                await self._trap(fault, victim.pids(fault.target))
                victim.hit(fault.target)  # where the step was not reached, and whoever was born meanwhile
            self.result.kills[fault.target] += 1
            if fault.target is Target.NODE:
                continue
            await victim.gone()
            if fault.late and len(self._servers.running) > 0 and not self._late:
                self._late.append(victim)
            else:
                await victim.start()

    async def _trap(self, fault: Fault, pids: list[int]) -> None:
        network, phone = self.world.network, self.world.bots[fault.account % len(self.world.bots)].phone
        before = len(await network.log("trap"))
        kind, facts = EVENTS[str(fault.step)]
        await network.set_trap(kind, pids, {"phone": phone, **facts}, delay=fault.delay / 100)
        with suppress(TimeoutError):
            await network.wait_log("trap", before + 1, REACHED)
        await network.clear_trap()

    # What became of it

    async def _settle(self) -> None:
        """Returns when it is known of everything that was said what becomes of it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            await self.world.listen()
            open_ = [await self._unsettled(bot) for bot in self.world.bots]
            if not any(open_):
                return
            if time.monotonic() > deadline:
                names = [f"{TOKEN.format(*said.token)} as {said.id}: {why}" for each in open_ for said, why in each]
                raise Broken("\n".join([f"nothing comes of it for {PATIENCE} s:", *names]))
            await asyncio.sleep(POLL)

    async def _unsettled(self, bot: Bot) -> list[tuple[Said, str]]:
        """What of this bot's messages is open still, and how it stands."""
        ledger = self._ledger
        due = [
            ledger.said[each.index][number]
            for each in bot.conversations
            for number in range(len(ledger.said[each.index]))
            if (each.index, number) in ledger.due
        ]
        if not due:
            return []
        waited_for = {said.token for said, _ in ledger.unanswered}
        rows = await self._rows(bot, {said.id for said in due})
        answers: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            if row["answers"] is not None:
                answers.setdefault(row["answers"], []).append(row)
        by_id = {row["message_id"]: row for row in rows if row["answers"] is None}
        open_ = []
        for said in due:
            fate, reason = self._fate(said, by_id.get(said.id), answers, said.token in waited_for)
            if fate == "open":
                open_.append((said, f"{reason} {by_id.get(said.id)}"))
                continue
            if fate != "void" and (fault := ledger.fault(said, fate, reason)):
                raise Broken(f"{fault}\n{by_id.get(said.id)}")
            ledger.drafted.discard(said.token)
            if fate == "drafted":
                ledger.drafted.add(said.token)
                continue
            ledger.due.discard(said.token)
            if fate == "answered":
                self.result.answered += 1
                continue
            self.result.fates[reason or fate] += 1
            ledger.excuse(said.token)
            if fate == "silent":
                ledger.left.add(said.token)
                await self._has_its_reason(bot, by_id[said.id])
        return open_

    def _fate(
        self, said: Said, row: dict[str, Any] | None, answers: dict[int, list[dict[str, Any]]], waited_for: bool
    ) -> tuple[str, str | None]:
        """`answered`, `drafted`, `silent`, `void` or `open`, and why."""
        void = self._ledger.void(said)
        if row is None:
            deleted = any(halt.why == "deleted" and halt.asked >= said.at for halt in self._ledger.halts[said.token[0]])
            known = deleted or not waited_for or (void and said.id in self._ledger.receipted)
            return ("void", "forgotten") if void and known else ("open", "not on record")
        if row["state"] == "waiting":
            return "open", "waits"
        if row["state"] == "answered" and not waited_for:
            return ("void" if void else "answered"), None
        if row["state"] == "answered":
            parts = answers.get(row["joined"] or row["seq"], [])
            lost = [part for part in parts if part["delivery"] in ("withdrawn", "failed", "uncertain")]
            if not lost:
                return "open", f"its answer is {[part['delivery'] for part in parts]}"
            return ("void" if void else "silent"), lost[0]["delivery_reason"] or lost[0]["delivery"]
        if row["reason"] == "drafted":
            return "drafted", None
        return ("void" if void else "silent"), row["reason"] or row["state"]

    async def _rows(self, bot: Bot, wanted: set[str]) -> list[dict[str, Any]]:
        """What the product has on record, newest first, as far back as the oldest of the messages that are wanted."""
        found: list[dict[str, Any]] = []
        async for page in self._servers.pages(f"{bot.path}/messages", "messages"):
            found += page
            wanted -= {row["message_id"] for row in page}
            if not wanted:
                break
        return found

    async def _has_its_reason(self, bot: Bot, row: dict[str, Any]) -> None:
        told = (await self._servers.get(f"{bot.path}/messages/{row['seq']}/decision"))["explanation"]
        if not told.startswith(("Not answered", "Answered, but")):
            raise Broken(f"the decision about {row} says {told!r}")

    # The end

    async def _everybody_speaks(self) -> None:
        await _together(*map(self.world.say, self._ledger.conversations))
        await self._settle()

    async def _end(self) -> None:
        """Everybody who is not to be asked first is answered again, all is well, and all is as it should be."""
        for bot in self.world.bots:
            await self._acts.resume(bot, None)
            await self._acts.change(bot, dict.fromkeys(bot.direct, Mode.PROMPT))
            await self.world.connected(bot)
        await self._everybody_speaks()
        for server in self._servers.all:
            ready = await server.api.get("/readyz")
            if ready.status_code != 200:
                raise Broken(f"a server is not ready: {ready.text}")
        await self._nothing_is_on_record()
        for server in self._servers.all:
            await server.stop()
        await self.world.listen()
        self.world.nothing_is_kept(self._ledger.all_forgotten(), range(len(self._ledger.conversations)))
        found = problems(self._ledger)
        found += [f"two connections of one account: {each}" for each in self._overlaps()]
        if found:
            raise Broken("\n".join(found))
        self.result.findings = self._ledger.check()
        self.result.messages = self.result.findings.accepted

    def _overlaps(self) -> list[Overlap]:
        """Of accounts that were linked once: the network counts the logins of each link."""
        events = self._ledger.events
        links = Counter(event.facts["phone"] for event in events if event.kind == "paired")
        ours = {bot.phone for bot in self.world.bots if links[bot.phone] == 1}
        found = overlaps((event for event in events if event.facts.get("phone") in ours), time.time())
        return [each for each in found if each.too_long]

    async def _nothing_is_on_record(self) -> None:
        """Of who was forgotten, by the product's own word."""
        gone = set(self._ledger.all_forgotten())
        for bot in self.world.bots:
            async for page in self._servers.pages(f"{bot.path}/messages", "messages"):
                for row in page:
                    if found := gone & set(tokens_in(row["content"])):
                        raise Broken(f"{[TOKEN.format(*token) for token in found]} were forgotten: {row}")

    async def _broken(self, why: str) -> Broken:
        try:
            await self.world.listen()
        except OSError as error:  # the network is gone, too
            why += f"\n{error!r}"
        indices = {int(token or index) for token, index in _NAMED.findall(why)}
        stories = [self._ledger.history(self._ledger.conversations[index]) for index in sorted(indices)]
        head = f"CHAOS_SEED={self.world.seed} brings this plan back; it broke after {len(self.result.rounds)} rounds:"
        return Broken("\n".join([head, why, *stories, self._servers.logs()]))


async def _together(*doings: Coroutine[Any, Any, object]) -> None:
    """Raises what the first of them raises that fails; the others are cut short."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for doing in doings:
                tasks.create_task(doing, name="chaos")
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


@asynccontextmanager
async def chaos(
    folder: Path,
    network: WhatsAppNetwork,
    seed: int,
    phone: Callable[[], str],
    *,
    database: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Driver]:
    """A driver of servers that run; two of them where they share a `database` of PostgreSQL."""
    chance = Random(f"{seed} of the servers")
    async with (
        ModelServer() as model,
        serving(folder, network, model, database, chance, environment or {}) as servers,
    ):
        try:
            yield Driver(World(servers, network, model, seed, phone))
        finally:
            await network.clear_trap()
