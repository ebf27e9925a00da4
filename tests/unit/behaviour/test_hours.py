from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.behaviour.active_hours import is_open, opening
from imposter.contracts.behaviour import WEEK, ActiveHours, Weekday

TIMES = st.times().map(lambda moment: moment.strftime("%H:%M"))
HOURS = st.builds(
    lambda **fields: ActiveHours.model_validate(fields),
    time_zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"]
    ),
    start=TIMES,
    end=TIMES,
    days=st.lists(st.sampled_from(WEEK), min_size=1, unique=True),
)
MOMENTS = st.datetimes(datetime(2011, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))


def hours(start: str, end: str, *days: Weekday, zone: str = "Europe/Berlin") -> ActiveHours:
    return ActiveHours.model_validate({"time_zone": zone, "start": start, "end": end, "days": list(days or WEEK)})


def utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_without_hours_it_is_always_open() -> None:
    assert is_open(None, utc("2026-11-22T03:00"))
    assert opening(None, utc("2026-11-22T03:00")) == utc("2026-11-22T03:00")


@pytest.mark.parametrize(
    ("when", "moment", "opens"),
    [
        # 2026-11-23 is a Monday; Berlin is one hour ahead of UTC.
        (hours("08:00", "22:00"), "2026-11-23T06:59", "2026-11-23T07:00"),
        (hours("08:00", "22:00"), "2026-11-23T07:00", None),
        (hours("08:00", "22:00"), "2026-11-23T20:59", None),
        (hours("08:00", "22:00"), "2026-11-23T21:00", "2026-11-24T07:00"),
        (hours("22:00", "06:00"), "2026-11-23T02:00", None),
        (hours("22:00", "06:00"), "2026-11-23T05:00", "2026-11-23T21:00"),
        (hours("22:00", "06:00", "mon"), "2026-11-23T02:00", "2026-11-23T21:00"),
        (hours("22:00", "06:00", "mon"), "2026-11-24T04:59", None),
        (hours("22:00", "06:00", "mon"), "2026-11-24T05:00", "2026-11-30T21:00"),
        (hours("09:00", "17:00", "wed"), "2026-11-26T12:00", "2026-12-02T08:00"),
        (hours("09:00", "17:00", "sat", "sun"), "2026-11-23T12:00", "2026-11-28T08:00"),
        (hours("00:00", "00:00"), "2026-11-23T23:00", None),
        (hours("00:00", "00:00", "mon"), "2026-11-23T22:59", None),
        (hours("00:00", "00:00", "mon"), "2026-11-23T23:00", "2026-11-29T23:00"),
        (hours("08:00", "08:00", "mon"), "2026-11-24T06:59", None),
        # Local days, not UTC's: Monday morning in Auckland is Sunday in UTC.
        (hours("08:00", "12:00", "mon", zone="Pacific/Auckland"), "2026-11-22T19:30", None),
        # On 2026-03-29 the clock goes from 02:00 (01:00 UTC) to 03:00.
        (hours("02:30", "05:00"), "2026-03-29T00:59", "2026-03-29T01:30"),
        (hours("02:30", "05:00"), "2026-03-29T02:59", None),
        (hours("02:30", "05:00"), "2026-03-29T03:00", "2026-03-30T00:30"),
        (hours("02:30", "03:15", "sun"), "2026-03-28T12:00", "2026-04-05T00:30"),
        (hours("08:00", "22:00"), "2026-03-28T21:00", "2026-03-29T06:00"),
        # On 2026-10-25 it goes from 03:00 (01:00 UTC) back to 02:00.
        (hours("02:30", "05:00"), "2026-10-25T00:29", "2026-10-25T00:30"),
        (hours("02:30", "05:00"), "2026-10-25T01:05", None),
        (hours("01:00", "02:30"), "2026-10-25T01:05", "2026-10-26T00:00"),
        # Samoa had no Friday 2011-12-30.
        (hours("09:00", "10:00", "thu", zone="Pacific/Apia"), "2011-12-29T20:00", "2012-01-04T19:00"),
    ],
)
def test_when_it_opens(when: ActiveHours, moment: str, opens: str | None) -> None:
    assert is_open(when, utc(moment)) == (opens is None)
    assert opening(when, utc(moment)) == utc(opens or moment)


@given(HOURS, MOMENTS, st.floats(0, 1))
def test_the_opening_is_the_first_moment_that_is_open(when: ActiveHours, moment: datetime, part: float) -> None:
    opens = opening(when, moment)
    assert opens >= moment
    assert is_open(when, opens)
    if opens > moment:
        assert not is_open(when, moment)
        between = moment + (opens - moment) * part
        assert between >= opens or not is_open(when, between)
        assert not is_open(when, opens - timedelta(microseconds=1))


@given(HOURS, MOMENTS)
def test_both_ends_the_same_on_every_day_is_always(when: ActiveHours, moment: datetime) -> None:
    always = when.model_copy(update={"end": when.start, "days": [*WEEK]})
    assert is_open(always, moment)
