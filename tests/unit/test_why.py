"""One plain sentence for each thing that can become of a message, and its gates in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imposter.contracts.behaviour import ActiveHours, Behaviour
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import Answer, Contact, Guidance, Prompt
from imposter.domain.decisions import Decision
from imposter.domain.deliveries import DeliveryState, PartRow
from imposter.domain.messages import RETRIED, MessageState, StoredMessage
from imposter.domain.pauses import FOREVER, Pause
from imposter.domain.reasons import Gate
from imposter.phone_numbers import plain_id
from imposter.runtime.explain.answer_trace import Trace, TraceWait, WaitLog, WaitReason, fingerprint, traced
from imposter.runtime.explain.explanation import BotSnapshot, Explained, GateOutcome, explain
from imposter.runtime.policy.contact_policy import ContactPolicy

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""A Tuesday."""
RUNS = BotSnapshot(runs=True, contact_policy=ContactPolicy(Behaviour(), {}, plain_id))
SENT = PartRow("a", DeliveryState.SENT, None, None, NOON)


def decision(
    state: MessageState = MessageState.ANSWERED, reason: str | None = None, *, age: float = 60, **more: Any
) -> Decision:
    """Of a message that came `age` seconds before noon, which is when it is asked about."""
    came = NOON - timedelta(seconds=age)
    message = StoredMessage(
        seq=7,
        instance_id="bot-1",
        conversation="bob",
        message_id="in-7",
        source=Source.CONTACT,
        content="swordfish",
        sender_id="bob",
        sender_name="Bob",
        group_id=None,
        group_name=None,
        reply_to="bob",
        sent_at=came,
        received_at=came,
        state=state,
        reason=reason,
        truncated_from=None,
        answers=None,
        joined=None,
        delivery=None,
        delivery_reason=None,
    )
    return replace(Decision(message, (7,), None, (), NOON, frozenset({"bob"})), **more)


def told(found: Decision, now: BotSnapshot = RUNS) -> str:
    return explain(found, now).explanation


def outcomes(explained: Explained) -> dict[GateOutcome, list[Gate]]:
    found: dict[GateOutcome, list[Gate]] = {}
    for passage in explained.gates:
        found.setdefault(passage.outcome, []).append(passage.gate)
    return found


@pytest.mark.parametrize(
    ("together", "sentence"),
    [
        ((7,), "Answered."),
        ((7, 8), "Answered together with 1 later message."),
        ((7, 8, 9, 11), "Answered together with 3 later messages."),
        ((5, 6, 7), "Answered together with 2 earlier messages."),
        ((6, 7, 8, 9), "Answered together with 1 earlier and 2 later messages."),
    ],
)
def test_an_answer_says_with_what_it_was_given(together: tuple[int, ...], sentence: str) -> None:
    assert told(decision(together=together, parts=(SENT,))) == sentence


@pytest.mark.parametrize(
    ("deliveries", "sentence"),
    [
        (["sent", "sent"], "Answered."),
        (["sent", "pending"], "Answered: the answer is on its way."),
        (["sending"], "Answered: the answer is on its way."),
        (["failed:Refused", "failed:Refused"], "Answered, but the platform refused it."),
        (["sent", "failed:too_old"], "Answered, but not all of it was sent: it could not be sent in time."),
        (["withdrawn:takeover"], "Answered, but you wrote in this chat yourself."),
        (
            ["uncertain:DeliveryUncertain"],
            "Answered, but the platform did not confirm it.",
        ),
        ([], "Answered; the answer is no longer on record."),
    ],
)
def test_an_answer_says_how_far_it_got(deliveries: list[str], sentence: str) -> None:
    parts = []
    for place, each in enumerate(deliveries):
        state, _, reason = each.partition(":")
        parts.append(PartRow(str(place), DeliveryState(state), reason or None, None, None))
    assert told(decision(parts=tuple(parts))) == sentence


def test_an_answer_that_is_being_typed_says_until_when() -> None:
    part = PartRow("a", DeliveryState.PENDING, None, NOON + timedelta(seconds=7), None)
    assert told(decision(parts=(part,))) == "Answered: the answer is being typed, until 12:00:07 UTC."


