"""The form for a bot: its user, its whitelist, its platform and its model."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData

from imposter.contracts.behaviour import Autonomy
from imposter.contracts.config import BotConfig, ProviderChoice
from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.runtime.providers.config_validation import Rejected, check_configs
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind
from imposter.runtime.providers.presets import lists_models, presets_of
from imposter.runtime.providers.secret_masking import masked, unmasked
from imposter.service.bots import BotService
from imposter.web.api.providers import schema_of
from imposter.web.home_numbers import with_country_codes
from imposter.web.pages.forms import Field, fields, kept, lines, read, read_json, written
from imposter.web.pages.model_presets import Found, Service
from imposter.web.pages.price_fields import PATH, put_price, without_price
from imposter.web.pages.whitelist import WhitelistInput, problems_by_line, readings

FAVOURITES = {ProviderKind.CHAT: "whatsAppBaileyes", ProviderKind.MODEL: "openAi"}
"""Initial choices, if they are available."""
_PLACES = {ProviderKind.CHAT: "chat_provider_config", ProviderKind.MODEL: "llm_provider_config"}
_OWN_FIELDS = ("user_id", "respond_to_whitelist", "time_zone", *_PLACES.values())
"""Config keys that have their own fields in the form."""
ONLY, EVERYONE = "only", "everyone"
AUTONOMIES = (
    (Autonomy.DRAFT, "Ask me first", "Every answer needs your approval. A careful way to start."),
    (
        Autonomy.AUTO,
        "Reply automatically",
        "An answer that would commit you (a promise, a yes to a request, a new fact) still needs approval.",
    ),
    (Autonomy.OBSERVE, "Only read", "It learns how you write and replies to nobody."),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider that can be chosen."""

    name: str
    summary: str
    fields: list[Field]
    error: str | None
    service: Service | None = None
    found: Found | None = None
    """Models of the provider's server, if they were requested."""

    @property
    def plain(self) -> list[Field]:
        """Return the fields that are not part of the choice of a service."""
        apart = self.service.fields if self.service is not None else ()
        return [field for field in self.fields if field.name not in {each.name for each in apart}]

    @property
    def suggesting(self) -> Field | None:
        """Return the field for which models of the server are suggested."""
        return next((field for field in self.fields if field.suggestions), None)


@dataclass(frozen=True, slots=True)
class BotForm:
    """The form, either filled in or initial."""

    sent: Mapping[str, str]
    problems: Mapping[str, str]
    """Error texts by the field's path in the config."""
    chats: list[Choice]
    models: list[Choice]
    read_as: list[WhitelistInput]
    """How each line of the whitelist is read, if it has no errors."""

    @classmethod
    def of(
        cls,
        bots: BotService,
        sent: Mapping[str, str] | None = None,
        problems: Sequence[FieldProblem] = (),
        found: Found | None = None,
    ) -> "BotForm":
        told = {problem.field: problem.message for problem in problems}
        chats, models = ([_choice(file, sent, told, found) for file in bots.catalog.all(kind)] for kind in ProviderKind)
        sent = sent if sent is not None else _at_first(bots)
        read_as = readings(sent.get("whitelist", ""), sent.get("chat_provider", ""), bots.catalog)
        is_wrong = any(problem.field.startswith("respond_to_whitelist") for problem in problems)
        return cls(sent, told, chats, models, [] if is_wrong else read_as)

    @property
    def elsewhere(self) -> list[tuple[str, str]]:
        """Return the problems that no field of the form shows."""
        picked = {self.sent.get(f"{kind}_provider") for kind in ProviderKind}
        shown = [field.path for each in (*self.chats, *self.models) if each.name in picked for field in each.fields]
        shown += ["user_id", "respond_to_whitelist", "time_zone", PATH, "llm_provider_config.fallbacks", "more"]
        return [
            (at, told)
            for at, told in self.problems.items()
            if not any(at == path or at.startswith(f"{path}.") for path in shown)
        ]

    @property
    def model(self) -> Choice | None:
        """Return the chosen model provider."""
        return next((each for each in self.models if each.name == self.sent.get("model_provider")), None)

    @property
    def whitelist_problems(self) -> list[str]:
        return problems_by_line(self.sent.get("whitelist", ""), self.problems)

    def problem(self, path: str) -> str:
        """Return the error text of a field that does not belong to a provider."""
        return next((told for at, told in self.problems.items() if at == path or at.startswith(f"{path}.")), "")


def texts(form: FormData) -> dict[str, str]:
    """Return the text fields of a form by name. The last value counts if a name occurs twice."""
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def filled_in(bots: BotService, config: BotConfig) -> dict[str, str]:
    """Return the form fields that correspond to a config, without secrets."""
    shown = masked(config, bots.catalog)
    sent = {"user_id": config.user_id, "who": EVERYONE if config.respond_to_whitelist is None else ONLY}
    sent["whitelist"] = "\n".join(config.respond_to_whitelist or ())
    behaviour = dict(shown.get("behaviour_config", {}))
    if config.behaviour_config.autonomy in [value for value, _, _ in AUTONOMIES]:
        sent["autonomy"] = config.behaviour_config.autonomy
        behaviour.pop("autonomy", None)
    for kind, place in _PLACES.items():
        choice = shown[place]
        file = _file(bots, kind, choice["provider_name"])
        sent[f"{kind}_provider"] = file.name if file else choice["provider_name"]
        if file is not None:
            sent |= written(_schema(file), f"{kind}.{file.name}", choice.get("provider_config", {}))
    if fallbacks := shown["llm_provider_config"].get("fallbacks"):
        sent["fallbacks"] = json.dumps(fallbacks, indent=2, ensure_ascii=False)
    sent["time_zone"] = config.time_zone or ""
    price, budget = without_price(shown)
    sent |= price
    apart = (*_OWN_FIELDS, "behaviour_config", "budget_config")
    more = {name: value for name, value in shown.items() if name not in apart}
    more |= {"behaviour_config": behaviour} if behaviour else {}
    more |= {"budget_config": budget} if budget else {}
    sent["more"] = json.dumps(more, indent=2, ensure_ascii=False) if more else ""
    return sent


