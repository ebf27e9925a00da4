"""Routes that list providers and models, and test a model."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.errors import PydanticInvalidForJsonSchema

from imposter.contracts.base_model import StrictModel, printable
from imposter.contracts.behaviour import TimeZone
from imposter.contracts.budget import Budget
from imposter.contracts.config import ModelChoice
from imposter.runtime.costs.pricing import MILLION
from imposter.runtime.model_test import BURST, config_of_model
from imposter.runtime.model_test_report import Judged, ModelTest
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.runtime.providers.presets import lists_models, presets_of
from imposter.web.api import examples
from imposter.web.api.answers import BODY, problems, takes_json
from imposter.web.api.body import JsonBody, checked
from imposter.web.api.schemas import LINE, PresetInfo, ProviderInfo
from imposter.web.dependencies import Bots

router = APIRouter(tags=["providers"])

User = Annotated[
    str, Field(min_length=1, max_length=128, json_schema_extra={"pattern": LINE}), AfterValidator(printable)
]


class ModelsRequest(StrictModel):
    """A request to list the models of a server."""

    llm_provider_config: ModelChoice = Field(description="As in a bot's config. `model` is not required.")


class ModelList(BaseModel):
    """The models of a server."""

    models: list[str] = Field(description="At most 1,000 names.")


class ModelTestRequest(StrictModel):
    """A request to test a model, with the settings of a bot's config that matter for it."""

    llm_provider_config: ModelChoice = Field(
        description="As in a bot's config, including the system prompt. `fallbacks` are not tried: test each "
        "separately."
    )
    user_id: User = Field(default="me", description="Value of {user_id} in the system prompt.")
    budget_config: Budget | None = Field(default=None, description="Used for the model's price.")
    time_zone: TimeZone | None = None


class RejectedParameter(BaseModel):
    """A parameter that the model's server does not accept."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="Name of a setting, or `system` for the role of a message.")
    sent_as: str | None = Field(description="The name under which the setting is sent, if it is another.")
    told: str


class ModelTestResult(BaseModel):
    """The result of testing a model. null means that a value is not known."""

    works: bool = Field(description="Whether the model answered.")
    error: str | None = Field(description="Why the model did not answer.")
    asked: list[str] = Field(description="The last messages that the model had to answer.")
    answer: str = Field(description="The answer as a contact would see it.")
    told: list[str] = Field(description="Findings, in sentences for the owner.")
    model: str | None = Field(description="The model that answered, as its server names it.")
    seconds: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None = Field(description="Cost of the test.")
    currency: str
    price_known: bool
    unsure: bool = Field(description="Whether the model marked that it cannot know the answer to the last message.")
    machinery: bool = Field(description="Whether the answer contains text that is not meant for a person.")
    leaks: bool = Field(description="Whether the answer repeats the instructions or a key.")
    reasoned: bool = Field(description="Whether the answer contained the model's reasoning, which was removed.")
    judged: Judged = Field(
        description="How the model judged an answer that does not commit the owner, as with `guard_judge`."
    )
    not_taken: list[RejectedParameter]

    @classmethod
    def of(cls, trial: ModelTest) -> "ModelTestResult":
        return cls(
            works=trial.works,
            error=trial.error,
            asked=list(BURST),
            answer=trial.answer,
            told=trial.sentences,
            model=trial.model,
            seconds=None if trial.seconds is None else round(trial.seconds, 3),
            prompt_tokens=trial.prompt_tokens,
            completion_tokens=trial.completion_tokens,
            cost=None if trial.cost is None else trial.cost / MILLION,
            currency=trial.currency,
            price_known=trial.price_known,
            unsure=trial.unsure,
            machinery=trial.machinery,
            leaks=trial.leaks,
            reasoned=trial.reasoned,
            judged=trial.judged,
            not_taken=[RejectedParameter.model_validate(each) for each in trial.not_taken],
        )


@router.get(
    "/providers",
    summary="List the providers",
    responses=examples.shown("All providers.", examples.PROVIDERS),
)
async def list_providers(bots: Bots) -> list[ProviderInfo]:
    """Return all chat providers and model providers, with the JSON Schema of their `provider_config`."""
    return [_info(file) for kind in ProviderKind for file in bots.catalog.all(kind)]


@router.post(
    "/providers/llm/models",
    summary="List the models of a server",
    openapi_extra=takes_json({"$ref": "#/components/schemas/ModelsRequest"}, a_preset=examples.MODEL_CHOICE),
    responses=examples.shown("The models.", examples.MODELS)
    | problems(
        *BODY,
        CONFLICT="The servers of this provider have no list of models.",
        BAD_GATEWAY="The model's server returned no list. `detail` gives the reason.",
    ),
)
async def list_models(body: JsonBody, bots: Bots) -> ModelList:
    """Return the models of the server that the config names, using its key. Nothing is stored."""
    asked = checked(body, ModelsRequest)
    return ModelList(models=await bots.list_models(asked.llm_provider_config))


@router.post(
    "/providers/llm/test",
    summary="Test a model",
    openapi_extra=takes_json({"$ref": "#/components/schemas/ModelTestRequest"}, a_preset=examples.MODEL_TRIAL),
    responses=examples.shown("The result, even if the model did not answer.", examples.TRIED) | problems(*BODY),
)
async def test_model(body: JsonBody, bots: Bots) -> ModelTestResult:
    """Call the model with a typical chat and the bot's system prompt, and report the findings.

    This makes at most two calls and takes at most 45 seconds. Nothing is stored or sent to a contact. The model's
    vendor charges for the calls.
    """
    asked = checked(body, ModelTestRequest)
    more = asked.model_dump(include={"user_id", "time_zone"}, exclude_none=True)
    if asked.budget_config is not None:
        more["budget_config"] = asked.budget_config
    config = config_of_model(asked.llm_provider_config, bots.catalog, bots.secret, bots.addresses, **more)
    return ModelTestResult.of(await bots.try_model(config))


def _info(file: ProviderFile) -> ProviderInfo:
    schema = schema_of(file.config_model) if file.config_model else None
    return ProviderInfo(
        kind=file.kind,
        name=file.name,
        summary=file.summary,
        config_schema=schema,
        presets=[PresetInfo.model_validate(each) for each in presets_of(file)],
        lists_models=lists_models(file),
        error=file.error,
    )


def schema_of(model: type[BaseModel]) -> dict[str, Any] | None:
    """Return the JSON Schema of a `provider_config`. None if it cannot be expressed as one."""
    try:
        return model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return None
