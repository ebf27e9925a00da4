"""/metrics as Prometheus reads it."""

from dataclasses import dataclass

import httpx2
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    values: dict[str, float]
    by_status: dict[tuple[str, str], float]

    def __getitem__(self, name: str | tuple[str, str]) -> float:
        return self.values[name] if isinstance(name, str) else self.by_status[name]

    def __contains__(self, name: str) -> bool:
        return name in self.values


async def scrape(api: httpx2.AsyncClient) -> Scrape:
    answer = await api.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    assert samples
    return Scrape(
        {sample.name: sample.value for sample in samples if not sample.labels},
        {(sample.name, sample.labels["status"]): sample.value for sample in samples if "status" in sample.labels},
    )
