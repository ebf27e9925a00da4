"""When answers are given: the hours of a day, in the time zone of whoever lives by them.

A day's hours are a span between two moments. A time of day that the clock skips in spring counts by the offset of
before, and of one that comes twice in autumn the first counts, as in calendars (RFC 5545, 3.3.5).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from imposter.contracts.behaviour import WEEK, ActiveHours

BEHIND = 2
"""Days. Hours may last until the next day, and what local date it is may jump by one."""
AHEAD = 21
"""Days. One day a week may be open, and the clock may skip the hours of one week."""


def is_open(hours: ActiveHours | None, moment: datetime) -> bool:
    return hours is None or any(begin <= moment < end for begin, end in _spans(hours, moment))


def opening(hours: ActiveHours | None, moment: datetime) -> datetime:
    """`moment` itself where it is open, else when the hours begin next, in UTC."""
    if hours is None or is_open(hours, moment):
        return moment
    return min(begin for begin, _ in _spans(hours, moment) if begin > moment)


def _spans(hours: ActiveHours, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The hours of the days around `moment`."""
    zone = ZoneInfo(hours.time_zone)
    today = moment.astimezone(zone).date()
    over_midnight = timedelta(days=1 if hours.end <= hours.start else 0)

    for day in (today + timedelta(days=ahead) for ahead in range(-BEHIND, AHEAD + 1)):
        if WEEK[day.weekday()] not in hours.days:
            continue
        begin = _moment(day, hours.start.hour, hours.start.minute, zone)
        end = _moment(day + over_midnight, hours.end.hour, hours.end.minute, zone)
        if begin < end:
            yield begin, end


def _moment(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
