"""Messages from the sidecar, validated on receipt. The shapes match whatsapp_baileys_server/src/protocol.ts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from imposter.contracts.messages import MessageKind

LONGEST_TEXT = 65_536
"""As in common/limits.ts, which counts a character outside of the basic plane as two."""

LATEST = 4_102_444_800
"""Seconds, as in content/formatting.ts."""

Id = Annotated[str, Field(min_length=1, max_length=256)]
Name = Annotated[str, Field(max_length=256)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Kind = Annotated[MessageKind, Field(strict=False)]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class Qr(Shape):
    type: Literal["qr"]
    text: str
    lifetime_seconds: float


class Passkey(Shape):
    type: Literal["passkey"]


class Opened(Shape):
    type: Literal["open"]
    account: str


class Closed(Shape):
    type: Literal["closed"]
    code: int


class Time(Shape):
    type: Literal["time"]
    seconds: int = Field(gt=0, lt=LATEST)


class Silence(Shape):
    type: Literal["silence"]
    over: bool


class Delivered(Shape):
    type: Literal["delivered"]
    message_ids: list[str]
    chat: list[str]


class ReadingBegins(Shape):
    type: Literal["reading"]
    stanza: str | None


class Typing(Shape):
    type: Literal["typing"]
    chats: list[str]
    on: bool


class Fault(Shape):
    type: Literal["fault"]
    name: str
    trace: list[str]


class Read(Shape):
    type: Literal["read"]
    kind: str
    keys: list[str]


class Write(Shape):
    type: Literal["write"]
    entries: list[tuple[str, str, str | None]]


class SentBefore(Shape):
    type: Literal["sent_message"]
    message_id: str
    chat: list[str]


class MessageSecret(Shape):
    type: Literal["message_secret"]
    message_id: str
    chat: list[str]
    author: list[str]


class PersonNames(Shape):
    """Names of a person. null means not reported, empty means that there is none."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=16)]
    saved: Text | None
    chosen: Text | None


class GroupName(Shape):
    id: Id
    subject: Text


class NamesTold(Shape):
    type: Literal["names"]
    people: list[PersonNames]
    groups: list[GroupName]


class Mentioned(Shape):
    id: Id
    alt: Id | None
    me: bool


class Quoted(Shape):
    kind: Kind
    text: Text
    details: Text
    sender: Id | None
    sender_alt: Id | None


class Change(Shape):
    message_id: Id
    how: Literal["edit", "delete"]
    by_admin: bool
    author: Id | None


class InboundMessage(Shape):
    """A message. The fields are explained in protocol.ts."""

    id: Id
    chat: Id
    chat_alt: Id | None
    subject: Name | None
    sender: Id
    sender_alt: Id | None
    name: Name
    from_me: bool
    sent_at: int | None
    offline: bool
    kind: Kind
    text: Text
    details: Text
    answerable: bool
    note: Name | None
    addressed: bool
    mentions: list[Mentioned]
    quotes: Id | None
    quoted: Quoted | None
    reacts_to: Id | None
    changes: Change | None
    unseen: Name | None
    forwarded: bool
    expiration: Annotated[int, Field(ge=0)] | None
    secret: Annotated[str, Field(max_length=256)] | None

    @property
    def in_group(self) -> bool:
        return self.chat.endswith("@g.us")


class Inbound(Shape):
    type: Literal["message"]
    message: InboundMessage


Event = Qr | Passkey | Opened | Closed | Time | Silence | Delivered | ReadingBegins | Typing | Fault
Request = Read | Write | SentBefore | MessageSecret | NamesTold | Inbound

_DISCREET = ConfigDict(hide_input_in_errors=True)
EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")], config=_DISCREET)
REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")], config=_DISCREET)
