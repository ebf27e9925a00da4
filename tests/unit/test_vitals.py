"""The lag of the event loop, measured on a clock that the test turns."""

import asyncio

import pytest

from imposter.clock import SystemClock
from imposter.runtime.metrics import REMEMBERED, ServerMetrics


class LateClock(SystemClock):
    """Its sleeps take longer than they should by what `late` says; after the last it sleeps for good."""

    def __init__(self, late: list[float]) -> None:
        self._late = late
        self._passed = 100.0

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if not self._late:
            raise asyncio.CancelledError
        self._passed += seconds + self._late.pop(0)


@pytest.mark.parametrize(
    ("late", "lag"),
    [
        ([], 0.0),
        ([0.0, 0.25, 0.0], 0.25),
        ([0.5] + [0.125] * REMEMBERED, 0.125),
        ([-0.001], 0.0),
    ],
    ids=["nothing measured", "the longest counts", "a minute later it is forgotten", "early is not late"],
)
async def test_the_lag_is_the_longest_of_the_last_minute(late: list[float], lag: float) -> None:
    server_metrics = ServerMetrics("one", LateClock(late))
    with pytest.raises(asyncio.CancelledError):
        await server_metrics.keep()
    assert server_metrics.loop_lag == lag
