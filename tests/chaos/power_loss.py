"""What a folder holds after a loss of power, made up from a record of all that was done to it.

A disk keeps what was flushed. Of the rest it may have any sector as it was after any write, or as it was before.
"""

import os
import random
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
COMPILER = shutil.which("cc")
FLUSH_MICROSECONDS = 1_500
SECTORS = (512, 4096)
MOST_GARBAGE = 40_000
"""Bytes."""

_HEAD = struct.Struct("=cQQI")


@dataclass(frozen=True, slots=True)
class Record:
    kind: str
    one: int
    two: int
    data: bytes
    begin: int
    end: int
    """Places in the log."""

    @property
    def places(self) -> tuple[str, str]:
        first, _, second = self.data.partition(b"\0")
        return first.decode(), second.decode()


@dataclass(frozen=True, slots=True)
class Recorder:
    """Of one process and its folder. `journal` is a file that stands for the world outside."""

    library: Path
    log: Path
    folder: Path
    journal: Path

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "POWER_LOSS_LOG": str(self.log),
            "POWER_LOSS_FOLDER": str(self.folder),
            "POWER_LOSS_OUTSIDE": str(self.journal),
            "POWER_LOSS_MICROSECONDS": str(FLUSH_MICROSECONDS),
        }

    def records(self, start: int = 0) -> Iterator[Record]:
        """Those from the place `start`, where one begins, on. All that was seen to have happened is among them."""
        with self.log.open("rb") as file:
            file.seek(start)
            log = file.read()
        place = 0
        while place + _HEAD.size <= len(log):
            kind, one, two, size = _HEAD.unpack_from(log, place)
            begin, place = place, place + _HEAD.size + size
            if place > len(log):
                return  # it is being written
            yield Record(kind.decode(), one, two, log[place - size : place], start + begin, start + place)


def open_recorder(workshop: Path) -> Recorder:
    """Build the recorder. Its folder is yet to be made by whoever is recorded."""
    assert COMPILER is not None
    library = workshop / "power_loss.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
    disk = workshop.resolve() / "disk"
    disk.mkdir()
    journal = workshop.resolve() / "outside.txt"
    journal.touch()
    return Recorder(library, workshop / "power_loss.log", disk, journal)


@dataclass(frozen=True, slots=True)
class _Write:
    position: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Cut:
    position: int
    size: int


class _File:
    def __init__(self) -> None:
        self.flushed = bytearray()
        self.pending: list[_Write | _Cut] = []

    def flush(self, begun: int) -> None:
        for change in self.pending:
            if change.position < begun:
                _apply(self.flushed, change)
        self.pending = [change for change in self.pending if change.position >= begun]

    def after_loss(self, chance: random.Random) -> bytes:
        how = chance.choice(("all", "none", "torn", "torn", "up to"))
        pending = self.pending
        if how == "up to":
            pending = pending[: chance.randint(0, len(pending))]
        content = bytearray(self.flushed)
        if how in ("all", "up to"):
            for change in pending:
                _apply(content, change)
        elif how == "torn":
            content = self._torn(chance)
        return bytes(content)

    def _torn(self, chance: random.Random) -> bytearray:
        """Where a file was cut that did not happen yet, nothing behind it did: it is another file from there on."""
        cuts = [place for place, change in enumerate(self.pending) if isinstance(change, _Cut)]
        happened = self.pending[: chance.choice([*cuts, len(self.pending)])]
        start = max((place + 1 for place, change in enumerate(happened) if isinstance(change, _Cut)), default=0)
        before = bytearray(self.flushed)
        for change in happened[:start]:
            _apply(before, change)
        return _any_sectors(before, [each for each in happened[start:] if isinstance(each, _Write)], chance)


