"""What the checks of the pods' schedule compare, as far as it can be looked at without a cluster."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from rehearsal.checks.asg.peaks import AHEAD, by_the_clock, peaks_of
from rehearsal.checks.eks.schedule import differing
from rehearsal.rehearse import peaks_to_come

PEAKS = "08:00-09:00=3,23:30-00:30=4"


def minutes(*times: str) -> dict[int, str]:
    return {int(each[:2]) * 60 + int(each[3:]): f"minimum-{each.replace(':', '')}" for each in times}


def test_the_minimum_goes_up_ten_minutes_before_a_peak_and_down_at_its_end_across_midnight_too() -> None:
    wanted = by_the_clock(PEAKS, least=2)
    assert [wanted[at] for at in minutes("07:49", "07:50", "08:59", "09:00")] == [2, 3, 3, 2]
    assert [wanted[at] for at in minutes("23:19", "23:20", "00:29", "00:30")] == [2, 4, 4, 2]


@pytest.mark.parametrize(
    ("times", "differ"),
    [
        (("07:50", "09:00", "23:20", "00:30"), []),
        (("07:50", "09:00", "23:20"), ["00:30"]),
        (("08:00", "09:00", "23:20", "00:30"), ["07:50", "08:00"]),
        (("07:50", "09:00", "12:00", "23:20", "00:30"), ["12:00"]),
    ],
    ids=["as the settings say", "missing", "late", "too many"],
)
def test_a_change_that_is_missing_late_or_too_many_is_seen_and_no_other(
    times: tuple[str, ...], differ: list[str]
) -> None:
    assert differing(minutes(*times), by_the_clock(PEAKS, least=2)) == differ


@pytest.mark.parametrize("hour", range(24))
def test_no_change_of_the_rehearsals_own_peaks_comes_while_it_runs(hour: int) -> None:
    now = datetime(2027, 3, 1, hour, 59)
    for begin, end, _ in peaks_of(peaks_to_come(now)):
        for change in (begin - AHEAD, end):
            midnight = now.replace(hour=0, minute=0)
            coming = min(
                each - now
                for each in (midnight + timedelta(minutes=change + day * 1440) for day in (0, 1))
                if each > now
            )
            assert coming >= timedelta(hours=2, minutes=50)
