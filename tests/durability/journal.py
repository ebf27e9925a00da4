"""What was said, heard and asked, as written down outside the product, and what must be true of it.

Every message carries a token that names its conversation and its place in it. The fake model answers with the tokens
of all that it is to answer and a number that no other answer has: so every answer that a contact gets says which
messages it is for, and two answers to one message are never the same text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from llm_providers._quoted import SHOWN
from tests.fakes.model_server import Chat
from tests.fakes.whatsapp_network import Delivery, Event

_TOKEN = re.compile(r"\bc(\d+)n(\d+)e\b")

Token = tuple[int, int]
"""Index of the conversation, index of the message in it."""


def tokens_in(text: str) -> list[Token]:
    return [(int(conversation), int(number)) for conversation, number in _TOKEN.findall(text)]


def due_in(chat: Chat) -> list[Token]:
    """Of all that stands behind the last answer; what is quoted to show how the owner writes is not asked."""
    due: list[str] = []
    for turn in chat["messages"]:
        due = [] if turn["role"] == "assistant" else [*due, turn["content"]]
    lines = "\n".join(due).split("\n")
    return tokens_in("\n".join(line for line in lines if not line.startswith(SHOWN)))


@dataclass(frozen=True, slots=True)
class Account:
    user_id: str
    phone: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One contact, or one group, of one account."""

    index: int
    account: Account
    people: tuple[str, ...]
    """Who writes in it, and reads."""
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    token: Token
    id: str
    at: float


@dataclass(slots=True)
class Findings:
    """The invariants, counted; `problems` says in words what is wrong."""

    accepted: int = 0
    lost: int = 0
    answered_twice: int = 0
    out_of_order: int = 0
    strayed: int = 0
    """Words of one conversation in another's answer or prompt."""
    changed: int = 0
    """Sent again under the same id with another text."""
    sent_again: int = 0
    """Sent again under the same id with the same text, which a phone shows once."""
    read_late: int = 0
    """Messages that the account could not decrypt at first and asked for anew, as WhatsApp's clients do."""
    asked_again: int = 0
    """Answers that a contact's phone could not decrypt at first and asked for anew, as phones do by themselves."""
    problems: list[str] = field(default_factory=list)