def _any_sectors(before: bytearray, writes: list[_Write], chance: random.Random) -> bytearray:
    """Each sector, and the size, as they were after any of these writes."""
    size = chance.choice(SECTORS)
    now, sizes = bytearray(before), [len(before)]
    sectors: dict[int, list[bytes]] = {}
    for write in writes:
        _apply(now, write)
        sizes.append(len(now))
        for sector in range(write.offset // size, (write.offset + len(write.data) - 1) // size + 1):
            place = sector * size
            known = sectors.setdefault(sector, [bytes(before[place : place + size]).ljust(size, b"\0")])
            known.append(bytes(now[place : place + size]).ljust(size, b"\0"))
    left = bytearray(before).ljust(len(now), b"\0")
    for sector, known in sectors.items():
        left[sector * size : (sector + 1) * size] = chance.choice(known)
    return left[: chance.choice(sizes)]


def _apply(content: bytearray, change: _Write | _Cut) -> None:
    if isinstance(change, _Cut):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data


@dataclass
class _Folder:
    now: "dict[str, _File | _Folder]" = field(default_factory=dict)
    flushed: "dict[str, _File | _Folder]" = field(default_factory=dict)
    pending: "list[tuple[int, dict[str, _File | _Folder | None]]]" = field(default_factory=list)

    def change(self, position: int, names: "dict[str, _File | _Folder | None]") -> None:
        self.pending.append((position, names))
        _rename(self.now, names)

    def flush(self, begun: int) -> None:
        for position, names in self.pending:
            if position < begun:
                _rename(self.flushed, names)
        self.pending = [(position, names) for position, names in self.pending if position >= begun]

    def after_loss(self, chance: random.Random) -> "dict[str, _File | _Folder]":
        """Names keep their order, as in the journal of a file system."""
        names = dict(self.flushed)
        for _, change in self.pending[: chance.randint(0, len(self.pending))]:
            _rename(names, change)
        return names


def _rename(names: "dict[str, _File | _Folder]", change: "dict[str, _File | _Folder | None]") -> None:
    for name, node in change.items():
        names.pop(name, None)
        if node is not None:
            names[name] = node


class Disk:
    """A folder and what was done to it so far.

    Of files whose names match `lies` it says that it has flushed them, and has not.
    """

    def __init__(self, folder: Path, *, lies: str | None = None) -> None:
        self._lies = None if lies is None else re.compile(lies)
        self._place = str(folder)
        self._root = _Folder()
        self._files: dict[int, _File] = {}

    def take(self, record: Record) -> None:
        match record.kind:
            case "A" | "O":
                pass
            case "C":
                file = self._files[record.one] = _File()
                self._name(record, {record.data.decode(): file})
            case "D":
                self._name(record, {record.places[0]: _Folder()})
            case "W":
                self._files[record.one].pending.append(_Write(record.begin, record.two, record.data))
            case "T":
                self._files[record.one].pending.append(_Cut(record.begin, record.two))
            case "S":
                if self._lies is None or not self._lies.search(record.data.decode()):
                    self._flush(record)
            case "L":
                self._name(record, {record.places[1]: self._at(record.places[0])})
            case "R":
                self._name(record, {record.places[0]: None, record.places[1]: self._at(record.places[0])})
            case "U":
                self._name(record, {record.places[0]: None})
            case "X":
                what, place = record.places
                # SQLite has the index of its journal in memory that is shared, and makes it anew after a crash.
                assert what == "mmap", record.places
                assert place.endswith("-shm"), record.places

    def lose_power(self, to: Path, chance: random.Random) -> None:
        """Make the folder `to`, as the disk could be found afterwards."""
        _make(self._root, to, chance)

    def _flush(self, record: Record) -> None:
        if record.one in self._files:
            self._files[record.one].flush(record.two)
        else:
            node = self._at(record.data.decode())
            assert isinstance(node, _Folder)
            node.flush(record.two)

    def _at(self, place: str) -> _File | _Folder:
        node: _File | _Folder = self._root
        for name in Path(os.path.relpath(place, self._place)).parts:
            assert isinstance(node, _Folder)
            node = node.now[name]
        return node

    def _name(self, record: Record, places: "dict[str, _File | _Folder | None]") -> None:
        folders = {str(Path(place).parent) for place in places}
        if len(folders) == 1:
            folder = self._at(folders.pop())
            assert isinstance(folder, _Folder)
            folder.change(record.begin, {Path(place).name: node for place, node in places.items()})
        else:
            raise AssertionError(f"a name moved from folder to folder: {places}")


def _make(folder: _Folder, to: Path, chance: random.Random) -> None:
    to.mkdir()
    for name, node in sorted(folder.after_loss(chance).items()):
        if isinstance(node, _Folder):
            _make(node, to / name, chance)
        elif name.endswith("-shm"):
            (to / name).write_bytes(chance.randbytes(chance.choice((0, MOST_GARBAGE))))
        else:
            (to / name).write_bytes(node.after_loss(chance))
