"""Active hours: the hours of the day in which the bot answers, in their own time zone.

The hours of a day are a span between two moments. A time of day that the clock skips in spring uses the offset from
before the change. Of a time that occurs twice in autumn, the first counts, as in calendars (RFC 5545, 3.3.5).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from imposter.contracts.behaviour import WEEK, ActiveHours

BEHIND = 2
"""Days to look back. Hours may last until the next day, and the local date may jump by one."""
AHEAD = 21
"""Days to look ahead. Only one day a week may be active, and the clock may skip the hours of one week."""


def is_open(hours: ActiveHours | None, moment: datetime) -> bool:
    return hours is None or any(begin <= moment < end for begin, end in _spans(hours, moment))


def opening(hours: ActiveHours | None, moment: datetime) -> datetime:
    """Return `moment` if it is in active hours, else the time at which they next begin, in UTC."""
    if hours is None or is_open(hours, moment):
        return moment
    return min(begin for begin, _ in _spans(hours, moment) if begin > moment)


def _spans(hours: ActiveHours, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Iterate over the active hours of the days around `moment`."""
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
