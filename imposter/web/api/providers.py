"""What bots can be made of."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from imposter.runtime.discovery import Kind, ProviderFile
from imposter.web.api import examples
from imposter.web.api.schemas import ProviderInfo
from imposter.web.dependencies import Bots

router = APIRouter(tags=["providers"])


@router.get(
    "/providers",
    summary="List the providers",
    responses=examples.shown("Every provider file.", examples.PROVIDERS),
)
async def list_providers(bots: Bots) -> list[ProviderInfo]:
    """The chat and model providers that were found, with what their `provider_config` may hold."""
    return [_info(file) for kind in Kind for file in bots.catalog.all(kind)]


def _info(file: ProviderFile) -> ProviderInfo:
    schema = schema_of(file.config_model) if file.config_model else None
    return ProviderInfo(kind=file.kind, name=file.name, summary=file.summary, config_schema=schema, error=file.error)


def schema_of(model: type[BaseModel]) -> dict[str, Any] | None:
    """What its `provider_config` may hold; None where that cannot be said as a JSON schema."""
    try:
        return model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return None
