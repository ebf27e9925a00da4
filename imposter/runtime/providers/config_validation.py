"""Validation of configs before providers are created from them.

Each problem is named by its full path (`llm_provider_config.provider_config.api_key`) with its fix. Submitted values
are never repeated, because they may be secret or very long.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any

from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from imposter import phone_numbers
from imposter.contracts.chat import RefusesIds
from imposter.contracts.config import BotConfig, ProviderChoice, inheriting
from imposter.contracts.errors import FieldProblem, InvalidConfig
from imposter.contracts.url_guard import AddressGuard
from imposter.runtime.providers.chat_adapter import canonical_ids
from imposter.runtime.providers.discovery import Catalog, ProviderKind
from imposter.runtime.providers.model_adapter import judges
from imposter.runtime.providers.secret_masking import choices_of, classes_in, fields_of, masks_in

MAX_PROBLEMS = 20
"""Maximum number of problems reported for one config."""

MAX_PROBLEMS_AT_ONCE = 1000
"""Maximum number of problems reported for all configs of one request, but at least one for each config.

Reporting takes time and fills the response.
"""

LISTED_FOR_ONE = 100
"""If a model has more than this many errors for each one reported, only their number is reported.

pydantic lists all errors or none, which takes 1.7 microseconds each (pydantic 2.14), and 1 MiB can hold 500,000.
"""

MAX_MESSAGE = 500
MAX_PATH = 256
"""Maximum characters: a provider's own check may return a text of any length, and a path may be as deep as the body."""

CURES: Mapping[str, str] = {
    "missing": "is required",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "list_type": "must be a list, in brackets",
    "string_type": "must be text: put it in quotation marks",
    "bool_type": "must be true or false, without quotation marks",
    "int_type": "must be a whole number, without quotation marks",
    "float_type": "must be a number, without quotation marks",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
}
"""Messages by pydantic's error code, used in place of pydantic's own."""

EMPTY = "must not be empty"

