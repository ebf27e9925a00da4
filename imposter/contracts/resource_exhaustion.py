"""Whether an error says that this machine has none left of something: nobody else's fault, and it passes."""

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
"""Errors that are looked at behind one."""


def shortage(error: BaseException) -> str | None:
    """What there is none left of, in a sentence for the owner; None where the error or its causes say nothing of it."""
    for each in _with_causes(error):
        if isinstance(each, OSError) and each.errno in _WORDS:
            return _WORDS[each.errno]
    return None


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """It, and what it was raised for."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MOST:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        behind = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        # httpcore leaves its cause out and has it as its argument alone.
        parts = each.exceptions if isinstance(each, BaseExceptionGroup) else each.args
        waiting += [part for part in (*parts, behind) if isinstance(part, BaseException)]
