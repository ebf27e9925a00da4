"""What a model is told about whom it answers: in their own chat, and in no other."""

import json
from pathlib import Path
from typing import Any

from imposter.contracts.config import ProviderChoice, inheriting
from imposter.contracts.messages import Group, Sender
from imposter.contracts.model import Contact
from tests.house import HASTE
from tests.integration.api_house import config
from tests.integration.knowing_model import answered, drafted, knowing, model, open_knowing, say

CANARY = "canary: she owes the bakery some money, and nobody may know"
MUM: dict[str, Any] = {"id": "mum", "name": "Mum", "instructions": f"call her mum; never about money. {CANARY}"}
GROUPS: dict[str, Any] = {
    "chat_provider_config": {"provider_name": "platform", "provider_config": {"allow_group_messages": True}}
}
ALWAYS: dict[str, Any] = {"debounce_seconds": 0, "pace": "off", "group_trigger": "always"}
TEAM = Group("team", "The Team")


async def test_the_owners_name_and_notes_are_told_in_that_chat_alone(tmp_path: Path) -> None:
    async with open_knowing(tmp_path, contacts=[MUM, {"id": "ben", "name": "Ben"}]) as (api, _):
        told = await say(api, "mum", "hello")
        assert told.contact == Contact("Mum", "", is_group=False, instructions=MUM["instructions"])
        await api.house.platforms["anna"].queue.add_message("hi", Sender("ben", "Benny \U0001f600"))
        await answered(api, "ben", 1)
        assert model().asked[-1].contact == Contact("Ben", "Benny \U0001f600")
        await say(api, "stranger", "and me?")
        for prompt in model().asked[1:]:
            assert CANARY not in repr([prompt.turns, prompt.guidance, prompt.summary])
            assert prompt.contact is not None
            assert CANARY not in prompt.contact.instructions


async def test_notes_on_a_person_are_not_told_in_a_group(tmp_path: Path) -> None:
    config = {**GROUPS, "behaviour_config": ALWAYS, "contacts": [MUM, {"id": "team", "instructions": "be formal"}]}
    async with open_knowing(tmp_path, **config) as (api, _):
        told = await say(api, "mum", "hello all", group=TEAM)
        assert told.contact == Contact("", "The Team", is_group=True, instructions="be formal")
        assert told.turns[-1].in_group


async def test_an_answer_that_gives_the_notes_away_waits_for_the_owner(tmp_path: Path) -> None:
    config: dict[str, Any] = {"contacts": [MUM], "llm_provider_config": knowing("first", says=f"well: {CANARY}")}
    async with open_knowing(tmp_path, **config) as (api, bot):
        await say(api, "mum", "what do you know of me?")
        await say(api, "ben", "and of her?")
        # It is nothing that Ben's model was told: that is for tests of models, not of notes.
        await answered(api, "ben", 1)
        [draft] = await drafted(api, bot, 1)
        assert (draft["why"], draft["conversation"]) == ("leak", "mum")
        assert api.house.platforms["anna"].texts("mum") == []


async def test_what_the_owner_told_of_a_contact_is_settled(tmp_path: Path) -> None:
    plain: dict[str, Any] = {"llm_provider_config": knowing("first", says="that is 750 euros")}
    contacts = [{"id": "tenant", "instructions": "the rent is 750 euros a month"}]
    guarded = {"debounce_seconds": 0, "pace": "off"}
    async with open_knowing(tmp_path, contacts=contacts, behaviour_config=guarded, **plain) as (api, bot):
        await say(api, "tenant", "how much is the rent again?")
        assert await answered(api, "tenant", 1) == ["that is 750 euros"]
        await say(api, "somebody", "how much is the rent again?")
        [draft] = await drafted(api, bot, 1)
        assert draft["conversation"] == "somebody"
        assert api.house.platforms["anna"].texts("somebody") == []


