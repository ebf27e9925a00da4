"""The shapes of the API that are not the core's own."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from imposter import phone_numbers
from imposter.behaviour.message_text import shown_text
from imposter.contracts.base_model import StrictModel, printable
from imposter.contracts.status import BotStatus
from imposter.domain.decisions import Wording
from imposter.domain.deliveries import PartRow
from imposter.domain.drafts import DraftState
from imposter.domain.messages import MessageState, StoredMessage
from imposter.runtime.explain.answer_trace import Trace, TraceWait
from imposter.runtime.explain.explanation import Explained, GatePassage
from imposter.runtime.providers.discovery import ProviderKind
from imposter.storage.queue.dead_letters import DeadLetter
from imposter.storage.queue.draft_rows import Draft
from imposter.web.problems import FieldError

MAX_INTEGER = 2**63 - 1
"""What a database still holds as a number."""

LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
"""What `printable` lets pass, in the words of JSON Schema."""


def not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must hold a word")
    return text


class Created(BaseModel):
    """A bot that runs with the config it was sent."""

    user_id: str
    instance_id: str = Field(description="Stays the same for this user_id until the bot is deleted.")


class NotCreated(BaseModel):
    """A config that was refused; a bot that this user already had goes on as it was."""

    user_id: str | None = Field(description="null where the config has none that can be read.")
    error: FieldError = Field(description="The first thing wrong.")
    errors: list[FieldError] | None = Field(default=None, description="All of them, where there are several.")


class Left(BaseModel):
    """What is done here and left to be done on the phone."""

    detail: str = Field(description="For the owner: what to do.")


class BotDetail(BaseModel):
    """A bot, its config and where it stands."""

    instance_id: str
    user_id: str
    created_at: datetime
    config: dict[str, Any] = Field(description="As it was sent, with every secret shown as `**********`.")
    node: str | None = Field(description="The server that has it (`GET /nodes`); null for a moment, while none has.")
    epoch: int = Field(description="How often it was started, on whichever server; only its latest start may answer.")
    status: BotStatus


class PairingRequest(StrictModel):
    """Whose phone is to be linked."""

    phone: Annotated[str, Field(max_length=phone_numbers.MOST_CHARACTERS), AfterValidator(phone_numbers.read)] = Field(
        description="The number of the phone, with its country code."
    )


class PairingCodeResult(BaseModel):
    """What the owner types on the phone."""

    instance_id: str
    code: str


Named = Annotated[
    str, Field(min_length=1, max_length=256, json_schema_extra={"pattern": LINE}), AfterValidator(printable)
]


class ContactQuery(BaseModel):
    """Of which chat."""

    model_config = ConfigDict(extra="forbid")

    contact: Named = Field(description="A person or group, by any id or number.")


class PauseRequest(StrictModel):
    """Where a bot is to be silent, and for how long."""

    contact: Named | None = Field(
        default=None, description="Any id or number of a person or group it knows; left out: all chats."
    )
    minutes: float | None = Field(default=None, gt=0, le=525_600, description="Left out: until it is resumed.")


class ResumeRequest(StrictModel):
    """Where a bot is to answer again."""

    contact: Named | None = Field(
        default=None, description="Any id or number of a person or group it knows; left out: all chats."
    )


Conversation = Annotated[
    str, Field(min_length=1, max_length=256, json_schema_extra={"pattern": LINE}), AfterValidator(printable)
]


class MessagesQuery(BaseModel):
    """Which messages."""

    model_config = ConfigDict(extra="forbid")

    conversation: Conversation | None = Field(default=None, description="Only those of this conversation.")
    before: int | None = Field(
        default=None, ge=1, le=MAX_INTEGER, description="Only those with a smaller `seq`: the next page."
    )
    limit: int = Field(default=50, ge=1, le=200, description="At most so many.")


class MessagesPage(BaseModel):
    """Messages, newest first."""

    messages: list[StoredMessage]
    before: int | None = Field(description="What to ask with for the next page; null on the last one.")


class NamesQuery(BaseModel):
    """Which people or groups."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[str, Field(max_length=256, json_schema_extra={"pattern": LINE}), AfterValidator(printable)] = (
        Field(default="", description="Only those behind this id: the next page.")
    )
    limit: int = Field(default=50, ge=1, le=200, description="At most so many.")


class ContactRow(BaseModel):
    """A person whose name is known."""

    ids: list[str] = Field(description="Every id of theirs that the platform told together.")
    name: str = Field(description="What the owner calls them: in `contacts`, else `saved_name`, else `own_name`.")
    saved_name: str = Field(description="In the owner's address book; empty: none that is known.")
    own_name: str = Field(description="What they call themselves; empty: not known.")


class ContactsPage(BaseModel):
    """People, by the first of their ids."""

    contacts: list[ContactRow]
    after: str | None = Field(description="What to ask with for the next page; null on the last one.")


class GroupRow(BaseModel):
    """A group whose title is known."""

    id: str
    name: str = Field(description="What the owner calls it in `contacts`, else `title`.")
    title: str


class GroupsPage(BaseModel):
    """Groups, by their ids."""

    groups: list[GroupRow]
    after: str | None = Field(description="What to ask with for the next page; null on the last one.")


class SayRequest(StrictModel):
    """What the owner says themselves."""

    contact: Named = Field(description="Any id or number of a person or group it knows.")
    text: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(not_blank)]
    key: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)] | None = Field(
        default=None, description="What is sent again with the same key is said once."
    )


class OwnerMessageResult(BaseModel):
    """What the owner says is on its way."""

    message_id: str = Field(description="As in the list of messages.")


