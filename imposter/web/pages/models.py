"""Actions of a bot's form on its model: test it, list its server's models, and follow the chosen service."""

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
    """Test the model and return the result for the template `tested.html`. Nothing is created or stored."""
    shown: dict[str, Any] = {"trial": None, "problems": (), "question": " / ".join(BURST)}
    try:
        return shown | {"trial": await bots.try_model(await config_of(bots, sent, before))}
    except InvalidConfig as error:
        return shown | {"problems": error.problems}


async def models_of(bots: BotService, sent: Mapping[str, str], before: BotConfig | None = None) -> Found:
    """Return the models of the chosen model's server."""
    provider = sent.get("model_provider", "")
    try:
        return Found(provider, await bots.list_models(model_of(bots, sent, before)))
    except InvalidConfig as error:
        return Found(provider, problems=error.problems)
    except (ModelError, NotSupported) as error:
        return Found(provider, refused=str(error))


def follow_service(bots: BotService, sent: Mapping[str, str]) -> dict[str, str]:
    """Return the form's values after another service was chosen."""
    model = BotForm.of(bots, sent).model
    if model is None or model.service is None:
        return dict(sent)
    return with_service(sent, f"model.{model.name}", model.service.presets)


def part_of(request: Request, form: BotForm, template: str) -> Response | None:
    """Return the part of the form that a script requests. None if the whole page is requested."""
    model = form.model
    if not is_part(request) or model is None:
        return None
    shown: dict[str, Any] = {"service": model.service, "found": model.found, "field": model.suggesting}
    return page(request, template, name=model.name, **shown)