async def test_a_contact_may_have_another_model(tmp_path: Path) -> None:
    contacts = [{"id": "mum", "llm_provider_config": knowing("careful")}]
    async with open_knowing(tmp_path, contacts=contacts) as (api, bot):
        await say(api, "mum", "hello", "careful")
        await say(api, "ben", "hello")
        assert await answered(api, "mum", 1) == ["careful: hello"]
        assert await answered(api, "ben", 1) == ["first: hello"]
        assert [len(model(name).asked) for name in ("first", "careful")] == [1, 1]
        # A new choice holds from the next message on, without a new link.
        contacts[0]["llm_provider_config"] = knowing("other")
        await api.create(chat="platform", model="knowing", contacts=contacts, limits_config=HASTE)
        await say(api, "mum", "and now?", "other")
        assert (await answered(api, "mum", 2))[-1] == "other: and now?"
        assert bot


async def test_what_is_wrong_with_a_contacts_model_is_named_by_its_place(tmp_path: Path) -> None:
    async with open_knowing(tmp_path) as (api, _):
        config = {
            "user_id": "ben",
            "chat_provider_config": {"provider_name": "platform", "provider_config": {}},
            "llm_provider_config": {**knowing("first"), "fallbacks": [{"provider_name": "nobodys"}]},
            "contacts": [{"id": "mum", "llm_provider_config": {"provider_name": "nothing"}}],
        }
        answer = await api.client.put("/chatbot", json=[config])
        assert answer.status_code == 422
        said = json.dumps(answer.json())
        assert "contacts.0.llm_provider_config.provider_name" in said
        assert "llm_provider_config.fallbacks.0.provider_name" in said


async def test_keys_of_contacts_models_are_masked(tmp_path: Path) -> None:
    first = {**knowing("first"), "fallbacks": [knowing("second", api_key="sk-second")]}
    contacts = [{"id": "mum", "llm_provider_config": knowing("careful", api_key="sk-careful")}]
    async with open_knowing(tmp_path, llm_provider_config=first, contacts=contacts) as (api, bot):
        shown = (await api.client.get(f"/chatbot/{bot}")).text
        assert "careful" in shown
        for key in ("sk-second", "sk-careful"):
            assert key not in shown


async def test_a_bound_on_money_asks_for_the_price_of_each_model_when_it_is_set(tmp_path: Path) -> None:
    contacts = [{"id": "mum", "llm_provider_config": knowing("second", model="our-own-7b")}]
    async with open_knowing(tmp_path, contacts=contacts) as (api, _):
        for budget, status in (
            ({"daily": 1}, 422),
            ({"daily": 1, "prices": {"our-own": {"input": 0, "output": 0}}}, 200),
            ({"tokens_per_day": 1000}, 200),
        ):
            item = config(
                chat="platform", model="knowing", contacts=contacts, limits_config=HASTE, budget_config=budget
            )
            answer = await api.put(item)
            assert answer.status_code == status, answer.text
            if status == 422:
                assert "budget_config.prices" in answer.text
                assert "our-own-7b" in answer.text


def test_other_models_are_the_same_person_and_are_asked_at_the_same_place_unless_they_name_another() -> None:
    main: dict[str, Any] = {
        "model": "gpt-4",
        "system": "You are Anna.",
        "api_key": "k",
        "base_url": "https://one.example/v1",
    }

    def whole(**other: Any) -> dict[str, Any]:
        choice = inheriting(
            ProviderChoice(provider_name="openAi", provider_config=other),
            ProviderChoice(provider_name="openAi", provider_config=main),
        )
        return choice.provider_config

    assert whole(model="small") == {**main, "model": "small"}
    assert whole(model="small", system="Be Otto.") == {**main, "model": "small", "system": "Be Otto."}
    # No key goes to another address.
    for elsewhere in ({"base_url": "https://two.example/v1"}, {"preset": "groq"}, {"api_key": "mine"}):
        assert whole(model="small", **elsewhere) == {"model": "small", "system": "You are Anna.", **elsewhere}
    another = ProviderChoice(provider_name="drop_in", provider_config={})
    assert inheriting(another, ProviderChoice(provider_name="openAi", provider_config=main)) == another
