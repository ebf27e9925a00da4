"""Bar charts. Pure; the template `charts.html` draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100.0
STEP = 10.0
"""Distance between two columns."""
WIDE = 7.5


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in the chart's own units, from the top left. `part` is the index of its series."""

    x: float
    y: float
    height: float
    part: int


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a stacked value for each series."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    unit: str
    series: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def top(self) -> float:
        """Return the height of the tallest column."""
        return max((sum(column.values) for column in self.columns), default=0.0)

    @property
    def width(self) -> float:
        return max(1, len(self.columns)) * STEP

    @property
    def bars(self) -> list[Bar]:
        """Return all bars, without those of height 0."""
        return _bars(self.columns, self.top)


def _bars(columns: Sequence[Column], top: float) -> list[Bar]:
    if top <= 0:
        return []
    made = []
    for place, column in enumerate(columns):
        below = HEIGHT
        for part, value in enumerate(column.values):
            height = HEIGHT * value / top
            below -= height
            if height > 0:
                made.append(Bar(round(place * STEP + (STEP - WIDE) / 2, 2), round(below, 2), round(height, 2), part))
    return made
