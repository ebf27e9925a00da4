"""Requests and responses of the API that are not models of the core."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from imposter import phone_numbers
from imposter.behaviour.message_text import shown_text
from imposter.contracts.base_model import StrictModel, printable
from imposter.contracts.status import BotStatus
from imposter.domain.dead_letters import DeadLetter
from imposter.domain.decisions import Wording
from imposter.domain.deliveries import PartRow
from imposter.domain.drafts import Draft, DraftState
from imposter.domain.messages import MessageState, StoredMessage
from imposter.runtime.explain.answer_trace import Trace, TraceWait
from imposter.runtime.explain.explanation import Explained, GatePassage
from imposter.runtime.providers.discovery import ProviderKind
from imposter.web.problems import FieldError

MAX_INTEGER = 2**63 - 1
"""The largest integer that the database can store."""

LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
"""The characters that `printable` accepts, as a JSON Schema pattern."""


def not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must hold a word")
    return text


class Created(BaseModel):
    """A bot that runs with the submitted config."""

    user_id: str
    instance_id: str = Field(description="The same for this user_id until the bot is deleted.")


class NotCreated(BaseModel):
    """A config that was rejected. An existing bot of the same user keeps running unchanged."""

    user_id: str | None = Field(description="null if the config has no readable user_id.")
    error: FieldError = Field(description="The first problem.")
    errors: list[FieldError] | None = Field(default=None, description="All problems, if there are several.")


class Left(BaseModel):
    """What remains to be done on the phone."""

    detail: str = Field(description="Instructions for the owner.")


class BotDetail(BaseModel):
    """A bot with its config and its status."""

    instance_id: str
    user_id: str
    created_at: datetime
    config: dict[str, Any] = Field(
        description="The config as it was submitted, with every secret shown as `**********`."
    )
    node: str | None = Field(description="The server that runs the bot (see `GET /nodes`). null while no server does.")
    epoch: int = Field(
        description="Number of times the bot was started, on any server. Only the latest start may answer."
    )
    status: BotStatus


class PairingRequest(StrictModel):
    """The phone to link."""

    phone: Annotated[str, Field(max_length=phone_numbers.MOST_CHARACTERS), AfterValidator(phone_numbers.read)] = Field(
        description="The phone number, with its country code."
    )


class PairingCodeResult(BaseModel):
    """The code that the owner types on the phone."""

    instance_id: str
    code: str


Named = Annotated[
    str, Field(min_length=1, max_length=256, json_schema_extra={"pattern": LINE}), AfterValidator(printable)
]


class ContactQuery(BaseModel):
    """The chat that a request is about."""

    model_config = ConfigDict(extra="forbid")

    contact: Named = Field(description="Any id or number of a person or group.")


class PauseRequest(StrictModel):
    """A request to silence a bot."""

    contact: Named | None = Field(
        default=None,
        description="Any id or number of a person or group that the bot knows. Omit it to pause all chats.",
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        le=525_600,
        description="Minutes until the pause ends. Omit it to pause until the bot is resumed.",
    )


class ResumeRequest(StrictModel):
    """A request to let a bot answer again."""

    contact: Named | None = Field(
        default=None,
        description="Any id or number of a person or group that the bot knows. Omit it to resume all chats.",
    )


Conversation = Annotated[
    str, Field(min_length=1, max_length=256, json_schema_extra={"pattern": LINE}), AfterValidator(printable)
]


class MessagesQuery(BaseModel):
    """Filters and page of a list of messages."""

    model_config = ConfigDict(extra="forbid")

    conversation: Conversation | None = Field(default=None, description="Return only messages of this conversation.")
    before: int | None = Field(
        default=None,
        ge=1,
        le=MAX_INTEGER,
        description="Return only messages with a smaller `seq`. For the next page, pass `before` of the previous one.",
    )
    limit: int = Field(default=50, ge=1, le=200, description="Maximum number of messages.")


class MessagesPage(BaseModel):
    """A page of messages, newest first."""

    messages: list[StoredMessage]
    before: int | None = Field(description="Value of `before` for the next page. null on the last page.")


class NamesQuery(BaseModel):
    """Page of a list of people or groups."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[str, Field(max_length=256, json_schema_extra={"pattern": LINE}), AfterValidator(printable)] = (
        Field(
            default="",
            description="Return only entries after this id. For the next page, pass `after` of the previous one.",
        )
    )
    limit: int = Field(default=50, ge=1, le=200, description="Maximum number of entries.")


