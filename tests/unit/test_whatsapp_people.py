"""Forgetting one person, with entries as Baileys writes them."""

import json
from base64 import b64encode
from typing import Any

from chat_providers._whatsapp.address_book import forget
from tests.integration.whatsapp_desk import MemoryState

ANN, ANNS_LID = "4920000001", "900001"
BOB, BOBS_LID = "49200000011", "900002"
"""Begins as Ann's number does."""
GROUP = "120363000000000001@g.us"


def entry(value: object) -> bytes:
    return json.dumps(value).encode()


def index(*jids: str) -> bytes:
    return entry({"token": {"type": "Buffer", "data": b64encode(json.dumps(jids).encode()).decode()}})


def of(phone: str, lid: str) -> dict[tuple[str, str], bytes]:
    return {
        ("lid-mapping", phone): entry(lid),
        ("lid-mapping", f"{lid}_reverse"): entry(phone),
        ("session", f"{phone}.0"): b"1",
        ("session", f"{lid}_1.3"): b"1",
        ("session", f"{lid}_129.99"): b"1",
        ("identity-key", f"{lid}_1.0"): b"1",
        ("device-list", phone): b"1",
        ("tctoken", f"{lid}@lid"): b"1",
        ("sender-key", f"{GROUP}::{lid}_1::0"): b"1",
    }


def shared(*people: tuple[str, str]) -> dict[tuple[str, str], bytes]:
    given: dict[str, Any] = {f"{lid}:1@lid": True for _, lid in people}
    return {
        ("sender-key-memory", GROUP): entry(given),
        ("tctoken", "__index"): index(*(f"{lid}@lid" for _, lid in people)),
        ("creds", "creds"): b"1",
        ("pre-key", "1"): b"1",
    }


async def test_nothing_of_one_person_is_left_and_everything_of_the_others() -> None:
    for known_as in (f"{ANN}@s.whatsapp.net", f"{ANNS_LID}@lid"):
        state = MemoryState()
        state.entries = of(ANN, ANNS_LID) | of(BOB, BOBS_LID) | shared((ANN, ANNS_LID), (BOB, BOBS_LID))
        await forget(state, [known_as])
        assert state.entries == of(BOB, BOBS_LID) | shared((BOB, BOBS_LID))


async def test_an_earlier_number_of_theirs_goes_too() -> None:
    earlier = {("lid-mapping", "4910000001"): entry(ANNS_LID), ("session", "4910000001.0"): b"1"}
    state = MemoryState()
    state.entries = earlier | of(ANN, ANNS_LID) | of(BOB, BOBS_LID)
    await forget(state, [f"{ANN}@s.whatsapp.net"])
    assert state.entries == of(BOB, BOBS_LID)


async def test_who_is_not_known_is_forgotten_already() -> None:
    state = MemoryState()
    await forget(state, [f"{ANN}@s.whatsapp.net"])
    state.locked = {"write"}
    await forget(state, [f"{ANN}@s.whatsapp.net"])
    assert not state.entries
