"""Stored data about one person: WhatsApp's keys and names, in Baileys' format."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any

from imposter.contracts.chat import ProviderState

Change = tuple[str, str, bytes | None]

INDEX = "__index"
"""The entry of kind `tctoken` that lists the others."""


async def forget(state: ProviderState, ids: Sequence[str]) -> None:
    """Delete a person's data in one commit. `ids` are the person's, as in messages. Raises: StorageError.

    This reads every entry of the affected kinds, because people have several devices and are in several groups.
    """
    users = {_user(text) for text in ids}
    pairs = await state.read("lid-mapping")
    known = [{key.removesuffix("_reverse"), json.loads(value)} for key, value in pairs.items()]
    grown = True
    while grown:  # one pair may lead to another, such as that of an earlier number
        before = len(users)
        users = users.union(*(names for names in known if names & users))
        grown = len(users) > before

    def named(text: str) -> bool:
        return _user(text) in users

    changes: list[Change] = [("lid-mapping", key, None) for key in pairs if named(key)]
    for kind in ("session", "identity-key", "device-list", "tctoken"):
        changes += [(kind, key, None) for key in await state.read(kind) if named(key)]
    # another member's key for a group: `<group>::<address>::<device>`
    changes += [("sender-key", key, None) for key in await state.read("sender-key") if named(key.split("::")[-2])]
    for group, value in (await state.read("sender-key-memory")).items():
        changes += _rewritten("sender-key-memory", group, value, lambda given: _without(given, named))
    index = await state.read("tctoken", [INDEX])
    for key, value in index.items():
        changes += _rewritten("tctoken", key, value, lambda entry: _unlisted(entry, named))
    if changes:
        await state.write(changes)


def _user(text: str) -> str:
    """Return the person's part of an id, a Signal address or a key: `49151` of `49151:3@...` or `49151_1.3`."""
    user = text.removesuffix("_reverse")
    for end in "@:._":
        user = user.partition(end)[0]
    return user


def _rewritten(kind: str, key: str, value: bytes, change: Callable[[Any], Any]) -> list[Change]:
    before = json.loads(value)
    after = change(before)
    return [] if after == before else [(kind, key, json.dumps(after).encode())]


def _without(given: dict[str, Any], named: Callable[[str], bool]) -> dict[str, Any]:
    """Return the members who have our key for a group, by id, without this person."""
    return {jid: yes for jid, yes in given.items() if not named(jid)}


def _unlisted(entry: dict[str, Any], named: Callable[[str], bool]) -> dict[str, Any]:
    """Return a list of ids without this person's. It is JSON, in bytes as Baileys' BufferJSON writes them."""
    jids = [jid for jid in json.loads(b64decode(entry["token"]["data"])) if not named(jid)]
    return {**entry, "token": {"type": "Buffer", "data": b64encode(json.dumps(jids).encode()).decode()}}
