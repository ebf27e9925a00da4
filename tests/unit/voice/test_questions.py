"""What the owner was asked and answered, with what was said before and nothing else."""

from datetime import UTC, datetime, timedelta

from imposter.contracts.config import Limits
from imposter.contracts.messages import Source
from imposter.voice.exchanges import Exchange
from imposter.voice.holdout import untold
from imposter.voice.questions import ChatMessage, Question, questions, spread

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOMY = Limits(max_messages=100, max_characters=10_000, max_days=30)
WHO = {"c": Source.CONTACT, "o": Source.OWNER, "b": Source.BOT}


def talk(*said: str, every: timedelta = timedelta(minutes=1)) -> list[ChatMessage]:
    """Each is `c`, `o` or `b`, a colon and the words."""
    found = []
    for number, each in enumerate(said):
        who, _, text = each.partition(":")
        found.append(ChatMessage(WHO[who], text, NOON + number * every, NOON + number * every))
    return found


def asked(*said: str, context: Limits = ROOMY) -> list[tuple[list[str], str, str]]:
    found = questions("anna", talk(*said), context)
    return [([turn.content for turn in each.turns], each.asked, each.answer) for each in found]


def test_a_question_has_what_was_said_before_and_nothing_of_its_answer() -> None:
    assert asked("c:hi", "o:hey", "c:are you there", "c:hello?", "o:yes", "o:what is it", "c:nothing") == [
        (["hi"], "hi", "hey"),
        (["hi", "hey", "are you there", "hello?"], "are you there\nhello?", "yes\nwhat is it"),
    ]


def test_what_the_bot_answered_is_no_question_but_was_said() -> None:
    assert asked("c:one", "b:bot", "o:me too", "c:two", "o:mine") == [(["one", "bot", "me too", "two"], "two", "mine")]


def test_what_no_model_is_shown_parts_a_question_from_its_answer() -> None:
    assert asked("c:one", "c:", "o:nice picture", "c:two", "o:mine") == [
        (["one", "nice picture", "two"], "two", "mine"),
    ]


def test_who_begins_answers_nobody() -> None:
    assert asked("o:hi", "o:you there?") == []
    day = timedelta(hours=13)
    assert list(questions("anna", talk("c:hi", "o:hello again", every=day), ROOMY)) == []


def test_the_bounds_of_the_context_hold() -> None:
    said = ("c:1111", "o:2222", "c:3333", "o:4444")
    assert asked(*said, context=Limits(max_messages=2, max_characters=100))[-1][0] == ["2222", "3333"]
    assert asked(*said, context=Limits(max_messages=9, max_characters=8))[-1][0] == ["2222", "3333"]
    assert asked(*said, context=Limits(max_messages=9, max_characters=7))[-1][0] == ["3333"]


def question(contact: str, day: int, answer: str = "ok") -> Question:
    at = NOON + timedelta(days=day)
    return Question(contact, (), "q", (answer,), at, at, imported=False)


def test_they_are_spread_over_contacts_and_the_newest_come_first() -> None:
    anna = [question("anna", day) for day in range(10)]
    ben = [question("ben", 20)]
    assert [(each.contact, each.at.day) for each in spread([anna, ben, []], 3)] == [
        ("ben", 21),
        ("anna", 10),
        ("anna", 9),
    ]
    assert spread([], 3) == []


def test_what_is_known_of_the_voice_tells_nothing_of_the_answer() -> None:
    this, other = question("anna", 10, "The Answer"), question("anna", 3, "held out")
    past = [
        Exchange("q", ("Held  OUT",), NOON + timedelta(days=3)),
        Exchange("else", ("the answer", "and more"), NOON),
        Exchange("later", ("later",), NOON + timedelta(days=10)),
        Exchange("q", ("free to be seen",), NOON),
    ]
    assert [each.answer for each in untold(this, past, [this, other])] == ["free to be seen"]
