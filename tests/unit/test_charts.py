"""Numbers as bars."""

from imposter.web.pages.charts import Bar, Chart, Column


def chart(*values: tuple[float, ...]) -> Chart:
    return Chart("t", "s", ("a", "b"), tuple(Column(str(place), each) for place, each in enumerate(values)))


def test_the_tallest_column_fills_the_picture_and_parts_stand_upon_each_other() -> None:
    made = chart((1, 1), (0, 4))
    assert made.top == 4
    assert made.width == 20
    assert made.bars == [Bar(1.25, 75.0, 25.0, 0), Bar(1.25, 50.0, 25.0, 1), Bar(11.25, 0.0, 100.0, 1)]


def test_nothing_draws_nothing() -> None:
    assert chart().bars == []
    assert chart((0, 0), (0, 0)).bars == []
    assert chart().width == 10


def test_very_large_and_very_small_numbers_stay_in_the_picture() -> None:
    bars = chart((1e300, 0), (1e-300, 1)).bars
    assert all(0 <= bar.y <= 100 and 0 <= bar.height <= 100 for bar in bars)
