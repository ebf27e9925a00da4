"""Detection of errors that mean this machine is out of a resource, such as memory. These errors are temporary."""

import errno
from collections.abc import Iterator

_WORDS = {
    errno.EMFILE: "This server may have no more files and connections open: its operator has to raise the bound "
    "(LimitNOFILE or `ulimit -n`).",
    errno.ENFILE: "This machine may have no more files and connections open: its operator has to raise the bound "
    "(fs.file-max).",
    errno.ENOMEM: "This machine has no memory left: its operator has to free some.",
    errno.ENOBUFS: "This machine has no memory left for its network: its operator has to free some.",
    errno.EADDRNOTAVAIL: "This machine has no port left for another connection.",
}
_MOST = 32
"""The most errors of one chain of causes that are examined."""


def shortage(error: BaseException) -> str | None:
    """Return a sentence for the owner about the missing resource; None if the error and its causes name none."""
    for each in _with_causes(error):
        if isinstance(each, OSError) and each.errno in _WORDS:
            return _WORDS[each.errno]
    return None


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and the errors that caused it."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MOST:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        behind = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        # httpcore does not set the cause of its errors; it passes the cause as an argument.
        parts = each.exceptions if isinstance(each, BaseExceptionGroup) else each.args
        waiting += [part for part in (*parts, behind) if isinstance(part, BaseException)]