class ContactRow(BaseModel):
    """A person whose name is known."""

    ids: list[str] = Field(description="All ids of this person that the platform reported together.")
    name: str = Field(description="The name that the owner uses: from `contacts`, else `saved_name`, else `own_name`.")
    saved_name: str = Field(description="The name in the owner's address book. Empty if there is none.")
    own_name: str = Field(description="The name that the person chose themselves. Empty if it is not known.")


class ContactsPage(BaseModel):
    """A page of people, ordered by the first of their ids."""

    contacts: list[ContactRow]
    after: str | None = Field(description="Value of `after` for the next page. null on the last page.")


class GroupRow(BaseModel):
    """A group whose title is known."""

    id: str
    name: str = Field(description="The name in the owner's `contacts`, else `title`.")
    title: str


class GroupsPage(BaseModel):
    """A page of groups, ordered by id."""

    groups: list[GroupRow]
    after: str | None = Field(description="Value of `after` for the next page. null on the last page.")


class SayRequest(StrictModel):
    """A message that the owner sends through the API."""

    contact: Named = Field(description="Any id or number of a person or group that the bot knows.")
    text: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(not_blank)]
    key: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)] | None = Field(
        default=None, description="Idempotency key: a message sent again with the same key is delivered once."
    )


class OwnerMessageResult(BaseModel):
    """An accepted message of the owner."""

    message_id: str = Field(description="The id of the message, as in the list of messages.")


class DecisionTimes(BaseModel):
    """Times of each step of an answer. null if the step did not happen or its time is not known."""

    sent: datetime = Field(description="When the contact sent the message, according to the platform.")
    received: datetime
    taken: datetime | None = Field(description="When the bot took the message from the queue.")
    asked: datetime | None = Field(description="When the model was last called.")
    ended: datetime | None = Field(description="When the model had answered, or when the bot gave up on the message.")


class ModelCall(BaseModel):
    """Facts about the calls of the model for an answer."""

    name: str | None = Field(description="The model that answered, as its vendor names it.")
    fallback: int | None = Field(
        description="Number of the entry in `fallbacks` that answered, starting at 1. null if the model itself "
        "answered."
    )
    attempts: int = Field(description="Number of calls.")
    turns: int | None = Field(description="Number of turns of the conversation in the prompt.")
    prompt_sha256: str | None = Field(
        description="SHA-256 of these turns as JSON: a list of objects with the keys `author`, `content`, "
        "`in_group` and `source` in this order, without whitespace and in ASCII."
    )
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None = Field(description="Number of `prompt_tokens` that the vendor read from its cache.")
    cost: float | None = Field(description="Cost of the calls. null if it is not known.")
    currency: str | None = Field(description="Currency of `cost`, as an ISO 4217 code.")


class DecisionDetail(BaseModel):
    """Why a message was answered, was not answered, or has not been answered yet."""

    explanation: str = Field(description="One sentence for the owner.")
    seq: int
    conversation: str
    message_id: str
    state: MessageState
    reason: str | None
    together: list[int] = Field(
        description="The `seq` of every message that got the same answer or was given up together with this one, "
        "including itself."
    )
    gates: list[GatePassage] = Field(description="The gates that a message passes on its way to an answer, in order.")
    waits: list[TraceWait] = Field(
        description="What the message waited for before the model was called, as far as it is known."
    )
    model: ModelCall | None = Field(description="null if the model was not called or no facts were stored.")
    times: DecisionTimes
    answer: list[PartRow] = Field(description="The parts of the answer, sent or to be sent, in order.")
    wordings: list[Wording] = Field(
        default=[],
        description="Earlier texts of the message, oldest first, from before it was edited or deleted. Only "
        "stored if `keep_edits` is on.",
    )

    @classmethod
    def of(cls, explained: Explained) -> "DecisionDetail":
        decision, trace = explained.decision, explained.trace or Trace()
        message = decision.message
        asked = trace.attempts is not None and ModelCall(
            name=trace.model,
            fallback=trace.fallback,
            attempts=trace.attempts,
            turns=trace.turns,
            prompt_sha256=trace.prompt,
            prompt_tokens=trace.prompt_tokens,
            completion_tokens=trace.completion_tokens,
            cached_tokens=trace.cached_tokens,
            cost=trace.cost,
            currency=trace.currency,
        )
        return cls(
            explanation=explained.explanation,
            seq=message.seq,
            conversation=message.conversation,
            message_id=message.message_id,
            state=message.state,
            reason=message.reason,
            together=list(decision.together),
            gates=list(explained.gates),
            waits=trace.waits,
            model=asked or None,
            times=DecisionTimes(
                sent=message.sent_at,
                received=message.received_at,
                taken=trace.taken,
                asked=trace.asked,
                ended=trace.ended,
            ),
            answer=list(decision.parts),
            wordings=list(decision.wordings),
        )


