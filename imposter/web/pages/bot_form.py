"""The form that a bot is made with: whose it is, whom it answers, on which platform, with which model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from imposter.cluster.fleet import Fleet
from imposter.contracts.behaviour import Autonomy
from imposter.contracts.config import BotConfig
from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.runtime.config_check import Rejected, check_configs
from imposter.runtime.discovery import Kind, ProviderFile
from imposter.web.api.providers import schema_of
from imposter.web.pages.forms import Field, fields, lines, read, read_json

FAVOURITES = {Kind.CHAT: "whatsAppBaileyes", Kind.MODEL: "openAi"}
"""Chosen before anybody chooses, where they are there."""
ONLY, EVERYONE = "only", "everyone"
AUTONOMIES = (
    (Autonomy.DRAFT, "Ask me first", "Each answer waits for your word. The careful way to begin."),
    (Autonomy.AUTO, "Answer by itself", "Only what would bind you, or is doubtful, waits for your word."),
    (Autonomy.OBSERVE, "Only read along", "It learns how you write, and answers nobody."),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One provider that may be chosen."""

    name: str
    summary: str
    fields: list[Field]
    error: str | None


@dataclass(frozen=True, slots=True)
class BotForm:
    """The form as it was filled in, or as it is at first."""

    sent: Mapping[str, str]
    problems: Mapping[str, str]
    """What is wrong, by the field's path in the config."""
    chats: list[Choice]
    models: list[Choice]

    @classmethod
    def of(cls, bots: Fleet, sent: Mapping[str, str] | None = None, problems: Sequence[FieldProblem] = ()) -> "BotForm":
        told = {problem.field: problem.message for problem in problems}
        chats, models = ([_choice(file, sent, told) for file in bots.catalog.all(kind)] for kind in Kind)
        return cls(sent if sent is not None else _at_first(bots), told, chats, models)

    @property
    def elsewhere(self) -> list[tuple[str, str]]:
        """Problems that no field of the form shows."""
        picked = {self.sent.get(f"{kind}_provider") for kind in Kind}
        shown = [field.path for each in (*self.chats, *self.models) if each.name in picked for field in each.fields]
        shown += ["user_id", "respond_to_whitelist", "more"]
        return [
            (at, told)
            for at, told in self.problems.items()
            if not any(at == path or at.startswith(f"{path}.") for path in shown)
        ]

    def problem(self, path: str) -> str:
        """Of a field that is not a provider's."""
        return next((told for at, told in self.problems.items() if at == path or at.startswith(f"{path}.")), "")


def texts(form: FormData) -> dict[str, str]:
    """What was filled in, by name; of a name that came twice, the last."""
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def config_of(bots: Fleet, sent: Mapping[str, str]) -> BotConfig:
    """Raises: InvalidConfig."""
    problems: list[FieldProblem] = []
    item = _more(sent.get("more", ""), problems)
    item["user_id"] = sent.get("user_id", "").strip()
    if sent.get("who") != EVERYONE:
        item["respond_to_whitelist"] = lines(sent.get("whitelist", ""))
    if autonomy := sent.get("autonomy"):
        behaviour = item.setdefault("behaviour_config", {})
        if isinstance(behaviour, dict):
            behaviour.setdefault("autonomy", autonomy)
    for kind, place in ((Kind.CHAT, "chat_provider_config"), (Kind.MODEL, "llm_provider_config")):
        name = sent.get(f"{kind}_provider", "")
        schema = next((_schema(file) for file in bots.catalog.all(kind) if file.name == name), {})
        given, wrong = read(schema, f"{kind}.{name}", f"{place}.provider_config", sent)
        item[place] = {"provider_name": name, "provider_config": given}
        problems += wrong
    if not problems:
        [checked] = check_configs([item], bots.catalog, bots.secret, bots.addresses)
        if not isinstance(checked, Rejected):
            return checked
        problems += checked.problems
    raise InvalidConfig(*problems)


def _more(text: str, problems: list[FieldProblem]) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        more = read_json(text)
    except ValueError as error:
        problems.append(FieldProblem("more", str(error)))
        return {}
    if not isinstance(more, dict):
        problems.append(FieldProblem("more", "must be a JSON object, such as {}"))
        return {}
    taken = [name for name in ("user_id", "respond_to_whitelist", *_PLACES) if name in more]
    problems += [FieldProblem("more", f"must not hold {name}, which has its own field above") for name in taken]
    return more


_PLACES = ("chat_provider_config", "llm_provider_config")


def _at_first(bots: Fleet) -> dict[str, str]:
    first = {"who": ONLY, "autonomy": Autonomy.DRAFT.value}
    for kind in Kind:
        usable = [file.name for file in bots.catalog.all(kind) if file.error is None]
        favourite = FAVOURITES[kind]
        first[f"{kind}_provider"] = favourite if favourite in usable else next(iter(usable), "")
    return first


def _choice(file: ProviderFile, sent: Mapping[str, str] | None, problems: Mapping[str, str]) -> Choice:
    place = _PLACES[0] if file.kind is Kind.CHAT else _PLACES[1]
    chosen = sent is not None and sent.get(f"{file.kind}_provider") == file.name
    made = fields(
        _schema(file), f"{file.kind}.{file.name}", f"{place}.provider_config", sent, problems if chosen else {}
    )
    return Choice(file.name, file.summary, made, file.error)


def _schema(file: ProviderFile) -> Mapping[str, Any]:
    return (schema_of(file.config_model) if file.config_model else None) or {}
