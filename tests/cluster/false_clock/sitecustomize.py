"""Python reads this before everything else, where this folder is on its path: from then on its time of day is wrong.

By FALSE_CLOCK seconds, or by those in the file of that name, which may change meanwhile.
The monotonic clock goes on as it should, as it does where a machine's time of day is wrong.
(libfaketime, which needs no such thing, makes a server of several threads stand still for seconds.)
"""

import datetime as module
import os
import time
from datetime import datetime as _datetime
from typing import Any, Self

_given = os.environ["FALSE_CLOCK"]
_time = time.time


def _offset() -> float:
    if not _given.startswith("/"):
        return float(_given)
    with open(_given, encoding="utf-8") as file:
        return float(file.read())


class _Kind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _datetime)


class _FalseDatetime(_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: module.tzinfo | None = None) -> Self:
        return super().now(tz) + module.timedelta(seconds=_offset())


def _false_time() -> float:
    return _time() + _offset()


_changed: Any = module
_changed.datetime = _FalseDatetime
time.time = _false_time