class DecisionTimes(BaseModel):
    """When each step was done; null where it was not, or is not known."""

    sent: datetime = Field(description="By its sender, as the platform says.")
    received: datetime
    taken: datetime | None = Field(description="When the waiting was over.")
    asked: datetime | None = Field(description="When the model was asked, the last time.")
    ended: datetime | None = Field(description="When the model had answered, or the message was given up.")


class ModelCall(BaseModel):
    """What is known of how the model was asked."""

    name: str | None = Field(description="Which model answered, as its vendor names it.")
    fallback: int | None = Field(
        description="Which of the model's `fallbacks` answered, from 1; null: the model itself."
    )
    attempts: int = Field(description="How often it was asked.")
    turns: int | None = Field(description="How many turns of the conversation it was shown.")
    prompt_sha256: str | None = Field(
        description="SHA-256 of these turns as JSON: a list of objects with the keys `author`, `content`, `in_group` "
        "and `source` in this order, without blanks and with ASCII only."
    )
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None = Field(description="Those of `prompt_tokens` that the vendor had read before.")
    cost: float | None = Field(description="What these calls cost; null where nobody knows.")
    currency: str | None = Field(description="Of `cost`; ISO 4217.")


class DecisionDetail(BaseModel):
    """Why a message was answered, was not, or is not yet."""

    explanation: str = Field(description="One sentence for the owner.")
    seq: int
    conversation: str
    message_id: str
    state: MessageState
    reason: str | None
    together: list[int] = Field(description="The `seq` of all that it was answered or given up with, its own too.")
    gates: list[GatePassage] = Field(description="What a message passes on its way to an answer, in this order.")
    waits: list[TraceWait] = Field(
        description="What it waited for before the model was asked, as far as that is known."
    )
    model: ModelCall | None = Field(description="null where it was not asked, or nothing was written down.")
    times: DecisionTimes
    answer: list[PartRow] = Field(description="What was sent, or is to be; in order.")
    wordings: list[Wording] = Field(
        default=[], description="What it said before it was edited or deleted, oldest first, where `keep_edits` is on."
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
    """Which dead letters."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(
        default=None, ge=1, le=MAX_INTEGER, description="Only those with a smaller `seq`: the next page."
    )
    limit: int = Field(default=50, ge=1, le=200, description="At most so many.")


class DeadLettersPage(BaseModel):
    """What contacts did not get, newest first."""

    dead_letters: list[DeadLetter]
    before: int | None = Field(description="What to ask with for the next page; null on the last one.")


class DraftsQuery(BaseModel):
    """Which drafts."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(
        default=None, ge=1, le=MAX_INTEGER, description="Only those with a smaller `number`: the next page."
    )
    limit: int = Field(default=50, ge=1, le=200, description="At most so many.")


class DraftRequest(StrictModel):
    """What is to be sent for a draft."""

    text: str | None = Field(
        default=None, min_length=1, max_length=20_000, description="In place of the draft's own; left out: as it is."
    )


class DraftRow(BaseModel):
    """An answer that waits, or waited, for its owner's word."""

    number: int
    conversation: str
    name: str = Field(description="Of who asked: as the owner calls them, else as they call themselves.")
    message: int = Field(description="The `seq` of the last message that it is for.")
    question: str = Field(description="That message.")
    text: str = Field(description="Empty where the owner is to find the words.")
    why: str = Field(description="Why it was not sent by itself, such as `autonomy` or `doubt`.")
    state: DraftState
    created_at: datetime
    expires_at: datetime = Field(description="When it is dropped by itself.")
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
    """Drafts, newest first."""

    drafts: list[DraftRow]
    before: int | None = Field(description="What to ask with for the next page; null on the last one.")


class RetriedLetters(BaseModel):
    """How many dead letters are tried again."""

    retried: int
    refused: int = Field(description="Those that stay: by today's rules their contact is not answered.")


class ErasureResult(BaseModel):
    """Somebody is forgotten."""

    messages: int = Field(description="How many were removed: theirs, and those to them.")
    files: Literal["scrubbed", "pending"] = Field(
        description="`pending`: another program is reading the database's files, which may still hold copies of what "
        "was removed; the server tries again at its next start and every hour."
    )


class Backup(BaseModel):
    """A copy of what the server keeps."""

    folder: str = Field(description="Where it is, on the server's machine.")
    files: list[str]


class PresetInfo(BaseModel):
    """A service that a model provider knows. null: not known, or it depends on the model."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="What to give as `preset` in `provider_config`.")
    title: str
    base_url: str = Field(description="Where it is asked; with `{...}` in it, write your own name there.")
    is_pattern: bool
    key_url: str = Field(description="Where to get a key; empty where none is needed.")
    needs_key: bool
    system: bool | None = Field(description="Whether it takes messages of the role `system`.")
    highest_temperature: float | None
    max_tokens: str = Field(description="How the bound on an answer's tokens is called there; empty: not known.")
    notes: str


class ProviderInfo(BaseModel):
    """One provider file."""

    kind: ProviderKind
    name: str = Field(description="What to give as `provider_name`.")
    summary: str
    config_schema: dict[str, Any] | None = Field(
        description="JSON Schema of its `provider_config`; null where it declares none."
    )
    presets: list[PresetInfo] = Field(description="Services that it knows: what is to be filled in for each.")
    lists_models: bool = Field(description="Whether `POST /providers/llm/models` can ask its servers.")
    error: str | None = Field(description="Why it cannot be used.")


class Health(BaseModel):
    """The server is there."""

    status: str = "ok"
    version: str
