"""Readers of exported chats, one file for each app; a file that is put here is found by itself.

A reader is a module with `APP`, what the app is called, and `chats(text)`, which gives the chats in a text, and none
where it is no export of that app. Names that start with `_` are skipped. Readers are asked in the order of their names,
and the first that finds a chat has read it.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import Protocol, cast

from imposter.contracts.errors import ImposterError
from imposter.voice.export import MOST_NAMES, Export, UnreadableExport, joined
from imposter.voice.files import AGAIN, ExportFile, Text, texts


class ExportReader(Protocol):
    """A module of this folder."""

    APP: str

    def chats(self, text: Text) -> list[Export]:
        """Raises: UnreadableExport, where it is an export of this app and there is a cure."""
        ...


class SeveralChats(ImposterError):
    """The files hold more than one chat, and it is not known which is meant. `names`: what they are called."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        shown = ", ".join(repr(name) for name in self.names[:MOST_NAMES])
        more = f" and {len(self.names) - MOST_NAMES} more" if len(self.names) > MOST_NAMES else ""
        super().__init__(f"must be one of the chats in the file: {shown}{more}")


@cache
def readers() -> tuple[ExportReader, ...]:
    """Every reader there is, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(cast("ExportReader", importlib.import_module(f"{__name__}.{name}")) for name in names)


def read(files: Sequence[ExportFile], chat: str | None = None) -> Export:
    """The chat in the files; `chat` says which, where there are several. Raises: UnreadableExport, SeveralChats."""
    found: list[Export] = []
    refused: UnreadableExport | None = None
    for text in texts(files):
        try:
            found += _chats(text)
        except UnreadableExport as error:  # beside a chat there may be documents
            refused = refused or error
    if not found and refused:
        raise refused
    if not found:
        apps = ", ".join(reader.APP for reader in readers() if reader.APP != "WhatsApp")
        raise UnreadableExport(
            f"No message of an exported WhatsApp chat stands in it, nor is it an export of {apps}: {AGAIN}."
        )
    spoken = [export for export in found if export.names]
    if not spoken:
        raise UnreadableExport("It holds no text that anybody wrote, only notices: export a chat with some talk in it.")
    return _one(_grouped(spoken), chat)


def _chats(text: Text) -> list[Export]:
    return next((found for reader in readers() if (found := reader.chats(text))), [])


def _grouped(exports: Sequence[Export]) -> list[Export]:
    """What is of the same chat in one: of the same members, or of the same name."""
    groups: list[list[Export]] = []
    for export in exports:
        group = next((group for group in groups if _is_same(group[0], export)), None)
        if group is None:
            groups.append([export])
        else:
            group.append(export)
    return [joined(group) for group in groups]


def _is_same(one: Export, other: Export) -> bool:
    if one.app == other.app and one.name and one.name == other.name:
        return True
    return set(one.names) == set(other.names)


def _one(exports: Sequence[Export], wanted: str | None) -> Export:
    names = [export.name or ", ".join(export.names[:3]) for export in exports]
    if wanted is None:
        if len(exports) == 1:
            return exports[0]
        raise SeveralChats(names)
    plain = wanted.strip().casefold()
    for fits in (
        lambda name, export: name.casefold() == plain,
        lambda name, export: plain in [each.casefold() for each in export.names],
        lambda name, export: plain in name.casefold(),
    ):
        found = [export for name, export in zip(names, exports, strict=True) if fits(name, export)]
        if len(found) == 1:
            return found[0]
    raise SeveralChats(names)
