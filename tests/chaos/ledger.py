"""A journal that also knows when a bot was to be silent, to ask first, or to forget, and judges each message by that.

Whatever was asked of the product holds for certain only from its answer on, and until something else is asked: between
the two either may be true.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from tests.durability.journal import Account, Conversation, Journal, Said, Token, due_in, tokens_in
from tests.fakes.model_server import Chat
from tests.fakes.whatsapp_network import Delivery

GRACE = 5.0
"""Seconds in which what is being handed over when a silence begins may still arrive."""
KEY_USED = "487"
"""How the account refuses a message whose key is used up: it was durable before, and its receipt was lost."""
TOKEN = "c{}n{}e"
BROUGHT = "v{}x"
"""How what was imported into a conversation begins."""


class Mode(StrEnum):
    """What the config says of one contact."""

    HUMAN = "human"
    """Answered at a person's pace."""
    PROMPT = "prompt"
    DRAFT = "draft"
    OBSERVE = "observe"


@dataclass(slots=True)
class Span:
    """Something that holds from a time to a time, each of which is known as well as from outside it can be."""

    why: str
    asked: float
    sure: float = inf
    grace: float = GRACE
    over_asked: float = inf
    over: float = inf
    word: str | None = None
    """The id of the owner's message that began it."""

    def may_hold(self, begin: float, end: float) -> bool:
        """At some moment between the two."""
        return self.asked <= end and self.over >= begin

    def holds(self, begin: float, end: float) -> bool:
        """From the one to the other."""
        return self.sure <= begin and end <= self.over_asked


@dataclass(slots=True)
class Change:
    """Of a conversation's mode."""

    mode: Mode
    asked: float
    sure: float = inf


@dataclass(slots=True)
class Line:
    """Drawn under a conversation: what was said before is forgotten."""

    asked: float
    done: float = inf


@dataclass(slots=True)
class Decision:
    """What the owner said of one draft."""

    conversation: int
    text: str
    asked: set[str] = field(default_factory=set)
    """`send`, `drop`, or other words."""
    ended: str | None = None
    """The draft's state, once it is decided."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Of the model."""

    at: float
    tokens: tuple[Token, ...]
    parts: tuple[str, ...]


