"""What bots can be made of, and how a model does before one is."""

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
    """Whose models are to be listed."""

    llm_provider_config: ModelChoice = Field(description="As in a bot's config; `model` may be left out.")


class ModelList(BaseModel):
    """What a model's server has."""

    models: list[str] = Field(description="1,000 at most.")


class ModelTestRequest(StrictModel):
    """Which model is to be tested, and what of a bot's config bears on it."""

    llm_provider_config: ModelChoice = Field(
        description="As in a bot's config, system prompt included. Its `fallbacks` are not tried: test each by itself."
    )
    user_id: User = Field(default="me", description="What {user_id} in the system prompt stands for.")
    budget_config: Budget | None = Field(default=None, description="For the model's price.")
    time_zone: TimeZone | None = None


class RejectedParameter(BaseModel):
    """What the model's server does not take."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="A setting; or `system`, the role of a message.")
    sent_as: str | None = Field(description="The setting's other name, where it is sent under that.")
    told: str


class ModelTestResult(BaseModel):
    """How the model did. null is what is not known."""

    works: bool = Field(description="It gave an answer.")
    error: str | None = Field(description="Why there is none.")
    asked: list[str] = Field(description="The last messages that it was to answer.")
    answer: str = Field(description="As a contact would see it.")
    told: list[str] = Field(description="What was found out, in sentences for the owner.")
    model: str | None = Field(description="Which one answered, as its server names it.")
    seconds: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None = Field(description="Of the test.")
    currency: str
    price_known: bool
    unsure: bool = Field(description="It marked that it cannot know the answer to the last message.")
    machinery: bool = Field(description="Something in the answer is for no person.")
    leaks: bool = Field(description="The answer repeats its instructions or a key.")
    reasoned: bool = Field(description="Its reasoning stood in the answer, and was taken off.")
    judged: Judged = Field(description="How it judged an answer that binds nobody, as `guard_judge` has it do.")
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
    responses=examples.shown("Every provider file.", examples.PROVIDERS),
)
async def list_providers(bots: Bots) -> list[ProviderInfo]:
    """The chat and model providers that were found, with what their `provider_config` may hold."""
    return [_info(file) for kind in ProviderKind for file in bots.catalog.all(kind)]


@router.post(
    "/providers/llm/models",
    summary="List a server's models",
    openapi_extra=takes_json({"$ref": "#/components/schemas/ModelsRequest"}, a_preset=examples.MODEL_CHOICE),
    responses=examples.shown("What it has.", examples.MODELS)
    | problems(
        *BODY,
        CONFLICT="This provider's servers give no list.",
        BAD_GATEWAY="The model's server gave none; `detail` says why.",
    ),
)
async def list_models(body: JsonBody, bots: Bots) -> ModelList:
    """Asks the server that the config names, with the key that a chat would take along. Nothing is stored."""
    asked = checked(body, ModelsRequest)
    return ModelList(models=await bots.list_models(asked.llm_provider_config))


@router.post(
    "/providers/llm/test",
    summary="Test a model",
    openapi_extra=takes_json({"$ref": "#/components/schemas/TrialRequest"}, a_preset=examples.MODEL_TRIAL),
    responses=examples.shown("What came of it, also where the model gave no answer.", examples.TRIED) | problems(*BODY),
)
async def test_model(body: JsonBody, bots: Bots) -> ModelTestResult:
    """Asks the model what a chat would ask, with the bot's own system prompt, and tells what it found out.

    It asks twice at most and takes 45 seconds at most. Nothing is stored, and nothing is sent to anybody; the model
    costs what that costs.
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
    """What its `provider_config` may hold; None where that cannot be said as a JSON schema."""
    try:
        return model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return None
