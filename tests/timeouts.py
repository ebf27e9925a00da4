"""How long tests wait, and how often they look."""

from collections.abc import Iterator

FACT = 60.0
"""Seconds that a fact has to become true: a machine with much else to do takes many times what an idle one takes.

Nothing is waited for longer than it takes. A whole test has the time that pyproject.toml gives it.
"""
FACT_MS = FACT * 1000
"""The same for a browser, which counts in milliseconds."""


def pauses(longest: float = 0.1) -> Iterator[float]:
    """Seconds between two looks at a fact: none is overslept by much, and who waits long takes no time from others."""
    pause = 0.002
    while True:
        yield pause
        pause = min(pause * 1.5, longest)
