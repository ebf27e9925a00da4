"""What the form of a bot does with its model: tries it, lists its server's models, and follows the chosen service."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from imposter.contracts.config import BotConfig
from imposter.contracts.errors import InvalidConfig, ModelError, NotSupported
from imposter.runtime.model_test import BURST
from imposter.service.bots import BotService
from imposter.web.pages.bot_form import BotForm, config_of, model_of
from imposter.web.pages.model_presets import Found, with_service
from imposter.web.pages.render import is_part, page


async def trial_of(bots: BotService, sent: Mapping[str, str], before: BotConfig | None = None) -> dict[str, Any]:
    """What came of a trial of the model; nothing is made or stored. For the template `tested.html`."""
    shown: dict[str, Any] = {"trial": None, "problems": (), "question": " / ".join(BURST)}
    try:
        return shown | {"trial": await bots.try_model(await config_of(bots, sent, before))}
    except InvalidConfig as error:
        return shown | {"problems": error.problems}


async def models_of(bots: BotService, sent: Mapping[str, str], before: BotConfig | None = None) -> Found:
    """What the chosen model's server has."""
    provider = sent.get("model_provider", "")
    try:
        return Found(provider, await bots.list_models(model_of(bots, sent, before)))
    except InvalidConfig as error:
        return Found(provider, problems=error.problems)
    except (ModelError, NotSupported) as error:
        return Found(provider, refused=str(error))


def follow_service(bots: BotService, sent: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, after another service was chosen."""
    model = BotForm.of(bots, sent).model
    if model is None or model.service is None:
        return dict(sent)
    return with_service(sent, f"model.{model.name}", model.service.presets)


def part_of(request: Request, form: BotForm, template: str) -> Response | None:
    """The part of the form that a script asks for; None: the whole page is wanted."""
    model = form.model
    if not is_part(request) or model is None:
        return None
    shown: dict[str, Any] = {"service": model.service, "found": model.found, "field": model.suggesting}
    return page(request, template, name=model.name, **shown)
