"""The state that the parts of one bot session share, and the events that they report to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from imposter.clock import DoubtedClock
from imposter.contracts.budget import Budget
from imposter.contracts.config import BotConfig, Limits
from imposter.contracts.messages import Message
from imposter.contracts.status import LinkStatus
from imposter.domain.claims import Claim
from imposter.domain.messages import Accepted, Verdict
from imposter.runtime.account.safety import Safety
from imposter.runtime.costs.budget import BudgetTracker
from imposter.runtime.learning.evaluation import Evaluations
from imposter.runtime.learning.style_guide import StyleGuide
from imposter.runtime.metrics import Counts
from imposter.runtime.policy.contact_policy import ContactPolicy
from imposter.runtime.policy.display_names import DisplayNames
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.providers.chat_adapter import ChatAdapter
from imposter.runtime.providers.message_format import MessageFormat
from imposter.runtime.providers.message_ids import MessageIds
from imposter.runtime.providers.model_selection import ModelChain, ModelSelection
from imposter.runtime.retry import Chance
from imposter.storage import Store


@dataclass(frozen=True)
class SessionPolicy:
    """A bot's config and the rules derived from it. Immutable: a new config makes a new policy."""

    config: BotConfig
    eligibility: EligibilityPolicy

    @property
    def contact_policy(self) -> ContactPolicy:
        return self.eligibility.contact_policy

    @property
    def queue_limits(self) -> Limits:
        """Limits on the messages that may wait for an answer."""
        return self.config.queue_config

    @property
    def answer_within(self) -> timedelta | None:
        """The maximum age of a message that is still answered; None for no limit."""
        return self.config.answer_within

    @cached_property
    def budget(self) -> Budget | None:
        return self.config.budget

    @cached_property
    def display_names(self) -> DisplayNames:
        return DisplayNames.by(self.contact_policy)


@dataclass(frozen=True, slots=True)
class AnswerReady:
    """A conversation has an answer to send."""

    conversation: str


@dataclass(frozen=True, slots=True)
class ConversationSilenced:
    """The owner wants the bot to be silent in this conversation from now on; None: in all."""

    conversation: str | None


@dataclass(frozen=True, slots=True)
class ModelRecovered:
    """A model that left dead letters answers again."""

    model: ModelChain


@dataclass(frozen=True, slots=True)
class TypingChanged:
    """A contact began or stopped typing in this chat."""

    chat: str
    is_typing: bool


@dataclass(frozen=True, slots=True)
class PlatformTime:
    """The platform's current time of day."""

    moment: datetime


SessionEvent = (
    Accepted | LinkStatus | AnswerReady | ConversationSilenced | ModelRecovered | TypingChanged | PlatformTime
)


@dataclass(eq=False)
class SessionContext:
    """The shared state of one bot session.

    `policy` and `models` are replaced as a whole when the config changes; all other fields stay.
    """

    claim: Claim
    policy: SessionPolicy
    store: Store
    clock: DoubtedClock
    chance: Chance
    counts: Counts
    report_failure: Callable[[str], None]
    """Reports a sentence to the owner when a contact is left without an answer."""
    post: Callable[[SessionEvent], None]
    """Posts an event to the session, from any thread."""
    busy: set[int] = field(default_factory=set)
    """Sequence numbers of the messages that are being answered; the queue does not evict them."""
    chat: ChatAdapter = field(init=False)
    """Set once the provider is open, like all fields below."""
    message_ids: MessageIds = field(init=False)
    models: ModelSelection = field(init=False)
    message_format: MessageFormat = field(init=False)
    style_guide: StyleGuide = field(init=False)
    evaluations: Evaluations = field(init=False)
    safety: Safety = field(init=False)
    budget_tracker: BudgetTracker = field(init=False)

    @property
    def instance_id(self) -> str:
        return self.claim.instance_id

    def judge(self, message: Message, known_ids: frozenset[str]) -> Verdict:
        """Return the decision of the bot's rules on a message at this moment."""
        return self.policy.eligibility.judge(message, known_ids, self.clock.now())