ReadSecret = Callable[[str], SecretStr | None]
Context = Mapping[str, Any]
Models = tuple[type[BaseModel], ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A config that cannot be used, with its problems. `user_id` is None if it is not valid."""

    user_id: str | None
    problems: tuple[FieldProblem, ...]


def check_configs(
    items: Sequence[JsonValue],
    catalog: Catalog,
    secret: ReadSecret,
    addresses: AddressGuard = AddressGuard(),  # noqa: B008 - frozen, and the strictest there is
) -> list[BotConfig | Rejected]:
    """Return each item as a config or with its problems, in the order given.

    `secret` reads the server's environment: a provider's model does not require a key that is set there. `addresses`
    holds the addresses that a config may make this server connect to. Providers' models find both in their validation
    context.
    """
    context = {"secret": secret, "addresses": addresses}
    times = Counter(user_id for item in items if (user_id := _user_id(item)) is not None)
    limit = max(1, min(MAX_PROBLEMS, MAX_PROBLEMS_AT_ONCE // max(1, len(items))))
    return [_check(item, times, catalog, context, limit) for item in items]


def field_problems(error: ValidationError, model: type[BaseModel], *path: str) -> tuple[FieldProblem, ...]:
    """Return the errors of `model` in words for the caller. `path` is the place of the model in the request."""
    return _first(_named(error, model, *path, limit=MAX_PROBLEMS), MAX_PROBLEMS)


def _named(error: ValidationError, model: type[BaseModel], *path: str, limit: int) -> Iterator[FieldProblem]:
    if error.error_count() > limit * LISTED_FOR_ONE:
        yield FieldProblem(_dotted(*path), f"has {error.error_count()} problems, too many to name")
        return
    for found in error.errors(include_url=False, include_input=False, include_context=False):
        location = found["loc"]
        message = cure_of(found["type"], found["msg"])
        if message == EMPTY and isinstance(location[-1], int):
            message = "is empty; leave it out"
        elif found["type"] == "extra_forbidden":
            message = unknown(str(location[-1]), fields_of(_models_at(model, location[:-1])))
        yield FieldProblem(_dotted(*path, *location), message)


def _first(problems: Iterable[FieldProblem], limit: int) -> tuple[FieldProblem, ...]:
    """Return the first `limit` problems, and a note if there are more. The rest is not even formatted."""
    named = tuple(islice(problems, limit + 1))
    return named if len(named) <= limit else (*named[:limit], FieldProblem("", "there are more problems, not named"))


def cure_of(kind: str, message: str) -> str:
    """Return the message for pydantic's error of this kind, with the fix if pydantic's own message has none."""
    if kind == "string_too_short" and "at least 1 " in message:
        return EMPTY
    return CURES.get(kind) or worded(message)


def worded(message: str) -> str:
    """Return pydantic's message as the end of a sentence that begins with the field's name, cut to MAX_MESSAGE."""
    return message.removeprefix("Value error, ").removeprefix("Input ")[:MAX_MESSAGE]


def _check(
    item: JsonValue, times: Counter[str], catalog: Catalog, context: Context, limit: int
) -> BotConfig | Rejected:
    user_id = _user_id(item)
    try:
        config = BotConfig.model_validate(item)
    except ValidationError as error:
        return Rejected(user_id, _first(_named(error, BotConfig, limit=limit), limit))
    problems = _first(_problems_of(config, times, catalog, context, limit), limit)
    return Rejected(user_id, problems) if problems else config


def _problems_of(
    config: BotConfig, times: Counter[str], catalog: Catalog, context: Context, limit: int
) -> Iterator[FieldProblem]:
    if times[config.user_id] > 1:
        yield FieldProblem("user_id", "stands more than once in this request; send each user once")
    id_problem = _id_check(config.chat_provider_config.provider_name, catalog)
    for place, contact in enumerate(config.respond_to_whitelist or ()):
        if wrong := _number_problem(contact) or id_problem(contact):
            yield FieldProblem(_dotted("respond_to_whitelist", place), worded(wrong))
    canonical = _spelling(config.chat_provider_config.provider_name, catalog)
    first: dict[str, int] = {}
    for place, entry in enumerate(config.contacts):
        if wrong := _number_problem(entry.id) or id_problem(entry.id):
            yield FieldProblem(_dotted("contacts", place, "id"), worded(wrong))
        elif (before := first.setdefault(canonical(entry.id), place)) != place:
            yield FieldProblem(_dotted("contacts", place, "id"), f"names whom contacts.{before} names; make them one")
    yield from _judge_problems(config, catalog)
    for path, kind, choice in choices_of(config):
        main = config.llm_provider_config
        whole = inheriting(choice, main) if kind is ProviderKind.MODEL and choice is not main else choice
        yield from _check_choice(path, kind, whole, catalog, context, limit)


def _judge_problems(config: BotConfig, catalog: Catalog) -> Iterator[FieldProblem]:
    provider = config.llm_provider_config.provider_name
    wanted = {_dotted("behaviour_config", "guard_judge"): (config.behaviour_config.guard_judge, provider)}
    for at, entry in enumerate(config.contacts):
        own = entry.llm_provider_config
        wanted[_dotted("contacts", at, "guard_judge")] = entry.guard_judge, own.provider_name if own else provider
    for field, (judged, name) in wanted.items():
        with suppress(InvalidConfig):  # a missing provider is reported as a problem of its own
            if judged and not judges(catalog.find(ProviderKind.MODEL, name)):
                yield FieldProblem(field, f"needs a model provider that can judge answers, and {name} cannot")


def check_model(choice: ProviderChoice, catalog: Catalog, secret: ReadSecret, addresses: AddressGuard) -> None:
    """Check an `llm_provider_config`. Raises: InvalidConfig."""
    context = {"secret": secret, "addresses": addresses}
    found = _check_choice(("llm_provider_config",), ProviderKind.MODEL, choice, catalog, context, MAX_PROBLEMS)
    if problems := _first(found, MAX_PROBLEMS):
        raise InvalidConfig(*problems)


def contact_problem(contact: str, chat_provider: str, catalog: Catalog) -> str | None:
    """Return why `contact` cannot be an id on this platform, with the fix; None if it can."""
    return _number_problem(contact) or _id_check(chat_provider, catalog)(contact)


def read_as(contact: str, chat_provider: str, catalog: Catalog) -> str | None:
    """Return the phone number that `contact` means on this platform, in groups of digits; None if it is another id."""
    spelled = _spelling(chat_provider, catalog)(contact)
    with suppress(ValueError):
        number = phone_numbers.read(contact)
        if spelled != contact and spelled.partition("@")[0] == number:
            return phone_numbers.shown(number)
    return None


def _number_problem(contact: str) -> str | None:
    return phone_numbers.problem(contact) if contact.strip() else "is empty; leave it out"


def _id_check(chat_provider: str, catalog: Catalog) -> Callable[[str], str | None]:
    """Return the platform's check of an id."""
    try:
        provider = catalog.find(ProviderKind.CHAT, chat_provider).provider
    except InvalidConfig:
        return lambda contact: None
    if provider is None or not issubclass(provider, RefusesIds):
        return lambda contact: None

    def check(contact: str) -> str | None:
        try:
            return provider.id_problem(contact)
        except Exception as error:  # noqa: BLE001 - a drop-in's own check may raise anything; only its item fails
            return f"could not be checked: the provider's own check broke ({type(error).__name__})"

    return check


def _spelling(chat_provider: str, catalog: Catalog) -> Callable[[str], str]:
    """Return the function that gives an id its canonical spelling. An id that breaks the provider stays as it is."""
    try:
        spelled = canonical_ids(catalog.find(ProviderKind.CHAT, chat_provider))
    except InvalidConfig:
        return lambda contact: contact

    def spell(contact: str) -> str:
        try:
            return spelled(contact)
        except Exception:  # noqa: BLE001 - a drop-in may raise anything; making the bot's rules fails on it, too
            return contact

    return spell


def _check_choice(
    at: tuple[str | int, ...],
    kind: ProviderKind,
    choice: ProviderChoice,
    catalog: Catalog,
    context: Context,
    limit: int,
) -> Iterator[FieldProblem]:
    try:
        model = catalog.find(kind, choice.provider_name).config_model
    except InvalidConfig as error:
        yield from (FieldProblem(_dotted(*at, problem.field), problem.message) for problem in error.problems)
        return
    path = (*at, "provider_config")
    for place in masks_in(choice.provider_config):
        yield FieldProblem(_dotted(*path, *place), "is the mask that is shown in place of a secret; send the secret")
    if model is None:
        return
    try:
        model.model_validate(choice.provider_config, context=context)
    except ValidationError as error:
        yield from _named(error, model, *map(str, path), limit=limit)
    except Exception as error:  # noqa: BLE001 - a drop-in's own checks may raise anything; only its item fails
        yield FieldProblem(
            _dotted(*path), f"could not be checked: the provider's own check broke ({type(error).__name__})"
        )


def _user_id(item: JsonValue) -> str | None:
    user_id = item.get("user_id") if isinstance(item, dict) else None
    return user_id if isinstance(user_id, str) and len(user_id) <= 128 else None


def _dotted(*path: str | int) -> str:
    """Return `path` in one line, cut to a readable length."""
    names = (str(name) if len(str(name)) <= 64 else f"{str(name)[:64]}..." for name in path)
    return ".".join(name if name.isprintable() else ascii(name)[1:-1] for name in names)[:MAX_PATH]


def unknown(name: str, known: Collection[str]) -> str:
    """Return the message for a field that is none of those `known`."""
    if near := get_close_matches(name[:64].lower(), known, n=1):
        return f"is not known here; did you mean {near[0]!r}?"
    return f"is not known here; known are: {', '.join(known)}" if known else "is not known here"


def _models_at(model: type[BaseModel], location: Sequence[str | int]) -> Models:
    """Return the models at `location` of `model`; none if the path leads through something else."""
    models: Models = (model,)
    for name in location:
        known = fields_of(models)
        if name in known:
            models = _models_in(known[str(name)])
        elif not isinstance(name, int) and name not in {model.__name__ for model in models}:
            return ()
    return models


def _models_in(annotation: Any) -> Models:
    return tuple(kind for kind in classes_in(annotation) if issubclass(kind, BaseModel))
