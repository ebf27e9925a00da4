"""What owners do in a run, and what each deed means for what the bots may say from then on."""

import asyncio
import time
from collections.abc import Sequence
from math import inf
from typing import Any

from tests.chaos.ledger import TOKEN, Change, Decision, Line, Mode, Span
from tests.chaos.plan import Act, Deed
from tests.chaos.world import Bot, Broken, World, export
from tests.durability.journal import Conversation, Token, tokens_in

UP, DOWN = "\U0001f44d", "\U0001f44e"
NO_NOTE = "none"
TRIES = 8
"""A draft that is to be decided may be replaced by a newer one meanwhile."""
ALONE = (Deed.PAUSE_ALL, Deed.RECONFIGURE, Deed.DELETE)
"""Nothing else is done to the bot meanwhile."""
OF_A_BOT = (*ALONE, Deed.IMPORT, Deed.EXAM, Deed.STOP)
ON_DRAFTS = (Deed.DECIDE_BY_API, Deed.DECIDE_BY_REACTION, Deed.DECIDE_BY_REPLY, Deed.DECIDE_TWICE)


class Acts:
    """Does a round's acts; `taken` knows what of the world each has for itself."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger
        self._ask = world.servers.ask
        self._words = 0

    def cast(self, acts: Sequence[Act]) -> list[tuple[Act, Bot, Conversation]]:
        """Where each act takes place, so that none gets in the way of another; those without room are left out."""
        taken: set[int] = set()
        busy: set[str] = set()
        alone: set[str] = set()
        found = []
        for act in acts:
            for bot, conversation in self._places(act):
                user = bot.account.user_id
                if user in alone or (act.deed in ALONE and user in busy) or conversation.index in taken:
                    continue
                if act.deed in ALONE:
                    alone.add(user)
                if act.deed not in OF_A_BOT:
                    taken.add(conversation.index)
                busy.add(user)
                found.append((act, bot, conversation))
                break
        return found

    def _places(self, act: Act) -> list[tuple[Bot, Conversation]]:
        places = [(bot, each) for bot in self._world.bots for each in bot.direct]
        start = act.place % len(places)
        places = [*places[start:], *places[:start]]
        if act.deed in ON_DRAFTS:
            return [
                (bot, each)
                for bot, each in places
                if self._ledger.mode(each) is Mode.DRAFT and not self._ledger.silent(each)
            ]
        return places

    async def do(self, act: Act, bot: Bot, conversation: Conversation) -> None:
        await asyncio.sleep(act.delay)  # at a moment that only the plan knows
        match act.deed:
            case Deed.TAKEOVER:
                await self._take_over(act, bot, conversation)
            case Deed.PAUSE_CHAT:
                await self._pause(act, bot, [conversation])
            case Deed.PAUSE_ALL:
                await self._pause(act, bot, bot.conversations)
            case Deed.RECONFIGURE:
                await self._reconfigure(act, bot)
            case Deed.STOP:
                await self._stop(act, bot, conversation)
            case Deed.DELETE:
                await self._delete(act, bot, conversation)
            case Deed.FORGET:
                await self._forget(act, bot, conversation)
            case Deed.IMPORT:
                await self._import(bot, conversation)
            case Deed.EXAM:
                await self._examine(act, bot, conversation)
            case _:
                await self._decide(act, bot, conversation)

    # Silence

    async def _take_over(self, act: Act, bot: Bot, conversation: Conversation) -> None:
        """The owner writes, the contact goes on, and what they wrote is not answered."""
        world = self._world
        await world.say(conversation, act.messages)
        message_id = world.new_id()
        async with bot.linked:
            was_offline = await world.offline(bot)
            span = Span("takeover", asked=time.time(), word=message_id)
            self._ledger.spans[conversation.index].append(span)
            await world.network.owner_says(bot.phone, conversation.people[0], self._own_words(), id=message_id)
            if was_offline and await world.offline(bot):
                span.sure, span.grace = span.asked, 0.0
        if span.grace:
            await world.received(message_id)
        ids = await world.say(conversation, act.messages)
        if not act.lasts:
            await world.received(message_id, *ids)
            await self.resume(bot, conversation)
            await world.say(conversation)

    async def _pause(self, act: Act, bot: Bot, silenced: Sequence[Conversation]) -> None:
        world, one = self._world, len(silenced) == 1
        body = {"contact": f"+{silenced[0].people[0]}"} if one else {}
        if one:
            await world.received(*await world.say(silenced[0]))  # nobody is known before they said something
        span = Span("paused", asked=time.time())
        for each in silenced:
            self._ledger.spans[each.index].append(span)
        await self._done("POST", f"{bot.path}/pause", json=body)
        span.sure = time.time()
        ids = [message_id for each in silenced[:2] for message_id in await world.say(each, act.messages)]
        if not act.lasts:
            await world.received(*ids)
            await self.resume(bot, silenced[0] if one else None)
            await world.say(silenced[0])

    async def resume(self, bot: Bot, conversation: Conversation | None) -> None:
        """In one chat, or in all; what silenced the whole bot goes on in the first case."""
        if conversation is not None:
            ended = self._own_spans(bot, conversation)
        else:
            ended = list({id(span): span for each in bot.conversations for span in self._open(each)}.values())
        body = {"contact": f"+{conversation.people[0]}"} if conversation is not None else {}
        for span in ended:
            span.over_asked = time.time()
        await self._done("POST", f"{bot.path}/resume", json=body)
        for span in ended:
            span.over = time.time()

    def _own_spans(self, bot: Bot, conversation: Conversation) -> list[Span]:
        """The silences of this chat that go on, without those of the whole bot."""
        others = [each for each in bot.conversations if each != conversation]
        shared = {id(span) for each in others for span in self._open(each)}
        return [span for span in self._open(conversation) if id(span) not in shared]

    def _open(self, conversation: Conversation) -> list[Span]:
        return [span for span in self._ledger.spans[conversation.index] if span.over_asked == inf]

    # The whole bot

    async def _reconfigure(self, act: Act, bot: Bot) -> None:
        chosen = bot.direct[int(act.choice * len(bot.direct))]
        others = [mode for mode in Mode if mode is not self._ledger.mode(chosen)]
        await self.change(bot, {chosen: others[int(act.choice * 97) % len(others)]})
        await self._world.say(chosen, act.messages)

    async def change(self, bot: Bot, modes: dict[Conversation, Mode]) -> None:
        changes = [Change(mode, time.time()) for mode in modes.values()]
        for conversation, change in zip(modes, changes, strict=True):
            self._ledger.changes[conversation.index].append(change)
        bot.version += 1
        await self._world.put(bot)
        for change in changes:
            change.sure = time.time()

    async def _stop(self, act: Act, bot: Bot, conversation: Conversation) -> None:
        await self._world.say(conversation)
        span = Span("stopped", asked=time.time(), grace=0.0)
        await self._done("POST", f"{bot.path}/stop")
        span.sure = time.time()
        for each in bot.conversations:
            self._ledger.halts[each.index].append(span)
        await self._world.say(conversation, act.messages)
        span.over_asked = time.time()
        await self._done("POST", f"{bot.path}/start")

    async def _delete(self, act: Act, bot: Bot, conversation: Conversation) -> None:
        await self._world.say(conversation, act.messages)
        async with bot.linked:
            lines = self._draw(bot.conversations)
            answer = await self._ask("DELETE", bot.path)
            if answer.status_code not in (200, 204, 404):  # 404: by the first of two tries, cut short by a kill
                raise Broken(f"{bot.path} was not deleted: {answer.status_code} {answer.text}")
            done = time.time()
            self._end(lines, done)
            halt = Span("deleted", asked=done, sure=done, grace=0.0)
            for each in bot.conversations:
                self._ledger.halts[each.index].append(halt)
                for span in self._ledger.spans[each.index]:
                    span.over_asked, span.over = min(span.over_asked, done), min(span.over, done)
            bot.imported = False
            halt.over_asked = time.time()
            await self._world.link(bot)
        await self._world.say(conversation)

    async def _forget(self, act: Act, bot: Bot, conversation: Conversation) -> None:
        world = self._world
        await world.received(*await world.say(conversation))
        await world.say(conversation, act.messages)
        path = f"{bot.path}/contacts/+{conversation.people[0]}"
        lines = self._draw([conversation])
        answer = await self._patiently("DELETE", path)
        if answer.status_code not in (200, 404):  # 404: the same
            raise Broken(f"{path} was not forgotten: {answer.status_code} {answer.text}")
        self._end(lines, time.time())
        for span in self._own_spans(bot, conversation):  # whoever comes back is a stranger
            span.over_asked, span.over = lines[0].asked, lines[0].done
        if answer.status_code == 404 or answer.json()["files"] != "scrubbed":
            self._ledger.unscrubbed.add(conversation.index)
        gone = [token for token in self._ledger.all_forgotten() if token[0] == conversation.index]
        world.nothing_is_kept(gone, [conversation.index])
        await world.say(conversation)

    def _draw(self, conversations: Sequence[Conversation]) -> list[Line]:
        lines = [Line(time.time()) for _ in conversations]
        for conversation, line in zip(conversations, lines, strict=True):
            self._ledger.lines[conversation.index].append(line)
        return lines

    def _end(self, lines: Sequence[Line], done: float) -> None:
        for line in lines:
            line.done = done

    # Voice

    async def _import(self, bot: Bot, conversation: Conversation) -> None:
        query = {"contact": f"+{conversation.people[0]}", "owner": "Owner"}
        answer = await self._patiently(
            "POST", f"{bot.path}/voice/import", params=query, content=export(conversation).encode()
        )
        if answer.status_code != 200:
            raise Broken(f"the chat was not imported: {answer.status_code} {answer.text}")
        bot.imported = True
        self._ledger.imported[conversation.index] = time.time()

    async def _examine(self, act: Act, bot: Bot, conversation: Conversation) -> None:
        """It ends, whatever happens to its server, and nobody hears of it."""
        if not bot.imported:
            await self._import(bot, conversation)
        begun = await self._ask("POST", f"{bot.path}/exam", json={"pairs": 5})
        if begun.status_code == 404:
            return
        if begun.status_code not in (202, 409):  # 409: it is under way, or the bot is away; a person was forgotten
            raise Broken(f"no exam: {begun.status_code} {begun.text}")

        async def has_ended() -> bool:
            answer = await self._ask("GET", f"{bot.path}/exam")
            return answer.status_code == 404 or answer.json()["state"] != "running"

        await self._world.until(has_ended, "the end of an exam")

    # Drafts

    async def _decide(self, act: Act, bot: Bot, conversation: Conversation) -> None:
        """One that is open, or is made for it."""
        if not (tokens := self._drafted(conversation)):
            await self._world.say(conversation)
            tokens = {self._ledger.said[conversation.index][-1].token}
        for _ in range(TRIES):
            draft = await self._open_draft(bot, conversation, tokens)
            if draft is None:
                return
            ended = await self._decided(act, bot, conversation, draft)
            if ended not in ("replaced", "expired"):
                return
        raise Broken(f"no draft of conversation {conversation.index} stayed open")

    async def _open_draft(self, bot: Bot, conversation: Conversation, tokens: set[Token]) -> dict[str, Any] | None:
        async def find() -> dict[str, Any] | None:
            draft = await self._world.draft(bot, tokens)
            return draft if draft is not None and draft["state"] != "replaced" else None

        draft = await self._world.until(find, f"a draft for {tokens}")
        return draft if draft["state"] == "open" else None

    def _drafted(self, conversation: Conversation) -> set[Token]:
        """What is not settled in it, as far as it is known."""
        return {said.token for said in self._ledger.said[conversation.index] if said.token in self._ledger.drafted}

    async def _decided(self, act: Act, bot: Bot, conversation: Conversation, draft: dict[str, Any]) -> str:
        """Gives the state in which it ends."""
        decision = Decision(conversation.index, draft["text"])
        self._ledger.decisions.append(decision)
        tokens = set(tokens_in(draft["text"]))
        by_hand = " ".join([*(TOKEN.format(*token) for token in sorted(tokens)), self._own_words()])
        yes = act.choice < 0.6
        match act.deed:
            case Deed.DECIDE_BY_API if act.choice < 0.2:
                decision.asked = {by_hand}
                await self._tell(bot, draft, "send", json={"text": by_hand})
            case Deed.DECIDE_BY_API:
                decision.asked = {"send" if yes else "drop"}
                await self._tell(bot, draft, "send" if yes else "drop")
            case Deed.DECIDE_BY_REACTION:
                decision.asked = {"send" if yes else "drop"}
                await self._answer_note(bot, draft, UP if yes else DOWN, kind="reaction")
            case Deed.DECIDE_BY_REPLY:
                decision.asked = {by_hand}
                await self._answer_note(bot, draft, by_hand)
            case _:
                here, there = {0: ("send", UP), 1: ("drop", UP), 2: ("send", DOWN)}[int(act.choice * 3)]
                decision.asked = {here, "send" if there == UP else "drop"}
                note = self._answer_note(bot, draft, there, kind="reaction")
                await asyncio.gather(self._tell(bot, draft, here), note)

        async def ended() -> str | None:
            state = await self._state(bot, draft)
            return state if state != "open" else None

        decision.ended = await self._world.until(ended, f"what becomes of draft {draft}")
        if decision.ended in ("sent", "edited"):
            self._ledger.out_of_turn |= tokens
            [edited] = decision.asked - {"send", "drop"} or {""}
            await self._world.heard(conversation, draft["text"] if decision.ended == "sent" else edited)
        return decision.ended

    async def _state(self, bot: Bot, draft: dict[str, Any]) -> str:
        async for page in self._world.servers.pages(f"{bot.path}/drafts", "drafts"):
            for each in page:
                if each["number"] == draft["number"]:
                    return str(each["state"])
        raise Broken(f"draft {draft['number']} is gone")

    async def _tell(self, bot: Bot, draft: dict[str, Any], verb: str, **options: Any) -> None:
        """By API, until it is done or somebody else was first: a bot that is away is asked again."""

        async def is_done() -> bool:
            answer = await self._ask("POST", f"{bot.path}/drafts/{draft['number']}/{verb}", **options)
            return answer.status_code == 200 or await self._state(bot, draft) != "open"

        await self._world.until(is_done, f"{verb} of draft {draft}")

    async def _answer_note(self, bot: Bot, draft: dict[str, Any], text: str, **envelope: Any) -> None:
        """In the owner's own chat; where the draft was replaced before its note came, there is none."""
        first = draft["text"].partition("\n")[0]

        async def note() -> str | None:
            await self._world.listen()
            found = next((note.id for note in bot.notes if note.text and f"> {first}\n" in note.text), None)
            return found or (NO_NOTE if await self._state(bot, draft) != "open" else None)

        target = await self._world.until(note, f"a note on {first}")
        if target != NO_NOTE:
            async with bot.linked:
                await self._world.network.owner_says(bot.phone, bot.phone, text, target=target, **envelope)

    # Asking

    def _own_words(self) -> str:
        self._words += 1
        return f"in my own words {self._words}"

    async def _done(self, method: str, path: str, **options: Any) -> None:
        answer = await self._patiently(method, path, **options)
        if answer.status_code >= 300:
            raise Broken(f"{method} {path}: {answer.status_code} {answer.text}")

    async def _patiently(self, method: str, path: str, **options: Any) -> Any:
        """Ask until the bot is there for it: 409 as long as it starts, or its platform is away."""
        last: list[Any] = []

        async def answered() -> Any:
            last[:] = [await self._ask(method, path, **options)]
            return last[0] if last[0].status_code not in (409, 502) else None

        try:
            return await self._world.until(answered, f"{method} {path}")
        except Broken as error:
            raise Broken(f"{error}: {last[0].status_code} {last[0].text}") from None
