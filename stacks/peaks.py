"""Peaks: hours of the day, on the clocks of the deployment's time zone, in which a group keeps more machines than at others."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stacks.values import SettingsError

AHEAD = 10  # minutes before a peak's begin at which its machines are launched; docs/decisions/size-of-the-group.md
_DAY = 24 * 60
_EXAMPLE = "08:00-09:00=6,13:00-14:00=6,20:00-21:00=6"
_FORM = re.compile(r"(?P<from>([01]\d|2[0-3]):[0-5]\d)-(?P<to>([01]\d|2[0-3]):[0-5]\d)=(?P<machines>[1-9]\d{0,2})")
_MOST = 24  # peaks; EC2 Auto Scaling has 125 scheduled actions a group at most
_YEARS = range(2025, 2038)  # whose changes of the clocks are looked at; fixed, since synth knows no time


@dataclass(frozen=True)
class Peak:
    """From a minute of the day to another, past midnight too, with so many machines at least."""

    begin: int
    end: int
    machines: int

    @property
    def minutes(self) -> int:
        return (self.end - self.begin) % _DAY

    def has(self, minute: int) -> bool:
        return (minute - self.begin) % _DAY < self.minutes

    def launches(self, minute: int) -> bool:
        """Whether its machines are to be there in a minute of the day: in the peak, and ahead of it."""
        return (minute - self.begin + AHEAD) % _DAY < self.minutes + AHEAD

    def __str__(self) -> str:
        return f"{clock(self.begin)}-{clock(self.end)}={self.machines}"


def clock(minute: int) -> str:
    """A minute of the day as a clock shows it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def peaks(name: str, value: Any) -> tuple[Peak, ...]:
    """Peaks as a text, `BEGIN-END=MACHINES` with commas between: 08:00-09:00=6,22:00-02:00=4. None where it is empty.

    Raises:
        SettingsError: a peak is malformed, has no length, or overlaps another; the message says what to write.
    """
    given = [part.strip() for part in str(value).split(",")] if str(value).strip() else []
    found = [_peak(name, part) for part in given]
    for one, other in itertools.combinations(sorted(found, key=lambda each: each.begin), 2):
        if one.begin == other.begin:
            raise SettingsError(f"{name}: {one} and {other} overlap: write one peak for both")
        for first, second in ((one, other), (other, one)):
            if first.has(second.begin):
                cut = Peak(first.begin, second.begin, first.machines)
                raise SettingsError(
                    f"{name}: {first} and {second} overlap: let the first end before the second begins, for example {cut}"
                )
    if len(found) > _MOST:
        raise SettingsError(f"{name}: {len(found)} peaks are too many: write {_MOST} at most")
    return tuple(found)


def sizes(found: Sequence[Peak], least: int) -> list[tuple[int, int]]:
    """The minutes of the day at which the group's minimum changes, in their order, each with the minimum from then on.

    `least` is the minimum outside of the peaks. No minute is there twice: AWS refuses a group two actions of one time.
    """

    def at(minute: int) -> int:
        return max((peak.machines for peak in found if peak.launches(minute)), default=least)

    candidates = {minute % _DAY for peak in found for minute in (peak.begin - AHEAD, peak.end)}
    return [(minute, at(minute)) for minute in sorted(candidates) if at(minute) != at((minute - 1) % _DAY)]


def misfits(found: Sequence[Peak], *, least: int, most: int, zone: str, of: str = "machines") -> list[str]:
    """What is wrong between peaks and the bounds of what they are made of (machines, pods), or the time zone: a sentence each."""
    errors = []
    for peak in found:
        if peak.machines > most:
            errors.append(
                f"peaks: {peak} asks for more than max_{of}={most}: give a larger one, "
                f"for example: -c max_{of}={peak.machines}"
            )
        if peak.machines < least:
            errors.append(
                f"peaks: {peak} asks for fewer than min_{of}={least}, which are there at all times: "
                f"leave it out, or give a smaller one, for example: -c min_{of}={peak.machines}"
            )
    if not found:
        return errors
    if all(any(peak.launches(minute) for peak in found) for minute in range(_DAY)):
        errors.append(
            f"peaks: they leave no minute of the day without (their {of} come {AHEAD} minutes ahead): "
            f"keep the least of them at all times, for example: -c min_{of}={min(peak.machines for peak in found)}"
        )
    clocks = _Clocks(zone)
    for peak in found:
        for what, minute in (("begins", peak.begin - AHEAD), ("ends", peak.end)):
            if clocks.move_over(time := minute % _DAY):
                ahead = f", {AHEAD} minutes of launching before it" if what == "begins" else ""
                errors.append(
                    f"peaks: {peak} {what}{ahead} at {clock(time)}, which clocks of timezone={zone!r} show twice or never on some "
                    f"day of the year: let it be before or after, for example {clock(_out_of(clocks, time, what))}"
                )
    return errors


def _peak(name: str, text: str) -> Peak:
    if not (form := _FORM.fullmatch(text)):
        raise SettingsError(
            f"{name}: {text!r} is no peak: write the times of day at which it begins and ends (midnight is 00:00), and its "
            f"machines, for example: -c {name}={_EXAMPLE}"
        )
    begin, end = (int(form[side][:2]) * 60 + int(form[side][3:]) for side in ("from", "to"))
    if begin == end:
        raise SettingsError(
            f"{name}: {text!r} ends when it begins: a peak has an end of its own, and what is there all day is min_machines"
        )
    return Peak(begin, end, int(form["machines"]))


class _Clocks:
    """The clocks of a time zone, on the days on which they are put forward or back."""

    def __init__(self, zone: str) -> None:
        there = ZoneInfo(zone)
        first, last = (datetime(year, 1, 1, tzinfo=there) for year in (_YEARS.start, _YEARS.stop))
        weeks = [first + timedelta(days=day) for day in range(0, (last - first).days, 7)]
        changed = [week for week in weeks if _changes(week, timedelta(days=7))]
        days = [week + timedelta(days=day) for week in changed for day in range(7)]
        self._days = [day for day in days if _changes(day, timedelta(days=1))]

    def move_over(self, minute: int) -> bool:
        """Whether they show a minute of the day twice or never on some day: then it has two offsets (PEP 495)."""
        moments = [day + timedelta(minutes=minute) for day in self._days]
        return any(moment.utcoffset() != moment.replace(fold=1).utcoffset() for moment in moments)


def _changes(moment: datetime, length: timedelta) -> bool:
    return moment.utcoffset() != (moment + length).utcoffset()


def _out_of(clocks: _Clocks, minute: int, what: str) -> int:
    """The nearest time of day that is there once every day: earlier for a begin, later for an end; a begin's with what is ahead."""
    step = -1 if what == "begins" else 1
    while clocks.move_over(minute % _DAY):
        minute += step
    return (minute + (AHEAD if what == "begins" else 0)) % _DAY
