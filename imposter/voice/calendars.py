"""Days of the calendars that phones write their dates in, told apart by the year alone."""

from datetime import date

EARLIEST, LATEST = 2009, 2199
"""Years. WhatsApp began in 2009."""
BUDDHIST = 543
"""Years that Thailand is ahead."""
_JALALI, _HIJRI = range(1388, 1430), range(1430, 1575)
"""Iran's years from 2009 to 2051, and those of the Islamic calendar since 2009."""
_MINGUO = range(98, 289)
"""Taiwan's, from 2009 on; below 100 they look like others' short years."""
_SHORT_BUDDHIST, _SHORT_JALALI = range(52, 88), range(88, 100)
"""Years of two digits that would be too far in the future."""


def day_of_calendar(year: int, month: int, day: int) -> date | None:
    """The day in our calendar; None where there is no such day since WhatsApp began."""
    if year in _SHORT_BUDDHIST:
        year += 2500
    elif year in _SHORT_JALALI:
        year += 1300
    elif year < 100:
        year += 2000
    elif year in _MINGUO:
        year += 1911
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if year in _JALALI:
        return _of_jalali(year, month, day)
    if year in _HIJRI:
        return _of_hijri(year, month, day)
    if year > LATEST:
        year -= BUDDHIST
    try:
        return date(year, month, day) if EARLIEST <= year <= LATEST else None
    except ValueError:
        return None


def _of_jalali(year: int, month: int, day: int) -> date | None:
    """By the cycle of 33 years, which is right from 1799 to 2256."""
    if day > (31 if month < 7 else 30):
        return None
    years = year + 1595
    days = years * 365 + years // 33 * 8 + (years % 33 + 3) // 4
    days += (month - 1) * 31 if month < 7 else (month - 7) * 30 + 186
    return date.fromordinal(days + day - 356_033)


def _of_hijri(year: int, month: int, day: int) -> date | None:
    """By the tables, which may be a day beside what is announced."""
    if day > 30:
        return None
    return date.fromordinal(227_014 + (year - 1) * 354 + (3 + 11 * year) // 30 + 29 * (month - 1) + month // 2 + day)