class Ledger(Journal):
    def __init__(self) -> None:
        super().__init__()
        self.spans: list[list[Span]] = []
        self.halts: list[list[Span]] = []
        """When nothing at all may be sent: the bot is stopped, or there is none."""
        self.changes: list[list[Change]] = []
        self.lines: list[list[Line]] = []
        self.decisions: list[Decision] = []
        self.replies: dict[str, tuple[Reply, int]] = {}
        """By the text of each part: whose it is, and its place there."""
        self.asked_at: list[tuple[float, Chat]] = []
        self.receipted: dict[str, float] = {}
        """When the network had the account's receipt for a message: from then on it is durable."""
        self.first_sent: dict[str, float] = {}
        self.due: set[Token] = set()
        """Nobody knows yet what became of them, or it may still change."""
        self.drafted: set[Token] = set()
        """Those of them that stand in a draft which is open."""
        self.left: set[Token] = set()
        """What the product says it left unanswered: shown to the model later, as what was said before."""
        self.imported: dict[int, float] = {}
        """When the chat of a conversation was imported last."""
        self.unscrubbed: set[int] = set()
        """Conversations that were forgotten and whose words may still stand in the database's files."""
        self._read = 0

    def open_in(self, account: Account, people: Sequence[str], mode: Mode, group: str | None = None) -> Conversation:
        conversation = self.open(account, people, group)
        self.spans.append([])
        self.halts.append([])
        self.changes.append([Change(mode, 0.0, 0.0)])
        self.lines.append([])
        return conversation

    def say(self, conversation: Conversation, message_id: str, at: float) -> str:
        text = super().say(conversation, message_id, at)
        self.due.add(self.said[conversation.index][-1].token)
        return text

    def reply(self, chat: Chat) -> str:
        """Every third answer has two paragraphs, which a bot at a person's pace sends one by one."""
        text = super().reply(chat)
        number = int(text.rpartition(" ")[2])
        parts = (text, f"and part two of answer {number}") if number % 3 == 0 else (text,)
        reply = Reply(time.time(), tuple(due_in(chat)), parts)
        for place, part in enumerate(parts):
            self.replies[part] = (reply, place)
        self.asked_at.append((reply.at, chat))
        return "\n\n".join(parts)

    def read_events(self) -> None:
        """Take over what the network saw since."""
        for event in self.events[self._read :]:
            if event.kind == "receipt" and event.facts.get("type") != "retry":
                for message_id in event.facts.get("ids") or [event.facts["id"]]:
                    self.receipted.setdefault(message_id, event.at)
            elif event.kind == "nack" and event.facts.get("error") == KEY_USED:
                self.receipted.setdefault(event.facts["id"], event.at)
            elif event.kind == "sending":
                self.first_sent.setdefault(event.facts["id"], event.at)
        self._read = len(self.events)
        for spans in self.spans:
            for span in spans:
                if span.word is not None:
                    span.sure = min(span.sure, self.receipted.get(span.word, inf))

    # What was to be

    def mode(self, conversation: Conversation) -> Mode:
        return self.changes[conversation.index][-1].mode

    def modes(self, index: int, begin: float, end: float) -> set[Mode]:
        """All that may have held between the two."""
        changes = self.changes[index]
        ends = [*(change.sure for change in changes[1:]), inf]
        return {
            change.mode for change, over in zip(changes, ends, strict=True) if change.asked <= end and over >= begin
        }

    def silent(self, conversation: Conversation) -> bool:
        return any(span.over_asked == inf for span in self.spans[conversation.index])

    def void(self, said: Said) -> bool:
        """It was said before its contact was forgotten, or its bot deleted: nobody waits for an answer."""
        return any(said.at <= line.done for line in self.lines[said.token[0]])

    def forgotten(self, said: Said) -> float | None:
        """Since when it is for certain, where it was durable before it was asked for."""
        got = self.receipted.get(said.id, inf)
        found = [line.done for line in self.lines[said.token[0]] if got < line.asked and line.done < inf]
        return min(found, default=None)

    def all_forgotten(self) -> list[Token]:
        return [said.token for told in self.said for said in told if self.forgotten(said) is not None]

    def import_forgotten(self, index: int) -> bool:
        """Whether an imported chat is gone with its contact."""
        at = self.imported.get(index, inf)
        return any(at < line.asked and line.done < inf for line in self.lines[index])

    def fault(self, said: Said, fate: str, reason: str | None) -> str | None:
        """What is wrong with a fate: `answered`, `drafted`, or `silent` for a reason. None: nothing."""
        index, got, now = said.token[0], self.receipted.get(said.id, inf), time.time()
        hushed = [span.why for span in self.spans[index] if span.holds(said.at, got)]
        if self.modes(index, said.at, got) == {Mode.OBSERVE}:
            hushed.append("observed")
        modes = self.modes(index, said.at, now)
        name = TOKEN.format(*said.token)
        if fate != "silent" and hushed:
            return f"{name} was {fate}, although the bot was to be silent: {hushed}"
        if fate == "answered" and modes == {Mode.DRAFT} and said.token not in self.approved:
            return f"{name} was answered without its owner's word"
        if fate == "drafted" and Mode.DRAFT not in modes:
            return f"{name} became a draft in mode {sorted(modes)}"
        if fate == "silent":
            allowed = {span.why for span in self.spans[index] if span.may_hold(said.at, now)}
            allowed |= {"observed"} if Mode.OBSERVE in modes else set()
            allowed |= {"draft_dropped"} if said.token in self.refused else set()
            if reason not in allowed:
                return f"{name} was not answered: {reason}, and only {sorted(allowed)} may be"
        return None

    @property
    def approved(self) -> set[Token]:
        """What the owner had answered, as it was drafted or in other words."""
        return {
            token
            for decision in self.decisions
            for text in (decision.text, *decision.asked)
            if decision.asked - {"drop"}
            for token in tokens_in(text)
        }

    @property
    def refused(self) -> set[Token]:
        return {token for decision in self.decisions if "drop" in decision.asked for token in tokens_in(decision.text)}

    # What came

    def from_account(self) -> Iterator[tuple[Conversation, str, Delivery]]:
        """What bots sent to their contacts, once each, with who got it."""
        for conversation in self.conversations:
            for person in conversation.people:
                for delivery in self.answers(conversation, person):
                    yield conversation, person, delivery