def test_an_answer_of_a_bot_that_was_stopped_waits_for_it() -> None:
    part = PartRow("a", DeliveryState.PENDING, None, NOON - timedelta(seconds=7), None)
    stopped = replace(RUNS, runs=False)
    assert told(decision(parts=(part,)), stopped) == "Answered: the answer goes out when the bot runs again."


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (
            MessageState.IGNORED,
            "not_allowed",
            "Not answered: its sender is not on the whitelist (respond_to_whitelist).",
        ),
        (MessageState.IGNORED, "reaction", "Not answered: it is a reaction to a message."),
        (MessageState.IGNORED, "event:call", "Not answered: it is a call or an event of the chat (event:call)."),
        (
            MessageState.IGNORED,
            "a word of its own",
            "Not answered: this kind of message needs no answer (a word of its own).",
        ),
        (MessageState.CONTEXT, "outside_hours", "Not answered: it came outside of your active hours."),
        (MessageState.CONTEXT, "model_silent", "Not answered: the model chose to say nothing."),
        (
            MessageState.EVICTED,
            "max_messages",
            "Not answered: too many messages waited for an answer (queue_config.max_messages).",
        ),
        (MessageState.FAILED, "KeyError", "Not answered: the model's provider failed (KeyError)."),
        (MessageState.CONTEXT, "owner", "You wrote this yourself: it is part of the conversation."),
    ],
)
def test_what_is_not_answered_says_why(state: MessageState, reason: str, sentence: str) -> None:
    assert told(decision(state, reason)) == sentence


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=99), "99 seconds"),
        (timedelta(minutes=12, seconds=59), "12 minutes"),
        (timedelta(minutes=100), "1 hour"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=6), "6 days"),
    ],
)
def test_a_takeover_says_how_long_before_or_after(span: timedelta, said: str) -> None:
    given_up = decision(MessageState.CONTEXT, "takeover", trace="{}")
    before = replace(given_up, owner_before=given_up.message.sent_at - span)
    assert told(before) == f"Not answered: you took over this chat {said} before."
    ended = replace(before, trace=None, owner_after=given_up.message.received_at + span)
    assert told(ended) == f"Not answered: you took over this chat {said} later."
    assert told(given_up) == "Not answered: you took over this chat."


def hours(start: str, end: str) -> BotSnapshot:
    given = ActiveHours.model_validate({"time_zone": "Europe/Berlin", "start": start, "end": end})
    return replace(RUNS, contact_policy=ContactPolicy(Behaviour(active_hours=given), {}, plain_id))


def test_what_waits_says_for_what() -> None:
    waits = decision(MessageState.WAITING, age=3600)
    assert told(waits, hours("15:00", "18:00")) == "Waiting: your active hours begin at 15:00."
    assert told(waits, hours("08:00", "11:00")) == "Waiting: your active hours begin on Wednesday at 08:00."
    assert told(waits, replace(RUNS, runs=False)) == "Waiting: the bot does not run; start it."
    assert told(waits) == "Waiting: its answer is being made."
    assert told(replace(waits, message=replace(waits.message, reason=RETRIED))).endswith("once more, as you asked.")
    assert "held back for the account's safety" in told(waits, replace(RUNS, slowed=True))
    assert told(waits, replace(RUNS, contact_policy=None)) == "Waiting: its answer is being made."
    assert told(decision(MessageState.WAITING, age=1)) == "Waiting: its sender may still be typing."


def test_what_waits_for_the_end_of_a_pause_says_until_when() -> None:
    waits = decision(MessageState.WAITING, age=3600)
    until = NOON + timedelta(hours=1)
    elsewhere, account = Pause("ann", "loop", FOREVER), Pause("", "refused", until)
    assert told(waits, replace(RUNS, pauses=(elsewhere,))) == "Waiting: its answer is being made."
    explained = explain(waits, replace(RUNS, pauses=(elsewhere, account)))
    assert explained.explanation.startswith("Waiting: the platform refused answers again and again")
    assert explained.explanation.endswith("until 2026-03-03 13:00 UTC.")
    assert [gate.until for gate in explained.gates if gate.gate is Gate.PAUSE] == [until]


