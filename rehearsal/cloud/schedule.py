"""Scheduled actions of EC2 Auto Scaling: when each is due, by the clocks of its own time zone.

A recurrence is in the syntax of cron, five fields (EC2 Auto Scaling User Guide, «Recurring schedules»). AWS does not say what it
does at a time that the clocks show twice or never: here such an action runs twice or never.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Action = Mapping[str, Any]  # as DescribeScheduledActions and a template's properties have it
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MINUTE, _QUARTER = timedelta(minutes=1), timedelta(minutes=15)


@dataclass(frozen=True)
class Recurrence:
    """A recurrence, as the values that each of its fields takes."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # Sunday is 0
    either: bool  # cron(5): where days and weekdays are both restricted, one of them suffices

    @classmethod
    def read(cls, text: str) -> Recurrence:
        """A recurrence from its five fields.

        Raises:
            ValueError: it has others, or one of them is no list of numbers, ranges and steps.
        """
        fields = text.split()
        if len(fields) != len(_RANGES):
            raise ValueError(f"the recurrence {text!r} has {len(fields)} fields, cron has {len(_RANGES)}")
        minutes, hours, days, months, weekdays = (
            _values(field, *bounds) for field, bounds in zip(fields, _RANGES, strict=True)
        )
        restricted = not fields[2].startswith("*") and not fields[4].startswith("*")
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), restricted)

    def on(self, local: datetime) -> bool:
        """Whether a local date is one of its days."""
        if local.month not in self.months:
            return False
        day, weekday = local.day in self.days, local.isoweekday() % 7 in self.weekdays
        return (day or weekday) if self.either else (day and weekday)


@lru_cache
def recurrence(text: str) -> Recurrence:
    return Recurrence.read(text)


def due(actions: Sequence[Action], after: datetime, until: datetime) -> Iterator[tuple[datetime, Action]]:
    """The actions that are due at a full minute after one moment and up to another, in the order of their times.

    An action has a Recurrence, and the TimeZone that it is meant in (UTC where it names none). Moments are aware.
    """
    planned: dict[str, dict[int, list[tuple[int, Recurrence, Action]]]] = {}
    for action in actions:
        quarters = planned.setdefault(action.get("TimeZone") or "Etc/UTC", {})
        recurring = recurrence(action["Recurrence"])
        for hour, minute in itertools.product(recurring.hours, recurring.minutes):
            quarters.setdefault(hour * 4 + minute // 15, []).append((minute % 15, recurring, action))
    zones = [(ZoneInfo(zone), quarters) for zone, quarters in sorted(planned.items())]
    # Clocks are a number of quarters of an hour from UTC, and are put forward and back at the full quarter.
    first = after.astimezone(UTC)
    quarter = first.replace(minute=first.minute // 15 * 15, second=0, microsecond=0)
    while quarter <= until:
        found = []
        for zone, quarters in zones:
            local = quarter.astimezone(zone)
            for minutes, recurring, action in quarters.get(local.hour * 4 + local.minute // 15, ()):
                if recurring.on(local):
                    found.append((quarter + minutes * _MINUTE, action))
        yield from ((moment, action) for moment, action in sorted(found, key=_moment) if after < moment <= until)
        quarter += _QUARTER


def _moment(found: tuple[datetime, Action]) -> datetime:
    return found[0]


def _values(field: str, least: int, most: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            low, high = least, most
        else:
            low = int(first)
            high = int(last) if last else (most if step else low)
        if not least <= low <= high <= most or (step and int(step) < 1):
            raise ValueError(f"{part!r} is no part of a recurrence: its numbers go from {least} to {most}")
        found.update(range(low, high + 1, int(step or 1)))
    return frozenset(found)
