"""Finds what is to be checked: the provider's file, its config and its test harness."""

import importlib
import importlib.util
import inspect
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from imposter.contracts.errors import ImposterError
from imposter.runtime.providers.discovery import ProviderFile, ProviderKind, read_provider
from imposter.testing.chat_harness import ChatHarness
from imposter.testing.model_harness import ModelHarness

FOLDERS = {"chat_providers": ProviderKind.CHAT, "llm_providers": ProviderKind.MODEL}
ROOT = Path(__file__).parents[2]

AnyHarness = TypeVar("AnyHarness", ChatHarness, ModelHarness)


class FileNotUsable(ImposterError):
    """What was given cannot be checked: a sentence for whoever gave it."""


def find_provider(path: Path) -> ProviderFile:
    """The provider in this file. Raises: FileNotUsable, where there is no such file."""
    if not path.is_file():
        raise FileNotUsable(f"There is no file {path}.")
    path = path.resolve()
    kind = FOLDERS.get(path.parent.name)
    return read_provider(kind, path) if kind is not None else _by_its_methods(path)


def _by_its_methods(path: Path) -> ProviderFile:
    """The provider in a file whose folder does not say of which kind it is."""
    chat, model = (read_provider(kind, path) for kind in (ProviderKind.CHAT, ProviderKind.MODEL))
    if chat.error is None or chat.error == model.error:
        return chat
    if model.error is None:
        return model
    return replace(chat, error=f"as a chat provider it {chat.error}; as a model provider it {model.error}")


def read_config(text: str | None) -> dict[str, Any] | None:
    """A config as JSON, or of a file that holds it; None: none was given. Raises: FileNotUsable."""
    if text is None:
        return None
    try:
        config = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text())
    except ValueError as error:
        raise FileNotUsable(f"The config is no JSON: {error}.") from None
    except OSError as error:
        raise FileNotUsable(f"The config is neither a JSON object nor a file: {error.strerror}: {text}") from None
    if not isinstance(config, dict):
        raise FileNotUsable('The config must be a JSON object, such as {"folder": "/tmp/mail"}.')
    return config


def find_harness(module: ModuleType, base: type[AnyHarness], provider: str) -> type[AnyHarness]:
    """The harness in a module: the one that names the provider, else the only one. Raises: FileNotUsable."""
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, base) and value.__module__ == module.__name__
    ]
    named = [harness for harness in found if harness.provider == provider]
    usable = named or [harness for harness in found if not harness.provider]
    if len(usable) != 1:
        raise FileNotUsable(
            f"{module.__file__} must define one subclass of {base.__name__} (imposter.testing) with "
            f'provider = "{provider}", or a single one without a `provider`.'
        )
    return usable[0]


def load_module(path: Path) -> ModuleType:
    """A Python file as a module; one of this project has its own name. Raises: FileNotUsable, or what it raises."""
    path = path.resolve()
    if not path.is_file() or path.suffix != ".py":
        raise FileNotUsable(f"There is no Python file {path}.")
    if path.is_relative_to(ROOT):
        return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    name = f"harness.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "its name ends with .py"  # noqa: S101
    assert spec.loader is not None, "it is a file"  # noqa: S101
    sys.path.append(str(path.parent))  # for what it imports from beside it
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