async def config_of(bots: BotService, sent: Mapping[str, str], before: BotConfig | None = None) -> BotConfig:
    """Return the config that was filled in. An existing bot keeps its user and settings that a form cannot show.

    Raises: InvalidConfig.
    """
    problems: list[FieldProblem] = []
    item = _more(sent.get("more", ""), problems)
    item["user_id"] = sent.get("user_id", "").strip() if before is None else before.user_id
    if sent.get("who") != EVERYONE:
        item["respond_to_whitelist"] = lines(sent.get("whitelist", ""))
    if autonomy := sent.get("autonomy"):
        behaviour = item.setdefault("behaviour_config", {})
        if isinstance(behaviour, dict):
            behaviour.setdefault("autonomy", autonomy)
    for kind, place in _PLACES.items():
        item[place], wrong = _provider(bots, kind, sent, before)
        problems += wrong
    if zone := sent.get("time_zone", "").strip():
        item["time_zone"] = zone
    problems += put_price(item, sent)
    if fallbacks := _json(sent.get("fallbacks", ""), "llm_provider_config.fallbacks", problems):
        item["llm_provider_config"]["fallbacks"] = fallbacks
    if before is not None:
        item = unmasked(item, before.stored)
    if not problems:
        [checked] = check_configs(await with_country_codes([item], bots), bots.catalog, bots.secret, bots.addresses)
        if not isinstance(checked, Rejected):
            return checked
        problems += checked.problems
    raise InvalidConfig(*problems)


def model_of(bots: BotService, sent: Mapping[str, str], before: BotConfig | None = None) -> ProviderChoice:
    """Return only the model that was filled in, unchecked. Raises: InvalidConfig."""
    item, problems = _provider(bots, ProviderKind.MODEL, sent, before)
    bots.catalog.find(ProviderKind.MODEL, item["provider_name"])
    if problems:
        raise InvalidConfig(*problems)
    return ProviderChoice(**item)


def _provider(
    bots: BotService, kind: ProviderKind, sent: Mapping[str, str], before: BotConfig | None
) -> tuple[dict[str, Any], list[FieldProblem]]:
    place, name = _PLACES[kind], sent.get(f"{kind}_provider", "")
    file = _file(bots, kind, name)
    schema = _schema(file) if file is not None else {}
    given, wrong = read(schema, f"{kind}.{name}", f"{place}.provider_config", sent)
    stood = before.stored[place] if before is not None else {}
    if file is not None and file is _file(bots, kind, stood.get("provider_name", "")):
        given = kept(schema, given, stood.get("provider_config", {}))
    return {"provider_name": name, "provider_config": given}, wrong


def _json(text: str, field: str, problems: list[FieldProblem]) -> Any:
    """Return the parsed JSON, or None if the text is empty or not valid."""
    if not text.strip():
        return None
    try:
        return read_json(text)
    except ValueError as error:
        problems.append(FieldProblem(field, str(error)))
        return None


def _more(text: str, problems: list[FieldProblem]) -> dict[str, Any]:
    more = _json(text, "more", problems)
    if more is None:
        return {}
    if not isinstance(more, dict):
        problems.append(FieldProblem("more", "must be a JSON object, such as {}"))
        return {}
    taken = [name for name in _OWN_FIELDS if name in more]
    problems += [FieldProblem("more", f"must not hold {name}, which has its own field above") for name in taken]
    return more


def _at_first(bots: BotService) -> dict[str, str]:
    first = {"who": ONLY, "autonomy": Autonomy.DRAFT.value}
    for kind in ProviderKind:
        usable = [file.name for file in bots.catalog.all(kind) if file.error is None]
        favourite = FAVOURITES[kind]
        first[f"{kind}_provider"] = favourite if favourite in usable else next(iter(usable), "")
    return first


def _choice(
    file: ProviderFile, sent: Mapping[str, str] | None, problems: Mapping[str, str], found: Found | None
) -> Choice:
    place = _PLACES[file.kind]
    chosen = sent is not None and sent.get(f"{file.kind}_provider") == file.name
    made = fields(
        _schema(file), f"{file.kind}.{file.name}", f"{place}.provider_config", sent, problems if chosen else {}
    )
    if lists_models(file):
        made = [replace(field, suggestions=f"{field.id}-list") if field.key == "model" else field for field in made]
    return Choice(
        file.name,
        file.summary,
        made,
        file.error,
        service=Service.of(made, presets_of(file)),
        found=found if found is not None and chosen and found.provider == file.name else None,
    )


def _file(bots: BotService, kind: ProviderKind, name: str) -> ProviderFile | None:
    """Return the usable provider of this name, in any naming style."""
    try:
        return bots.catalog.find(kind, name)
    except InvalidConfig:
        return None


def _schema(file: ProviderFile) -> Mapping[str, Any]:
    return (schema_of(file.config_model) if file.config_model else None) or {}
