"""The check on a year's peaks is red for each way in which a schedule can go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.checks import CheckError
from rehearsal.checks.asg.peaks import CHANGES, PEAKS, _must_follow

TEMPLATE: dict[str, Any] = {
    "Resources": {"HostGroup": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "2"}}}
}
MADRID = "Europe/Madrid"


def action(recurrence: str, machines: int, zone: str = MADRID, **more: object) -> dict[str, Any]:
    return {"Recurrence": recurrence, "MinSize": machines, "TimeZone": zone, **more}


RIGHT = [action("50 7 * * *", 6), action("0 9 * * *", 2)]
PEAK = "08:00-09:00=6"


def complaint(actions: list[dict[str, Any]], *, zone: str = MADRID) -> str:
    with pytest.raises(CheckError) as red:
        _must_follow(actions, TEMPLATE, zone=zone, peaks=PEAK)
    return str(red.value)


def test_actions_by_the_clocks_of_the_zone_are_right_all_year() -> None:
    assert _must_follow(RIGHT, TEMPLATE, zone=MADRID, peaks=PEAK) == 2


def test_an_hour_that_is_only_right_in_winter_is_seen_on_the_day_the_clocks_are_put_forward() -> None:
    fixed = [action("50 6 * * *", 6, "Etc/UTC"), action("0 8 * * *", 2, "Etc/UTC")]
    assert complaint(fixed) == f"{MADRID}: at 2027-03-28 07:50 CEST the minimum is 2, the settings say 6"


@pytest.mark.parametrize(
    ("actions", "says"),
    [
        ([], "there is no scheduled action"),
        (RIGHT[:1], "at 2027-01-01 01:00 CET the minimum is 6, the settings say 2"),
        ([action("51 7 * * *", 6), RIGHT[1]], "at 2027-01-01 07:50 CET the minimum is 2, the settings say 6"),
        ([action("50 7 * * 1-5", 6), RIGHT[1]], "at 2027-01-02 07:50 CET the minimum is 2, the settings say 6"),
        ([action("50 7 * * *", 5), RIGHT[1]], "the minimum is 5, the settings say 6"),
        ([*RIGHT, action("0 12 * * *", 2, DesiredCapacity=2)], "a scheduled action sets DesiredCapacity"),
        ([*RIGHT, action("0 12 * * *", 2, MaxSize=2)], "a scheduled action sets MaxSize"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_told_by_its_first_minute(actions: list[dict[str, Any]], says: str) -> None:
    assert says in complaint(actions)


def test_the_year_has_both_changes_where_clocks_are_changed_and_the_peaks_meet_and_pass_midnight() -> None:
    assert sorted(CHANGES.values()) == [0, 2, 2]
    assert "09:00=4,09:00-" in PEAKS
    assert "-00:30=" in PEAKS
