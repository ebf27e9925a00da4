"""The judge sees each way to break the promise in what was written down."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.chaos.judge import problems
from tests.chaos.ledger import Change, Decision, Ledger, Line, Mode, Span
from tests.durability.journal import Account, Conversation
from tests.fakes.whatsapp_network import Delivery, Event

ME, ANN = "4915100000001", "4915100000002"


class Scene:
    """One contact of one bot; each thing that happens comes a minute after the one before."""

    def __init__(self, mode: Mode = Mode.PROMPT) -> None:
        self.ledger = Ledger()
        self.chat: Conversation = self.ledger.open_in(Account("anna", ME), [ANN], mode)
        self._at = count(1000.0, 60.0)
        self._ids = count(1)

    def now(self) -> float:
        return next(self._at)

    def says(self) -> str:
        """A message, which is durable."""
        message_id = f"M{next(self._ids)}"
        text = self.ledger.say(self.chat, message_id, self.now())
        self.ledger.receipted[message_id] = self.now()
        return text

    def answer(self, text: str) -> str:
        """The model's, to this text alone."""
        turns = [{"role": "system", "content": "You are anna."}, {"role": "user", "content": text}]
        return self.ledger.reply({"messages": turns})

    def gets(self, text: str, message_id: str = "") -> None:
        """The contact, from the bot."""
        message_id, at = message_id or f"A{next(self._ids)}", self.now()
        facts = {"phone": ME, "id": message_id, "to": ANN}
        self.ledger.events += [Event("sending", at, facts), Event("sent", at, facts)]
        self.ledger.read_events()
        known = any(got.id == message_id for got in self.ledger.heard[ANN])
        self.ledger.hear(ANN, [Delivery(message_id, ME, "conversation", "bot", at, known, text)])


def lost(scene: Scene) -> None:
    scene.says()


def twice(scene: Scene) -> None:
    text = scene.answer(scene.says())
    scene.gets(text)
    scene.gets(text)


def two_texts_under_one_id(scene: Scene) -> None:
    said = scene.says()
    scene.gets(scene.answer(said), "A")
    scene.gets(scene.answer(said), "A")


def out_of_order(scene: Scene) -> None:
    for text in reversed([scene.answer(scene.says()) for _ in range(2)]):
        scene.gets(text)


def words_of_nobody(scene: Scene) -> None:
    scene.gets(f"{scene.answer(scene.says())} and more")


def half_of_an_answer(scene: Scene) -> None:
    for _ in range(3):
        text = scene.answer(scene.says())
        scene.gets(text.partition("\n\n")[0])


def in_a_pause(scene: Scene) -> None:
    text = scene.answer(scene.says())
    scene.ledger.spans[0].append(Span("paused", scene.now(), scene.now()))
    scene.gets(text)


def while_it_observes(scene: Scene) -> None:
    text = scene.answer(scene.says())
    scene.ledger.changes[0].append(Change(Mode.OBSERVE, scene.now(), scene.now()))
    scene.gets(text)


def while_it_is_deleted(scene: Scene) -> None:
    text = scene.answer(scene.says())
    scene.ledger.halts[0].append(Span("deleted", scene.now(), scene.now(), 0.0))
    scene.gets(text)


def to_who_is_forgotten(scene: Scene) -> None:
    text = scene.answer(scene.says())
    scene.ledger.lines[0].append(Line(scene.now(), scene.now()))
    scene.gets(text)


def of_who_is_forgotten(scene: Scene) -> None:
    said = scene.says()
    scene.gets(scene.answer(said))
    scene.ledger.lines[0].append(Line(scene.now(), scene.now()))
    scene.answer(said)


def a_draft_that_was_dropped(scene: Scene) -> None:
    text = scene.answer(scene.says())
    scene.ledger.decisions.append(Decision(0, text, {"drop"}, "dropped"))
    scene.gets(text)


def a_draft_that_was_not_sent(scene: Scene) -> None:
    text = scene.answer(scene.says())
    scene.ledger.decisions.append(Decision(0, text, {"send"}, "sent"))
    scene.ledger.excuse((0, 0))


WRONG = {
    lost: "never answered",
    twice: "answered 2 times",
    two_texts_under_one_id: "was sent again as",
    out_of_order: "out of order",
    words_of_nobody: "nobody said",
    half_of_an_answer: "got the parts [0]",
    in_a_pause: "after a silence began: paused",
    while_it_observes: "was to observe",
    while_it_is_deleted: "while its bot was deleted",
    to_who_is_forgotten: "was forgotten",
    of_who_is_forgotten: "in a prompt",
    a_draft_that_was_dropped: "ended dropped",
    a_draft_that_was_not_sent: "ended sent",
}


@pytest.mark.parametrize(("happens", "told"), WRONG.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_it_tells_what_is_wrong(happens: Callable[[Scene], None], told: str) -> None:
    scene = Scene()
    happens(scene)
    assert any(told in problem for problem in problems(scene.ledger)), problems(scene.ledger)


def test_nothing_is_wrong_with_what_is_as_it_should_be() -> None:
    scene = Scene()
    for _ in range(4):
        scene.gets(scene.answer(scene.says()))
    scene.gets(scene.ledger.heard[ANN][-1].text or "", scene.ledger.heard[ANN][-1].id)
    drafted = scene.answer(scene.says())
    scene.ledger.decisions.append(Decision(0, drafted, {"send"}, "sent"))
    scene.gets(drafted)
    assert problems(scene.ledger) == []


@pytest.mark.parametrize(
    ("fate", "reason", "told"),
    [
        ("answered", None, "although the bot was to be silent: ['takeover']"),
        ("drafted", None, "although the bot was to be silent: ['takeover']"),
        ("silent", "too_old", "was not answered: too_old"),
        ("silent", "takeover", None),
    ],
)
def test_what_was_said_in_a_silence_may_only_be_left(fate: str, reason: str | None, told: str | None) -> None:
    scene = Scene()
    scene.ledger.spans[0].append(Span("takeover", scene.now(), scene.now()))
    scene.says()
    fault = scene.ledger.fault(scene.ledger.said[0][0], fate, reason)
    assert fault is None if told is None else told in (fault or "")


def test_what_may_be_answered_or_drafted_is_neither_left_nor_sent_unasked() -> None:
    drafting = Scene(Mode.DRAFT)
    drafting.says()
    [said] = drafting.ledger.said[0]
    assert "without its owner's word" in (drafting.ledger.fault(said, "answered", None) or "")
    assert "was not answered" in (drafting.ledger.fault(said, "silent", "draft_dropped") or "")
    assert drafting.ledger.fault(said, "drafted", None) is None
