"""A server's metrics in Prometheus' text format."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from imposter.cluster.server_info import Figures
from imposter.runtime.costs.pricing import MILLION
from imposter.runtime.metrics import Counts

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(figures: Figures) -> bytes:
    # Imported here because it takes 1.3 MB of memory, which a server without Prometheus does not need.
    from prometheus_client import generate_latest
    from prometheus_client.registry import Collector

    class MetricsSnapshot(Collector):
        def collect(self) -> Iterator["Metric"]:
            return _metrics(figures)

    return generate_latest(MetricsSnapshot())


def _metrics(figures: Figures) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily as Counter
    from prometheus_client.core import GaugeMetricFamily as Gauge
    from prometheus_client.core import SummaryMetricFamily as Summary

    counts, store = figures.counts, figures.store
    bots = Gauge("imposter_bots", "Bots on this server, by the state of their link.", labels=["status"])
    for state, number in figures.bots.items():
        bots.add_metric([state.value], number)
    yield bots
    if figures.waiting is not None:
        yield Gauge("imposter_waiting_messages", "Messages of these bots that wait for an answer.", figures.waiting)
    yield Counter("imposter_answers_sent", "Answers that the platform took.", counts.answers_sent)
    yield Counter(
        "imposter_model_failures", "Calls of a model that failed, also where they were repeated.", counts.model_failures
    )
    yield Counter(
        "imposter_dead_letters", "What a contact did not get, or may not have; never goes down.", counts.dead_letters
    )
    yield Counter("imposter_wrong_keys", "Requests and sign-ins with a wrong key.", counts.wrong_keys)
    yield from _of_models(counts)
    waited = Summary(
        "imposter_answer_seconds",
        "What contacts waited for: before the model was asked, the model, and after it until the platform had the "
        "answer's first part.",
        labels=["part"],
    )
    for part, took in counts.waited.items():
        waited.add_metric([part], took.times, took.seconds)
    yield waited
    yield Counter("imposter_evicted_messages", "Messages that fell out of a bounded queue unanswered.", figures.evicted)
    yield Gauge("imposter_store_waiting_jobs", "Calls that wait for their turn at the database.", store.waiting)
    yield Gauge("imposter_store_reading_jobs", "Calls that read from the database.", store.reading)
    yield Summary("imposter_store_commit_seconds", "Commits and the time they took.", store.commits,
                  store.commit_seconds)  # fmt: skip
    yield Counter("imposter_failed_commits", "Commits that the database did not take.", store.failed_commits)
    yield Gauge("imposter_store_writable", "0 while the database takes nothing.", 0 if store.trouble else 1)
    yield Gauge(
        "imposter_loop_lag_seconds", "Longest of the last minute that a task which was due waited.", figures.loop_lag
    )
    yield Gauge(
        "imposter_clock_jump_seconds",
        "How far this machine's clock has jumped ahead, or back, without being followed; 0 where all is well.",
        figures.clock_jump,
    )
    yield Gauge("imposter_start_time_seconds", "When this server started.", figures.started_at.timestamp())
    if figures.lease is not None:
        report = figures.lease.report
        yield Gauge("imposter_lease_age_seconds", "Since the last renewal that came through.", figures.lease.age)
        yield Counter("imposter_leases_lost", "Leases not renewed in time; every bot was let go.", report.leases_lost)
        yield Counter("imposter_takeovers", "Bots taken because nobody had them.", report.taken_over)
        yield Counter("imposter_bots_given_away", "Bots given to the other servers.", report.given_away)
        yield Counter("imposter_remote_commands", "What was done for other servers' callers.", report.remote_commands)


def _of_models(counts: Counts) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily as Counter

    calls = Counter("imposter_model_calls", "Answers of models whose tokens or price are known.", labels=["model"])
    tokens = Counter("imposter_model_tokens", "What models read and wrote.", labels=["model", "kind"])
    money = Counter("imposter_model_cost", "What calls of known price cost.", labels=["model", "currency"])
    for model, used in counts.models.items():
        calls.add_metric([model], used.calls)
        for kind in ("input", "cached_input", "output"):
            tokens.add_metric([model, kind], getattr(used, kind))
    for (model, currency), cost in counts.money.items():
        money.add_metric([model, currency], cost / MILLION)
    yield from (calls, tokens, money)
