"""What the sidecar says, parsed at the door. The same shapes as in whatsapp_baileys_server/src/protocol.ts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


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


class Silence(Shape):
    type: Literal["silence"]
    over: bool


class Delivered(Shape):
    type: Literal["delivered"]
    message_id: str
    chat: list[str]


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


class SentText(Shape):
    type: Literal["sent_text"]
    message_id: str
    chat: list[str]


class InboundMessage(Shape):
    """Fields are explained in protocol.ts."""

    id: str = Field(min_length=1)
    chat: str = Field(min_length=1)
    chat_alt: str | None
    subject: str | None
    sender: str = Field(min_length=1)
    sender_alt: str | None
    name: str
    from_me: bool
    sent_at: int
    offline: bool
    text: str
    answerable: bool
    note: str | None
    addressed: bool
    quotes: str | None
    reacts_to: str | None

    @property
    def in_group(self) -> bool:
        return self.chat.endswith("@g.us")


class Inbound(Shape):
    type: Literal["message"]
    message: InboundMessage


Event = Qr | Passkey | Opened | Closed | Silence | Delivered | Typing | Fault
Request = Read | Write | SentText | Inbound

_DISCREET = ConfigDict(hide_input_in_errors=True)
EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")], config=_DISCREET)
REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")], config=_DISCREET)
