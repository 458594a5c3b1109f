"""Peaks at the wrong hour, and one that sets more than the minimum."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.peaks import (
    in_each_minute_of_a_year_the_minimum_is_what_the_settings_say_whatever_the_clocks_do,
)


@breaks(
    in_each_minute_of_a_year_the_minimum_is_what_the_settings_say_whatever_the_clocks_do,
    says="Europe/Madrid: at 2027-03-28 ",
)
def the_hours_are_computed_once_for_the_winter(subject: Subject) -> Iterator[None]:
    # Right for Buenos Aires all year, and for Madrid until its clocks are put forward.
    offset = '{"America/Argentina/Buenos_Aires": -3, "Europe/Madrid": 1, "America/New_York": -5, "UTC": 0}[timezone]'
    fixed = {
        'recurrence=f"{minute % 60} {minute // 60} * * *"': (
            f'recurrence=f"{{minute % 60}} {{(minute // 60 - {offset.replace(chr(34), chr(39))}) % 24}} * * *"'
        ),
        "time_zone=timezone": 'time_zone="Etc/UTC"',
    }
    with changed(subject, "stacks/parts/scaling.py", fixed):
        yield


@breaks(
    in_each_minute_of_a_year_the_minimum_is_what_the_settings_say_whatever_the_clocks_do,
    says="a scheduled action sets DesiredCapacity",
    again=True,
)
def somebody_gave_an_action_a_desired_capacity(subject: Subject) -> Iterator[None]:
    scaling, group = subject.tier.client("autoscaling"), subject.outputs["GroupName"]
    action = scaling.describe_scheduled_actions(AutoScalingGroupName=group)["ScheduledUpdateGroupActions"][0]
    kept = ("AutoScalingGroupName", "ScheduledActionName", "Recurrence", "MinSize", "TimeZone")
    given = {key: action[key] for key in kept}
    scaling.put_scheduled_update_group_action(**given, DesiredCapacity=action["MinSize"])
    try:
        yield
    finally:
        scaling.put_scheduled_update_group_action(**given)
