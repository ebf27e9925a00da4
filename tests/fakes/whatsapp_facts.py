"""What is said to the fake WhatsApp network (`whatsapp_network.py`), and what it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Required, TypedDict

Kind = Literal[
    "text",
    "image",
    "video",
    "voice",
    "document",
    "sticker",
    "location",
    "contact",
    "reaction",
    "edit",
    "revoke",
    "poll",
]


TypingState = Literal["composing", "recording", "paused"]
Signal = Literal["SIGKILL", "SIGSTOP"]


class NetworkRefused(Exception):
    """What was asked for cannot be done as things stand; the text says why."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is on its way to the account, or waits for it at the server."""

    id: str
    at: float


@dataclass(frozen=True, slots=True)
class Call:
    """A call to the account `to`."""

    id: str
    to: str
    caller: str
    group: str | None
    lid: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the phone that got it decrypted it."""

    id: str
    sender: str
    """Phone number of the account; the phone's own in its chat with itself."""
    kind: str
    """The protobuf field that held the content, such as `conversation`; `edit` and `revoke` for changes."""
    by: Literal["bot", "owner"]
    at: float
    duplicate: bool
    """The same account sent the same id before."""
    text: str | None = None
    group: str | None = None
    target: str | None = None
    """Id of the message that this one quotes, reacts to, edits or revokes."""
    expiration: int | None = None
    """Seconds after which it disappears."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the network; the kinds and their facts are in the README."""

    kind: str
    at: float
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone as the server sees it; `queued` counts the messages that wait for its companion's receipt."""

    phone: str
    lid: str
    linked: bool
    online: bool
    logins: int
    pre_keys: int
    queued: int


class Envelope(TypedDict, total=False):
    """How something is said."""

    kind: Kind
    """Default: `text`."""
    lid: bool
    """The other side goes by LID, not by phone number; in a group, the group decides."""
    id: str
    """The message's id; the same one again is the same message, encrypted again."""
    age: int
    """Seconds in the past."""
    target: str
    """Id of the message that is quoted, reacted to, edited or revoked."""
    target_sender: str
    """Who wrote `target`; default: the other side, for an edit or revoke the sender."""
    mentions: Sequence[str]
    """Phones that the text mentions."""
    mentions_everybody: bool
    raw: Mapping[str, Any]
    """The whole message as protobuf's JSON (`WAProto.Message`), in place of text and kind.

    Bytes are in base64, or `{"$b64": ...}`.
    """
    garbled: bool | Literal["forever"]
    """Its first ciphertext cannot be read: the account asks for it anew; `forever`: none can."""
    stanza: Mapping[str, str | None]
    """Attributes that the stanza gets in place of its own; None: it has none of that name, such as `t`."""
    unavailable: str
    """In place of a content the stanza says that companions get none, such as `view_once`."""


class Options(Envelope, total=False):
    """How a contact says something."""

    group: str
    """A group's id, or `status@broadcast`; the sender may be the account itself there."""
    name: str
    """The name that the sender chose."""


class Line(Options, total=False):
    """One message of `say_all`."""

    to: Required[str]
    sender: Required[str]
    text: str