class Journal:
    """`reply` is for the fake model, which may call it in another thread."""

    def __init__(self) -> None:
        self.conversations: list[Conversation] = []
        self.said: list[list[Said]] = []
        self.heard: dict[str, list[Delivery]] = {}
        """By the phone that got it."""
        self.asked: list[Chat] = []
        self.events: list[Event] = []
        """What the network saw."""
        self.out_of_turn: set[Token] = set()
        """Answered when somebody said so, not when their turn came."""
        self._answers = count(1)
        self._open: list[tuple[Said, str]] = []

    def open(self, account: Account, people: Sequence[str], group: str | None = None) -> Conversation:
        conversation = Conversation(len(self.conversations), account, tuple(people), group)
        self.conversations.append(conversation)
        self.said.append([])
        for person in people:
            self.heard.setdefault(person, [])
        return conversation

    def say(self, conversation: Conversation, message_id: str, at: float) -> str:
        """The text of the next message of this conversation."""
        told = self.said[conversation.index]
        token = (conversation.index, len(told))
        told.append(Said(token, message_id, at))
        self._open += [(told[-1], person) for person in conversation.people]
        return f"c{token[0]}n{token[1]}e please"

    def reply(self, chat: Chat) -> str:
        self.asked.append(chat)
        tokens = " ".join(f"c{conversation}n{number}e" for conversation, number in due_in(chat))
        return f"{tokens} answer {next(self._answers)}"

    def answers(self, conversation: Conversation, person: str) -> list[Delivery]:
        """What this person got of the account's bot in this conversation, as their phone shows it.

        That is in the order in which the server got it, for what cannot be decrypted at first keeps its place.
        """
        phone = conversation.account.phone
        seen = [event.facts["id"] for event in self.events if event.kind == "sent" and event.facts["phone"] == phone]
        place = {message_id: index for index, message_id in reversed(list(enumerate(seen)))}
        got = [each for each in self._got(conversation, person) if not each.duplicate and each.by == "bot"]
        return sorted(got, key=lambda delivery: place[delivery.id])

    def hear(self, person: str, news: Sequence[Delivery]) -> None:
        self.heard[person] += news
        answered = {token for delivery in news for token in tokens_in(delivery.text or "")}
        self._open = [(said, whom) for said, whom in self._open if whom != person or said.token not in answered]

    def excuse(self, token: Token) -> None:
        """It need not be answered."""
        self._open = [(said, whom) for said, whom in self._open if said.token != token]

    @property
    def unanswered(self) -> list[tuple[Said, str]]:
        """What was said, and to whom the answer is still to come."""
        return list(self._open)

    def check(self) -> Findings:
        findings = Findings(accepted=sum(map(len, self.said)))
        findings.asked_again = sum(event.kind == "undecryptable" for event in self.events)
        lost = {message.token for message, _ in self.unanswered}
        findings.lost = len(lost)
        findings.problems += [f"never answered: {_name(token)}" for token in sorted(lost)]
        late = self._readable_late()
        findings.read_late = len(late)
        late |= self.out_of_turn
        for conversation in self.conversations:
            for person in conversation.people:
                self._check_answers(conversation, person, late, findings)
        self._check_prompts(findings)
        return findings

    def history(self, conversation: Conversation) -> str:
        """For whoever has to find out what happened: what was said and heard, with what the network saw of it."""
        lines = [(said.at, f"said {_name(said.token)} as {said.id}") for said in self.said[conversation.index]]
        ids = {said.id for said in self.said[conversation.index]}
        ids |= {
            event.facts["id"]
            for event in self.events
            if event.kind == "undecryptable" and event.facts["to"] in conversation.people
        }
        for person in conversation.people:
            for got in self._got(conversation, person):
                ids.add(got.id)
                lines.append((got.at, f"{person} got {got.text!r} as {got.id}{' again' if got.duplicate else ''}"))
        for event in self.events:
            if event.facts.get("id") in ids or event.kind in ("login", "trap"):
                lines.append((event.at, f"    {event.kind} {event.facts}"))
        return "\n".join([str(conversation), *(f"{at:.3f} {what}" for at, what in sorted(lines))])

    def _got(self, conversation: Conversation, person: str) -> list[Delivery]:
        return [
            delivery
            for delivery in self.heard[person]
            if (delivery.sender, delivery.group) == (conversation.account.phone, conversation.group)
        ]

    def _readable_late(self) -> set[Token]:
        """What the account could not decrypt at first and asked for anew: it has no place among the others."""
        ids = {event.facts["id"] for event in self.events if event.kind == "retry"}
        return {message.token for said in self.said for message in said if message.id in ids}

    def _check_answers(self, conversation: Conversation, person: str, late: set[Token], findings: Findings) -> None:
        texts: dict[str, str | None] = {}
        for got in self._got(conversation, person):
            if got.id in texts and texts[got.id] != got.text:
                findings.changed += 1
                findings.problems.append(f"{got.id} was sent again as {got.text!r}, it had been {texts[got.id]!r}")
            elif got.id in texts:
                findings.sent_again += 1
            texts.setdefault(got.id, got.text)
        answered = [token for answer in self.answers(conversation, person) for token in tokens_in(answer.text or "")]
        for token in sorted(set(answered)):
            if (times := answered.count(token)) > 1:
                findings.answered_twice += 1
                findings.problems.append(f"answered {times} times: {_name(token)}")
            if token[0] != conversation.index:
                findings.strayed += 1
                findings.problems.append(f"{_name(token)} was answered in conversation {conversation.index}")
        answered = [token for token in answered if token not in late]
        if answered != sorted(answered):
            findings.out_of_order += 1
            findings.problems.append(f"out of order in conversation {conversation.index}: {answered}")

    def _check_prompts(self, findings: Findings) -> None:
        for chat in self.asked:
            system, *turns = (turn["content"] for turn in chat["messages"])
            named = {conversation for conversation, _ in tokens_in(" ".join(turns))}
            users = {self.conversations[index].account.user_id for index in named}
            if len(named) > 1 or any(user not in system for user in users):
                findings.strayed += 1
                findings.problems.append(f"one prompt for {system!r} holds the conversations {sorted(named)}")


def _name(token: Token) -> str:
    return f"message {token[1]} of conversation {token[0]}"
