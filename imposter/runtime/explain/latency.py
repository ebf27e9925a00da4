"""The latency of answers, by its parts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import median

from imposter.domain.activity import AnswerTiming
from imposter.runtime.explain.answer_trace import Trace


@dataclass(frozen=True, slots=True)
class AnswerLatency:
    """The latency of one answer, in seconds."""

    before: float
    """From the message to the model call: until the sender had finished, including active hours and rate limits."""
    model: float
    after: float
    """From the model's answer until the platform had it, at a person's pace."""

    @property
    def whole(self) -> float:
        return self.before + self.model + self.after


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """The latency of several answers: the median of each part, and the 95th percentile of the whole."""

    before: float
    model: float
    after: float
    p95: float


@lru_cache(maxsize=2048)  # reading a trace takes 20 µs, and a page of figures has a thousand
def times_of(answered: AnswerTiming) -> AnswerLatency | None:
    """Return the latency of an answer; None if its trace does not contain it."""
    trace = Trace.read(answered.trace)
    if trace is None or trace.asked is None or trace.ended is None:
        return None
    steps = (answered.received_at, trace.asked, trace.ended, answered.sent_at)
    before, model, after = (max(0.0, (later - sooner).total_seconds()) for sooner, later in pairwise(steps))
    return AnswerLatency(before, model, after)


def typical(all_times: Sequence[AnswerLatency]) -> LatencySummary | None:
    """Return the summary of these latencies; None if there are none."""
    if not all_times:
        return None
    whole = sorted(times.whole for times in all_times)
    return LatencySummary(
        median(times.before for times in all_times),
        median(times.model for times in all_times),
        median(times.after for times in all_times),
        whole[min(len(whole) - 1, int(len(whole) * 0.95))],
    )
