"""Discovery of provider files: each file in the folder is one provider; there is no list to maintain.

Names that start with `_` are skipped. The provider's name is the file's; it is found in either naming style
(`my_platform`, `myPlatform`). The class is the one that the file defines with the required methods; of several, the
one called `Provider`, `LlmProvider` or after the file (`MyPlatformProvider`). A file that cannot be used is reported
with its reason and does not affect the others.
"""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import structlog
from pydantic import BaseModel

from imposter.contracts.errors import FieldProblem, InvalidConfig

log = structlog.get_logger()


class ProviderKind(StrEnum):
    CHAT = "chat"
    MODEL = "model"


REQUIRED_METHODS = {
    ProviderKind.CHAT: (("start_listening", "startListening"), ("sendMessage", "send_message")),
    ProviderKind.MODEL: (("reply",),),
}
"""The required methods, each with its allowed spellings."""

_CONSTRUCTOR_ARGUMENTS: dict[ProviderKind, tuple[object, ...]] = {
    ProviderKind.CHAT: ("user", {}, {}),
    ProviderKind.MODEL: ("user", {}),
}


@dataclass(frozen=True, slots=True)
class ProviderFile:
    """A file of a provider folder. `error` says in one line why it cannot be used."""

    kind: ProviderKind
    name: str
    summary: str = ""
    provider: type | None = None
    config_model: type[BaseModel] | None = None
    error: str | None = None


class Catalog:
    """The providers that were found."""

    def __init__(self, files: Iterable[ProviderFile]) -> None:
        self._files = tuple(files)

    def all(self, kind: ProviderKind) -> tuple[ProviderFile, ...]:
        """Return all files of one kind, including the unusable ones, by name."""
        return tuple(file for file in self._files if file.kind is kind)

    def find(self, kind: ProviderKind, name: str) -> ProviderFile:
        """Return the usable provider of this name. Raises: InvalidConfig for field `provider_name`."""
        files = self.all(kind)
        wanted = _styleless(name)
        same = [file for file in files if file.name == name] or [f for f in files if _styleless(f.name) == wanted]
        if not same:
            near = get_close_matches(wanted, [_styleless(file.name) for file in files], n=1)
            names = [file.name for file in files]
            hint = next((f"did you mean {f.name!r}?" for f in files if near and _styleless(f.name) == near[0]), "")
            cure = hint or f"there are: {', '.join(names)}"
            raise InvalidConfig(FieldProblem("provider_name", f"no {kind} provider has this name; {cure}"))
        if len(same) > 1:
            names = [file.name for file in same]
            raise InvalidConfig(FieldProblem("provider_name", f"could mean {' or '.join(names)}: spell it exactly"))
        if same[0].error:
            raise InvalidConfig(FieldProblem("provider_name", f"{same[0].name} cannot be used: {same[0].error}"))
        return same[0]


def discover(kind: ProviderKind, folder: Path) -> tuple[ProviderFile, ...]:
    """Return every provider file of `folder`, by name. The folder's name is the package of its files."""
    paths = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    return tuple(read_provider(kind, path) for path in paths)


def discover_all(root: Path) -> Catalog:
    """Return the providers in `root`/chat_providers and `root`/llm_providers."""
    return Catalog(
        (*discover(ProviderKind.CHAT, root / "chat_providers"), *discover(ProviderKind.MODEL, root / "llm_providers"))
    )


def read_provider(kind: ProviderKind, path: Path) -> ProviderFile:
    """One provider file, wherever it lies; what keeps it from being used is its `error`."""
    name = path.stem
    try:
        module = _load(path)
        provider = _provider_class(kind, module, name)
    except _Unusable as error:
        return _reported(ProviderFile(kind, name, error=str(error)))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a foreign file may raise anything
        return _reported(ProviderFile(kind, name, error=_one_line(error, path)))
    config_model = getattr(provider, "Config", None)
    if not (inspect.isclass(config_model) and issubclass(config_model, BaseModel)):
        config_model = None
    summary = (inspect.getdoc(module) or inspect.getdoc(provider) or "").partition("\n")[0]
    return ProviderFile(kind, name, summary, provider, config_model)


def _reported(file: ProviderFile) -> ProviderFile:
    log.error("provider file cannot be used", kind=file.kind, name=file.name, error=file.error)
    return file


def _load(path: Path) -> ModuleType:
    name = f"{path.parent.name}.{path.stem}"
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise _Unusable("is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:  # noqa: BLE001 - raised again; a half-loaded module must not remain
        del sys.modules[name]
        raise
    return module


class _Unusable(Exception):
    """The file loads but defines no usable provider."""


def _provider_class(kind: ProviderKind, module: ModuleType, name: str) -> type:
    required = REQUIRED_METHODS[kind]
    wanted = " and ".join(spellings[0] for spellings in required)
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and not value.__name__.startswith("_")
        and all(any(callable(getattr(value, spelling, None)) for spelling in spellings) for spellings in required)
    ]
    if not classes:
        raise _Unusable(f"defines no class with {wanted}")
    if len(classes) > 1:
        titles = {"provider", "llmprovider", f"{_styleless(name)}provider", _styleless(name)}
        named = [value for value in classes if _styleless(value.__name__) in titles]
        if len(named) != 1:
            raise _Unusable(f"defines several classes with {wanted}: call the one that is meant Provider")
        classes = named
    try:
        inspect.signature(classes[0]).bind(*_CONSTRUCTOR_ARGUMENTS[kind])
    except TypeError as error:
        takes = "user_id, config, user_queues" if kind is ProviderKind.CHAT else "user_id, config"
        raise _Unusable(f"{classes[0].__name__} must be made with ({takes}): {error}") from None
    return classes[0]


def _styleless(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _one_line(error: BaseException, path: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError) and error.lineno:
        lines = [error.lineno]
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}{where}"
