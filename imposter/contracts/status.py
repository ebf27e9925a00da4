"""The status of a bot and of its link to the platform."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class LinkState(StrEnum):
    """The state of the link between a bot and its platform."""

    STARTING = "starting"
    LINKING = "linking"
    PASSKEY_REQUIRED = "passkey_required"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    LOGGED_OUT = "logged_out"
    REPLACED = "replaced"
    STOPPED = "stopped"
    ERROR = "error"


STILL_LISTED = (
    "Unlinked on this server, but its platform could not be told: the phone still lists this link. Remove it there "
    "(WhatsApp: Settings, Linked devices)."
)
"""The owner's notice when the platform could not be told that the account was unlinked."""


class LinkStatus(BaseModel):
    """The status of a link as its chat provider reports it, by `get_status` or `ChatContext.report`."""

    model_config = ConfigDict(frozen=True)

    status: LinkState
    detail: str | None = None
    """One plain sentence for the owner: the problem and how to fix it."""
    qr: str | None = None
    """The raw text that the owner's phone scans; only while `linking`."""
    qr_expires_at: datetime | None = None
    account: str | None = None
    """The linked account's own id, once it is known."""
    code: int | None = None
    """The platform's own code for the end of the last connection; None if it does not apply."""


class SafetyLevel(StrEnum):
    """How freely a bot answers."""

    NORMAL = "normal"
    SLOWED = "slowed"
    """Answers are delayed, or some chats get none."""
    PAUSED = "paused"
    """No chat gets an answer."""


class SafetyStatus(BaseModel):
    """The restrictions that protect the account at the moment, and their reasons."""

    level: SafetyLevel = SafetyLevel.NORMAL
    reasons: list[str] = Field(default=[], description="For the owner: what happened, and when it ends or what to do.")
    until: datetime | None = Field(default=None, description="When the level changes by itself, where that is known.")


class BudgetStatus(BaseModel):
    """A limit on the model's cost that is reached."""

    reason: str = Field(description="For the owner: which bound is reached, and what becomes of messages.")
    until: datetime = Field(description="When that ends by itself.")


class BotStatus(BaseModel):
    """The response of `GET /chatbot/{instance_id}/status`. Times are in UTC."""

    instance_id: str
    user_id: str
    status: LinkState
    since: datetime = Field(description="When this status began.")
    detail: str | None = Field(default=None, description="One sentence: what is the matter and what to do.")
    qr: str | None = Field(default=None, description="The raw text to scan, while `linking`; always the newest.")
    qr_expires_at: datetime | None = None
    account: str | None = Field(default=None, description="The linked account's own id.")
    code: int | None = Field(default=None, description="The platform's own number for why the connection ended.")
    waiting: int = Field(default=0, description="Messages accepted and not yet answered.")
    unreadable: int = Field(
        default=0,
        description="Messages of the last seven days, in chats with one person, that could not be read here and that "
        "its sender's phone did not send once more; look at them on your phone. Once you write there, they count no "
        "more.",
    )
    safety: SafetyStatus = Field(default_factory=SafetyStatus)
    budget: BudgetStatus | None = Field(
        default=None, description="Only while a bound of `budget_config` is reached for the whole bot."
    )
    last_error: str | None = Field(
        default=None,
        description="The last failure that cost a contact an answer or delays it, or a setting that the model's server "
        "does not take.",
    )
    last_error_at: datetime | None = None
