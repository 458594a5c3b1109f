"""Peaks become changes of the group's minimum by the clocks of a time zone, and peaks that cannot are refused."""

from __future__ import annotations

import pytest

from stacks.peaks import clock, sizes
from stacks.settings import Settings, SettingsError

GIVEN = {
    "tier": "asg",
    "domain": "fines.example.org",
    "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
    "hosted_zone_name": "example.org",
}


def changes(peaks: str, **given: object) -> list[str]:
    settings = Settings.from_context(GIVEN | {"peaks": peaks} | given)
    return [f"{clock(minute)} {machines}" for minute, machines in sizes(settings.peaks, settings.min_machines)]


def complaint(peaks: str, **given: object) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(GIVEN | {"peaks": peaks} | given)
    return str(refused.value)


def test_a_peak_begins_ten_minutes_ahead_and_ends_on_time() -> None:
    assert changes("08:00-09:00=6") == ["07:50 6", "09:00 2"]
    assert changes(" 20:00-21:00=6 , 08:00-09:00=4 ") == ["07:50 4", "09:00 2", "19:50 6", "21:00 2"]


def test_without_peaks_nothing_changes() -> None:
    assert changes("") == []


def test_a_peak_may_go_past_midnight_and_so_may_what_is_ahead_of_it() -> None:
    assert changes("22:00-02:00=4") == ["02:00 2", "21:50 4"]
    assert changes("00:05-01:00=4") == ["01:00 2", "23:55 4"]
    assert changes("23:00-00:00=4") == ["00:00 2", "22:50 4"]


def test_peaks_that_meet_or_nearly_do_never_change_the_size_twice_at_one_time() -> None:
    assert changes("08:00-09:00=6,09:00-10:00=8") == ["07:50 6", "08:50 8", "10:00 2"]
    assert changes("08:00-09:00=6,09:00-10:00=4") == ["07:50 6", "09:00 4", "10:00 2"]
    assert changes("08:00-09:00=6,09:05-10:00=4") == ["07:50 6", "09:00 4", "10:00 2"]
    assert changes("08:00-09:00=6,09:10-10:00=6") == ["07:50 6", "10:00 2"]


def test_a_peak_as_small_as_the_minimum_changes_nothing() -> None:
    assert changes("08:00-09:00=2") == []


EXAMPLE = "for example: -c peaks=08:00-09:00=6,13:00-14:00=6,20:00-21:00=6"


@pytest.mark.parametrize(
    "peak", ["8:00-09:00=6", "08:00-24:00=6", "08:00-09:60=6", "08:00-09:00", "08:00-09:00=0", "x"]
)
def test_what_is_no_peak_is_refused_with_one(peak: str) -> None:
    line = complaint(f"10:00-11:00=3,{peak}")
    assert line.startswith(f"peaks: '{peak}' is no peak: write the times of day at which it begins and ends ")
    assert line.endswith(EXAMPLE)


@pytest.mark.parametrize(
    ("peaks", "says"),
    [
        (
            "08:00-09:00=6,08:30-10:00=4",
            "peaks: 08:00-09:00=6 and 08:30-10:00=4 overlap: let the first end before the second begins, for example 08:00-08:30=6",
        ),
        (
            "22:00-02:00=4,01:00-03:00=5",
            "peaks: 22:00-02:00=4 and 01:00-03:00=5 overlap: let the first end before the second begins, for example 22:00-01:00=4",
        ),
        (
            "23:30-00:30=5,22:00-00:15=4",
            "peaks: 22:00-00:15=4 and 23:30-00:30=5 overlap: let the first end before the second begins, for example 22:00-23:30=4",
        ),
        ("08:00-09:00=6,08:00-09:30=4", "peaks: 08:00-09:00=6 and 08:00-09:30=4 overlap: write one peak for both"),
        (
            "08:00-08:00=6",
            "peaks: '08:00-08:00=6' ends when it begins: a peak has an end of its own, and what is there all day is min_machines",
        ),
        (
            "08:00-09:00=9",
            "peaks: 08:00-09:00=9 asks for more than max_machines=8: give a larger one, for example: -c max_machines=9",
        ),
        (
            "08:00-09:00=1",
            "peaks: 08:00-09:00=1 asks for fewer than min_machines=2, which are there at all times: "
            "leave it out, or give a smaller one, for example: -c min_machines=1",
        ),
        (
            "00:00-12:00=3,12:00-23:55=4",
            "peaks: they leave no minute of the day without (their machines come 10 minutes ahead): "
            "keep the least of them at all times, for example: -c min_machines=3",
        ),
        (
            ",".join(f"{hour:02}:00-{hour:02}:30=3" for hour in range(24)) + ",10:45-10:46=3",
            "peaks: 25 peaks are too many",
        ),
    ],
)
def test_peaks_that_contradict_are_refused_with_what_to_write(peaks: str, says: str) -> None:
    assert complaint(peaks).startswith(says)


@pytest.mark.parametrize(
    ("peaks", "timezone", "says"),
    [
        ("01:00-02:30=4", "Europe/Madrid", "01:00-02:30=4 ends at 02:30,"),
        ("02:05-04:00=4", "America/New_York", "02:05-04:00=4 begins, 10 minutes of launching before it at 01:55,"),
        ("23:50-01:00=4", "America/Santiago", "23:50-01:00=4 begins, 10 minutes of launching before it at 23:40,"),
    ],
)
def test_a_peak_that_a_change_of_the_clocks_would_shift_is_refused(peaks: str, timezone: str, says: str) -> None:
    line = complaint(peaks, timezone=timezone)
    assert line.startswith(f"peaks: {says} which clocks of timezone='{timezone}' show twice or never on some day")
    taken = line.rpartition(" ")[2]
    begin, _, end = peaks.partition("=")[0].partition("-")
    fixed = f"{taken}-{end}=4" if "begins" in line else f"{begin}-{taken}=4"
    assert changes(fixed, timezone=timezone), "what the message offers is taken"


def test_a_peak_over_a_change_of_the_clocks_and_one_where_clocks_never_change_are_taken() -> None:
    assert changes("00:30-04:00=4", timezone="America/New_York") == ["00:20 4", "04:00 2"]
    assert changes("01:00-02:30=4", timezone="America/Argentina/Buenos_Aires") == ["00:50 4", "02:30 2"]


def test_an_unknown_time_zone_is_refused_and_the_peaks_with_it_are_not() -> None:
    assert complaint("08:00-09:00=6", timezone="America/Cordoba City").startswith(
        "timezone='America/Cordoba City': use "
    )


def test_another_tier_leaves_the_peaks_alone() -> None:
    given = {"tier": "single", "domain": "fines.example.org", "peaks": "08:00-09:00=50"}
    assert Settings.from_context(given).peaks[0].machines == 50
