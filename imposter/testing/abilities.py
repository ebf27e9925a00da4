"""The abilities that a provider may have, by the names of their methods."""

import inspect
from collections.abc import Callable, Mapping

from imposter.contracts import chat, model
from imposter.runtime.providers.discovery import REQUIRED_METHODS, ProviderFile, ProviderKind
from imposter.testing.check import Failed, require, skip

CHAT_ABILITIES: Mapping[type, str] = {
    chat.Attaches: "it has no store of its own and cannot report changes of the link",
    chat.StopsListening: "a bot cannot be stopped and started again",
    chat.ReportsStatus: "its link counts as connected once it listens",
    chat.LogsOut: "a session stays at the platform when a bot is unlinked",
    chat.SendsWithId: "a send is not repeated after a crash",
    chat.SendsDisappearing: "answers do not disappear with the chat's other messages",
    chat.DerivesMessageIds: "ids of answers have the server's own form",
    chat.ShowsTyping: "contacts do not see that an answer is typed",
    chat.MarksRead: "contacts do not see that their message was read",
    chat.WatchesTyping: "an answer does not wait for a contact who still types",
    chat.DeletesMessages: "an answer cannot be taken back",
    chat.ShowsMarkup: "a model's Markdown goes out as it is",
    chat.LimitsMessages: "no answer is too long for the platform",
    chat.HasOwnChat: "drafts do not reach the owner in a chat with themselves",
    chat.LinksByPairingCode: "an account is not linked by a code to type",
    chat.ForgetsContacts: "it keeps nothing about people that would have to go with them",
    chat.NamesPeople: "an id has only one spelling, and phone numbers are read as such",
    chat.RefusesIds: "any entry of a whitelist is taken",
}
"""Each with what follows for a provider that does not have it."""

MODEL_ABILITIES: Mapping[type, str] = {
    model.AttachesModel: "it has nothing that all bots share, and reads no secret of the server's",
    model.TellsPrivate: "answers are not searched for its instructions and its key",
    model.TakesPrompt: "it is told the turns alone",
    model.Summarises: "a bot has no notes on what was said before",
    model.Judges: "`guard_judge` cannot be used",
    model.ListsModels: "no list of models is shown",
    model.HasPresets: "it knows no services by name",
    model.TellsNotTaken: "the test of a model does not tell what its server refuses",
}


def method_of(ability: type) -> str:
    """The name of the method that makes the ability."""
    [name] = [name for name, value in vars(ability).items() if not name.startswith("_") and _is_method(value)]
    return name


def _is_method(value: object) -> bool:
    return callable(value) or isinstance(value, staticmethod | classmethod)


def abilities_of(file: ProviderFile) -> list[str]:
    """The names of the abilities that the provider has."""
    known = CHAT_ABILITIES if file.kind is ProviderKind.CHAT else MODEL_ABILITIES
    has = [name for name in map(method_of, known) if hasattr(file.provider, name)]
    return [*(["Config"] if file.config_model else []), *has]


def require_ability(file: ProviderFile, known: Mapping[type, str], ability: type) -> None:
    """Raises: Skipped, where the provider does not have the ability."""
    name = method_of(ability)
    if not hasattr(file.provider, name):
        skip(f"It has no `{name}`, which is optional: {known[ability]}.")


def check_methods(file: ProviderFile, provider: type) -> None:
    """Raises: Failed, where a method is misspelled or takes other arguments than the server gives."""
    is_chat = file.kind is ProviderKind.CHAT
    names = {method_of(ability): ability for ability in (CHAT_ABILITIES if is_chat else MODEL_ABILITIES)}
    own = [name for name in dir(provider) if not name.startswith("_") and callable(getattr(provider, name, None))]
    for name in own:
        right = next((right for right in names if _bare(right) == _bare(name)), name)
        require(right in own, f"`{name}` is never called.", f"Call it `{right}`: the server looks for that name.")
    protocol = chat.ChatProvider if is_chat else model.ModelProvider
    for spellings in REQUIRED_METHODS[file.kind]:
        spelling = next(spelling for spelling in spellings if hasattr(provider, spelling))
        _check_arguments(provider, spelling, getattr(protocol, spellings[0]))
    for name, ability in names.items():
        if name in own:
            _check_arguments(provider, name, getattr(ability, name))


def _check_arguments(provider: type, name: str, wanted: Callable[..., object]) -> None:
    names = list(inspect.signature(wanted).parameters)
    try:
        inspect.signature(getattr(provider, name)).bind(*names)
    except TypeError as error:
        given = ", ".join(each for each in names if each != "self")
        static = "" if "self" in names else " under @staticmethod"
        cure = f"Write it as `def {name}({', '.join(names)})`{static}."
        raise Failed(f"`{name}` is called with ({given}) and cannot be: {error}.", cure) from None


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
