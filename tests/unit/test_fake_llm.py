from imposter.contracts.messages import Source, Turn
from llm_providers.fakeLlm import FakeLlmProvider

HELLO = [Turn(Source.OWNER, "before"), Turn(Source.CONTACT, "hello")]


async def test_without_a_config_it_echoes_the_last_turn() -> None:
    assert await FakeLlmProvider("anna", {}).reply(HELLO) == "Echo: hello"


async def test_its_answers_come_in_turn_and_then_again_from_the_first() -> None:
    model = FakeLlmProvider("anna", {"response_array": ["one", "two"]})
    assert [await model.reply(HELLO) for _ in range(5)] == ["one", "two", "one", "two", "one"]


async def test_the_user_id_is_filled_in_and_other_braces_stay() -> None:
    model = FakeLlmProvider("anna", {"response_array": ["{user_id} says {hello}"]})
    assert await model.reply(HELLO) == "anna says {hello}"


async def test_every_bot_counts_for_itself() -> None:
    config = {"response_array": ["one", "two"]}
    first, second = FakeLlmProvider("anna", config), FakeLlmProvider("bob", config)
    assert [await first.reply(HELLO), await second.reply(HELLO), await first.reply(HELLO)] == ["one", "one", "two"]
