"""Explanations read from the store. Any node can give them, whichever runs the bot."""

import structlog

from imposter.contracts.config import BotConfig
from imposter.contracts.errors import MessageNotFound
from imposter.contracts.status import BotStatus, LinkState, SafetyLevel
from imposter.domain.bots import BotRow
from imposter.logs import trace_of
from imposter.runtime.explain.explanation import BotSnapshot, Explained, explain
from imposter.runtime.policy.contact_policy import ContactPolicy
from imposter.runtime.providers.chat_adapter import canonical_ids
from imposter.runtime.providers.discovery import Catalog, ProviderKind
from imposter.storage import Store

log = structlog.get_logger()

RESTING = {LinkState.STOPPED, LinkState.ERROR, LinkState.LOGGED_OUT, LinkState.REPLACED}


async def inquire(store: Store, catalog: Catalog, row: BotRow, status: BotStatus, seq: int) -> Explained:
    """Return the explanation of one message. Raises: MessageNotFound, StorageError."""
    decision = await store.messages.decision(row.instance_id, seq)
    if decision is None:
        raise MessageNotFound
    now = BotSnapshot(
        runs=row.wanted and status.status not in RESTING,
        contact_policy=_contact_policy(catalog, row),
        pauses=await store.pauses.holding(row.instance_id),
        slowed=status.safety.level is not SafetyLevel.NORMAL,
    )
    return explain(decision, now)


def _contact_policy(catalog: Catalog, row: BotRow) -> ContactPolicy | None:
    """Return the contact policy of a bot; None if this version or its provider files cannot read the config."""
    try:
        config = BotConfig.model_validate(row.config)
        file = catalog.find(ProviderKind.CHAT, config.chat_provider_config.provider_name)
        return ContactPolicy.of(config, canonical_ids(file))
    except Exception as error:  # noqa: BLE001 - a provider's own spelling of ids may raise anything
        log.warning("a config cannot be read here", bot=row.instance_id, **trace_of(error))
        return None
