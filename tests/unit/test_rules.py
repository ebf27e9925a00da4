from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imposter.contracts.config import BotConfig
from imposter.contracts.messages import Group, Message, Sender, Source
from imposter.domain.messages import MessageState, Verdict
from imposter.domain.reasons import Reason
from imposter.phone_numbers import plain_id
from imposter.runtime.policy.eligibility import BEFORE_LINKING, EligibilityPolicy

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WAITING = Verdict(MessageState.WAITING)


def rules(whitelist: list[str] | None = None, **chat: Any) -> EligibilityPolicy:
    config: dict[str, Any] = {
        "user_id": "anna",
        "chat_provider_config": {"provider_name": "dummy", "provider_config": chat},
        "llm_provider_config": {"provider_name": "fakeLlm"},
    }
    if whitelist is not None:
        config["respond_to_whitelist"] = whitelist
    return EligibilityPolicy.of(BotConfig.model_validate(config), plain_id)


def message(**changes: Any) -> Message:
    fields: dict[str, Any] = {
        "message_id": "m1",
        "content": "hello",
        "sender": Sender("4915112345678", "Bob"),
        "source": Source.CONTACT,
        "sent_at": NOW,
        "reply_to": "4915112345678",
        "chat": ("4915112345678",),
    }
    return Message(**{**fields, **changes})


def judge(rules: EligibilityPolicy, said: Message, *more: str) -> Verdict:
    return rules.judge(said, frozenset((*said.sender.identifiers, *said.chat, *more)), NOW)


def test_without_a_list_everyone_is_answered_and_with_an_empty_one_nobody() -> None:
    assert judge(rules(), message()) == WAITING
    assert judge(rules([]), message()) == Verdict(MessageState.IGNORED, Reason.NOT_ALLOWED)


@pytest.mark.parametrize("entry", ["4915112345678", "+49 151 1234-5678", "0049 151 12345678", " 4915112345678 "])
def test_a_number_is_allowed_however_it_is_written(entry: str) -> None:
    assert judge(rules([entry]), message()) == WAITING


@pytest.mark.parametrize(
    "entry", ["491511234567", "49151123456789", "15112345678", "Bob", "bob", "*", ".*", "491511234567?"]
)
def test_part_of_a_number_or_a_name_allows_nobody(entry: str) -> None:
    assert judge(rules([entry]), message()).reason == "not_allowed"


def test_a_name_chosen_by_the_other_side_never_counts() -> None:
    impostor = message(sender=Sender("666777888999", "4915112345678"), chat=("666777888999",))
    assert judge(rules(["4915112345678"]), impostor).reason == "not_allowed"


def test_every_id_of_a_person_is_that_person() -> None:
    by_lid = message(sender=Sender("77123@lid"), chat=("77123@lid",))
    assert judge(rules(["4915112345678"]), by_lid).reason == "not_allowed"
    assert judge(rules(["4915112345678"]), by_lid, "4915112345678") == WAITING


def test_groups_are_silent_until_they_are_switched_on() -> None:
    said = message(group=Group("g1"), chat=("g1",))
    assert judge(rules(), said).reason == "groups_off"
    assert judge(rules(allow_group_messages=True), replace(said, addressed=True)) == WAITING


@pytest.mark.parametrize("value", ["true", 1, "yes", None])
def test_only_a_plain_true_switches_groups_on(value: object) -> None:
    assert judge(rules(allow_group_messages=value), message(group=Group("g1"), chat=("g1",))).reason == "groups_off"


def test_in_a_group_the_sender_or_the_group_must_be_allowed() -> None:
    said = message(group=Group("g1"), chat=("g1",))
    assert judge(rules(["g1"], allow_group_messages=True), said) == WAITING
    assert judge(rules(["4915112345678"], allow_group_messages=True), said) == WAITING
    assert judge(rules(["g2"], allow_group_messages=True), said).reason == "not_allowed"


def test_the_owners_own_words_are_part_of_the_conversation() -> None:
    assert judge(rules([]), message(source=Source.OWNER)) == Verdict(
        MessageState.CONTEXT, Reason.OWNER, silence=timedelta(minutes=30)
    )


def test_our_own_echo_is_never_answered() -> None:
    assert judge(rules(), message(source=Source.BOT)).state is MessageState.IGNORED


def test_what_wants_no_answer_keeps_its_reason() -> None:
    assert judge(rules(), message(answerable=False, note="reaction")) == Verdict(MessageState.IGNORED, Reason.REACTION)
    assert judge(rules(), message(content=" \n")) == Verdict(MessageState.IGNORED, Reason.EMPTY)


def test_of_what_was_sent_while_we_were_away_only_the_fresh_is_answered() -> None:
    fresh = message(offline=True, sent_at=NOW - timedelta(minutes=15))
    old = message(offline=True, sent_at=NOW - timedelta(minutes=15, seconds=1))
    assert judge(rules(), fresh) == WAITING
    assert judge(rules(), old) == Verdict(MessageState.CONTEXT, Reason.TOO_OLD)
    assert judge(rules(process_offline_messages=True), old) == WAITING


def test_an_old_date_alone_makes_nothing_old() -> None:
    assert judge(rules(), message(sent_at=NOW - timedelta(days=1))) == WAITING


def test_what_was_sent_before_linking_is_read_and_never_answered() -> None:
    said = message(answerable=False, note=BEFORE_LINKING)
    assert judge(rules(process_offline_messages=True), said) == Verdict(MessageState.CONTEXT, BEFORE_LINKING)
    assert judge(rules([]), said).state is MessageState.IGNORED