def test_every_gate_is_told_of_in_order_and_none_after_the_one_that_stopped_it() -> None:
    explained = explain(decision(MessageState.CONTEXT, "not_addressed"), RUNS)
    assert [passage.gate for passage in explained.gates] == list(Gate)
    assert outcomes(explained)[GateOutcome.STOPPED] == [Gate.GROUP_TRIGGER]
    assert outcomes(explained)[GateOutcome.PASSED] == list(Gate)[: list(Gate).index(Gate.GROUP_TRIGGER)]
    assert Gate.DELIVERY in outcomes(explained)[GateOutcome.NOT_REACHED]


def test_a_gate_where_it_waited_says_until_when() -> None:
    until = NOON - timedelta(minutes=1)
    waits = [
        TraceWait(what=WaitReason.HOURS, since=until, until=until),
        TraceWait(what=WaitReason.TYPING, since=until, until=until),
        TraceWait(what=WaitReason.CAPS, since=until, until=until, why="10 answers a minute"),
    ]
    explained = explain(decision(parts=(SENT,), trace=Trace(waits=waits).stored), RUNS)
    assert outcomes(explained)[GateOutcome.WAITED] == [Gate.HOURS, Gate.BURST, Gate.CAPS]
    assert outcomes(explained).keys() == {GateOutcome.PASSED, GateOutcome.WAITED}
    assert {gate.until for gate in explained.gates if gate.outcome is GateOutcome.WAITED} == {until}
    assert "10 answers a minute" in [gate.explanation for gate in explained.gates]


@pytest.mark.parametrize("stored", ["", "{", "[]", '{"attempts": "many"}', '{"waits": [{"what": "luck"}]}'])
def test_a_trace_of_another_version_costs_nobody_the_rest(stored: str) -> None:
    explained = explain(decision(parts=(SENT,), trace=stored), RUNS)
    assert (explained.explanation, explained.trace) == ("Answered.", None)


TURNS = [Turn(Source.CONTACT, "swordfish ö", author="Bob"), Turn(Source.OWNER, "noted")]


def test_a_trace_holds_no_words_and_no_names_and_reads_as_it_was_written() -> None:
    answer = Answer("secret text", "gpt-4", 20, 5, 0)
    stored = traced(Prompt(TURNS), answer, attempts=2, taken=NOON, asked=NOON, ended=NOON, waits=[]).stored
    for word in ("swordfish", "Bob", "noted", "secret text"):
        assert word not in stored
    trace = Trace.read(stored)
    assert trace is not None
    assert (trace.model, trace.prompt_tokens, trace.completion_tokens, trace.cached_tokens) == ("gpt-4", 20, 5, 0)
    assert (trace.attempts, trace.turns, trace.ended) == (2, 2, NOON)


def test_the_fingerprint_is_of_all_that_was_shown_and_can_be_made_elsewhere() -> None:
    assert fingerprint(Prompt([])) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945", "sha256 of []"
    changed = [
        replace(TURNS[0], content="swordfish"),
        replace(TURNS[0], author=""),
        replace(TURNS[0], in_group=True),
        replace(TURNS[0], source=Source.BOT),
    ]
    told = Contact("Mum", "Anna", is_group=False, instructions="call her mum")
    prompts = [
        *(Prompt(turns) for turns in (TURNS, TURNS[:1], [*TURNS[::-1]], *([turn, TURNS[1]] for turn in changed))),
        Prompt([replace(TURNS[0], unseen="picture"), TURNS[1]]),
        Prompt(TURNS, contact=replace(told, name="")),
        Prompt(TURNS, contact=replace(told, own_name="")),
        Prompt(TURNS, contact=replace(told, instructions="")),
        Prompt(TURNS, contact=told),
        Prompt(TURNS, summary="They met."),
        Prompt(TURNS, Guidance("Be brief.")),
    ]
    assert len({fingerprint(prompt) for prompt in prompts}) == len(prompts)


def test_waits_are_kept_apart_from_the_first_moment_on_and_end_with_the_answer() -> None:
    moment = NOON
    waits = WaitLog(lambda: moment)
    waits.note("bob", WaitReason.CAPS, 10, "one")
    waits.note("ann", WaitReason.BURST, NOON)
    moment += timedelta(seconds=10)
    waits.note("bob", WaitReason.CAPS, 20, "two")
    ends = moment + timedelta(seconds=20)
    assert waits.pop("bob") == [TraceWait(what=WaitReason.CAPS, since=NOON, until=ends, why="two")]
    assert waits.pop("bob") == []
    assert [wait.what for wait in waits.pop("ann")] == [WaitReason.BURST]
