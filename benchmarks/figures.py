"""A figure: what was measured of the product and of its floor, and how it reads in a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

ENOUGH_FOR_P95 = 20
HEADER = (
    "| what | floor | product | ratio | target | n |",
    "| --- | --- | --- | --- | --- | --- |",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one quantity; `floor` is the least it could be, measured in the same run. Both in `unit`.

    The target is a number for people: nothing is asserted. `note` says in a few words what the floor is.
    """

    what: str
    unit: str
    product: Sequence[float]
    floor: Sequence[float] = ()
    target: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Product to floor, median to median."""
        return median(self.product) / median(self.floor) if self.floor else None

    def row(self) -> str:
        floor = f"{_spread(self.floor, self.unit)}{self.note and f', {self.note}'}" if self.floor else ""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        product = _spread(self.product, self.unit)
        return f"| {self.what} | {floor} | {product} | {ratio} | {self.target} | {len(self.product)} |"


def table(figures: Iterable[Figure]) -> str:
    """Markdown."""
    return "\n".join((*HEADER, *(figure.row() for figure in figures)))


def percentile(samples: Sequence[float], percent: int) -> float:
    """By nearest rank."""
    return sorted(samples)[max(0, -(-len(samples) * percent // 100) - 1)]


def _spread(samples: Sequence[float], unit: str) -> str:
    """The median; of many samples with their p95, of a few with their ends."""
    middle = f"{_short(median(samples))} {unit}"
    if len(samples) >= ENOUGH_FOR_P95:
        return f"{middle} (p95 {_short(percentile(samples, 95))})"
    return middle if len(samples) == 1 else f"{middle} ({_short(min(samples))}-{_short(max(samples))})"


def _short(value: float) -> str:
    """Three digits, more before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
