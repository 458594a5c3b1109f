"""A date that somebody types into a search box, and a moment in a column."""

import re
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format

_WAYS = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})"),
)


def dates_in(text: str) -> tuple[list[date], str]:
    """The dates of a text, as 2026-03-04 or 4/3/2026, and the rest of it."""
    found: list[date] = []
    rest: list[str] = []
    for word in text.split():
        try:
            match = next(m for way in _WAYS if (m := way.fullmatch(word)))
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            day + timedelta(days=1)  # a day is looked for up to the next one: the last of all has none
            found.append(day)
        except (StopIteration, ValueError, OverflowError):
            rest.append(word)
    return found, " ".join(rest)


def short(moment: datetime) -> str:
    """A moment in the service's time zone, as 04/03/2026 14:05."""
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