class DeadLettersQuery(BaseModel):
    """Page of a list of dead letters."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(
        default=None,
        ge=1,
        le=MAX_INTEGER,
        description="Return only dead letters with a smaller `seq`. For the next page, pass `before` of the "
        "previous one.",
    )
    limit: int = Field(default=50, ge=1, le=200, description="Maximum number of dead letters.")


class DeadLettersPage(BaseModel):
    """A page of dead letters, newest first."""

    dead_letters: list[DeadLetter]
    before: int | None = Field(description="Value of `before` for the next page. null on the last page.")


class DraftsQuery(BaseModel):
    """Page of a list of drafts."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(
        default=None,
        ge=1,
        le=MAX_INTEGER,
        description="Return only drafts with a smaller `number`. For the next page, pass `before` of the previous one.",
    )
    limit: int = Field(default=50, ge=1, le=200, description="Maximum number of drafts.")


class DraftRequest(StrictModel):
    """The text to send for a draft."""

    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=20_000,
        description="The text to send. Omit it to send the text of the draft.",
    )


class DraftRow(BaseModel):
    """An answer that waits, or waited, for the owner's approval."""

    number: int
    conversation: str
    name: str = Field(
        description="Name of the contact who asked: as the owner calls them, else as they call themselves."
    )
    message: int = Field(description="The `seq` of the last message that the draft answers.")
    question: str = Field(description="The text of that message.")
    text: str = Field(description="Text of the draft. Empty if the owner has to write the answer.")
    why: str = Field(description="Why the answer was not sent automatically, such as `autonomy` or `doubt`.")
    state: DraftState
    created_at: datetime
    expires_at: datetime = Field(description="When the draft is dropped automatically.")
    decided_at: datetime | None

    @classmethod
    def of(cls, draft: Draft) -> "DraftRow":
        return cls(
            number=draft.number,
            conversation=draft.conversation,
            name=draft.name,
            message=draft.answers,
            question=shown_text(draft.question, draft.question_kind, draft.question_details),
            text=draft.text,
            why=draft.why,
            state=draft.state,
            created_at=draft.created_at,
            expires_at=draft.expires_at,
            decided_at=draft.decided_at,
        )


class DraftsPage(BaseModel):
    """A page of drafts, newest first."""

    drafts: list[DraftRow]
    before: int | None = Field(description="Value of `before` for the next page. null on the last page.")


class RetriedLetters(BaseModel):
    """The number of dead letters that are tried again."""

    retried: int
    refused: int = Field(description="Dead letters that remain because the current rules do not answer their contact.")


class ErasureResult(BaseModel):
    """The result of forgetting a person."""

    messages: int = Field(description="Number of removed messages: the person's own and those sent to them.")
    files: Literal["scrubbed", "pending"] = Field(
        description="`pending`: another program is reading the database files, which may still contain copies of "
        "the removed data. The server tries again at its next start and every hour."
    )


class Backup(BaseModel):
    """A backup of the server's data."""

    folder: str = Field(description="Folder of the backup, on the server's machine.")
    files: list[str]


class PresetInfo(BaseModel):
    """A service that a model provider knows by name. null means that a value is not known or depends on the model."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="Value for `preset` in `provider_config`.")
    title: str
    base_url: str = Field(
        description="Address of the service. Replace `{...}` in it, if there is one, with your own name."
    )
    is_pattern: bool
    key_url: str = Field(description="Page that issues keys. Empty if the service needs no key.")
    needs_key: bool
    system: bool | None = Field(description="Whether the service accepts messages of the role `system`.")
    highest_temperature: float | None
    max_tokens: str = Field(
        description="The service's parameter that limits the tokens of an answer. Empty if it is not known."
    )
    notes: str


class ProviderInfo(BaseModel):
    """A file with a chat provider or a model provider."""

    kind: ProviderKind
    name: str = Field(description="Value for `provider_name`.")
    summary: str
    config_schema: dict[str, Any] | None = Field(
        description="JSON Schema of its `provider_config`. null if the provider declares none."
    )
    presets: list[PresetInfo] = Field(
        description="Services that the provider knows by name, with the settings of each."
    )
    lists_models: bool = Field(description="Whether `POST /providers/llm/models` can list the models of its servers.")
    error: str | None = Field(description="Why the provider cannot be used.")


class Health(BaseModel):
    """The response of a server that is up."""

    status: str = "ok"
    version: str
