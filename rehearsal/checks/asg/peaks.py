"""Peaks that the schedule knows: the minimum in each minute of a year, and a release in the midst of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rehearsal.cdk import template_of
from rehearsal.checks import CheckError, Subject, check, runbook, variant
from rehearsal.cloud.schedule import Action, due

YEAR = 2027
AHEAD = 10  # minutes before a peak's begin at which its machines are launched, as docs/deploy-asg.md says
OTHERS = "06:15-07:45=3,23:30-00:30=3"
PEAKS = "07:30-09:00=4,09:00-09:45=6,13:00-14:00=3,22:30-00:30=5"
CHANGES = {"America/Argentina/Buenos_Aires": 0, "Europe/Madrid": 2, "America/New_York": 2}  # of the clocks in the year
_DAY, _MINUTE = 24 * 60, timedelta(minutes=1)


@check("asg")
def in_each_minute_of_a_year_the_minimum_is_what_the_settings_say_whatever_the_clocks_do(subject: Subject) -> str:
    deployed = _deployed(subject)
    zone = str(subject.context.get("timezone", "UTC"))
    _must_follow(deployed, subject.template, zone=zone, peaks=str(subject.context["peaks"]))
    project = variant.project(subject, "year")
    before = {machine.id for machine in subject.hosts}
    with ThreadPoolExecutor(1) as beside:  # a deployment waits more than it works
        elsewhere = {zone: beside.submit(_template, subject, project, zone) for zone in CHANGES}
        runbook.as_operator(subject, "Peaks", project, log="deploy-peaks", PEAKS=OTHERS)
        try:
            if {machine.id for machine in subject.hosts} != before:
                raise CheckError("a change of the peaks replaced machines")
            changed = _deployed(subject)
            _must_follow(changed, subject.template, zone=zone, peaks=OTHERS)
        finally:
            variant.deploy(subject, subject.assembly, log="deploy-peaks-back")
        told = [f"{len(deployed)} actions as deployed ({zone})", f"{len(changed)} as the runbook changed them"]
        for zone, expected in CHANGES.items():
            template = elsewhere[zone].result()
            resources: Mapping[str, Any] = template["Resources"]
            actions = [
                each["Properties"] for each in resources.values() if each["Type"] == "AWS::AutoScaling::ScheduledAction"
            ]
            moved = _must_follow(actions, template, zone=zone, peaks=PEAKS)
            if moved != expected:
                raise CheckError(f"the clocks of {zone} moved {moved} times in {YEAR}, {expected} were expected")
            told.append(f"{len(actions)} in {zone}, whose clocks moved {moved} times")
    return f"each minute of {YEAR}: {', '.join(told)}"


def _template(subject: Subject, project: Path, zone: str) -> dict[str, Any]:
    """The template of a project for peaks by the clocks of a zone."""
    words = subject.context | {"timezone": zone, "peaks": PEAKS, "max_machines": 8}
    assembly = subject.tier.cdk.synth(
        words, lambda _: None, name=f"asg-year-{zone.rpartition('/')[2]}", project=project
    )
    template: dict[str, Any] = template_of(assembly, subject.stack)
    return template


def _deployed(subject: Subject) -> list[Action]:
    """The group's scheduled actions as the local AWS has them."""
    scaling, group = subject.tier.client("autoscaling"), subject.outputs["GroupName"]
    found: list[Action] = scaling.describe_scheduled_actions(AutoScalingGroupName=group)["ScheduledUpdateGroupActions"]
    return found


def _must_follow(actions: Sequence[Action], template: Mapping[str, Any], *, zone: str, peaks: str) -> int:
    """Compares each minute of the year with what the settings say by the clocks of the zone; returns how often these moved.

    Raises:
        CheckError: an action sets more than the minimum, or the minimum is another in some minute.
    """
    if not actions:
        raise CheckError(f"{zone}: there is no scheduled action")
    if more := {"MaxSize", "DesiredCapacity"} & {key for action in actions for key in action}:
        raise CheckError(f"{zone}: a scheduled action sets {', '.join(sorted(more))}")
    (group,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::AutoScaling::AutoScalingGroup")
    wanted = by_the_clock(peaks, least=int(group["Properties"]["MinSize"]))
    there, start, end = ZoneInfo(zone), datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC)
    coming = due(actions, start - timedelta(days=2), end)  # two days suffice to be in step when the year begins
    change = next(coming, None)
    minimum, moved, offset, quarter = -1, 0, start.astimezone(there).utcoffset(), start
    while quarter < end:
        local = quarter.astimezone(there)  # and for the quarter of an hour: zones' clocks move at its ends alone
        for minute in range(15):
            while change is not None and change[0] <= quarter + minute * _MINUTE:
                minimum, change = int(change[1]["MinSize"]), next(coming, None)
            clock = local.hour * 60 + local.minute + minute
            if minimum != wanted[clock]:
                raise CheckError(
                    f"{zone}: at {local + minute * _MINUTE:%Y-%m-%d %H:%M %Z} the minimum is {minimum}, "
                    f"the settings say {wanted[clock]}"
                )
        if local.utcoffset() != offset:
            moved, offset = moved + 1, local.utcoffset()
        quarter += 15 * _MINUTE
    return moved


def by_the_clock(peaks: str, *, least: int) -> list[int]:
    """The minimum for each minute that a clock of the zone can show."""
    wanted = [least] * _DAY
    for begin, end, machines in peaks_of(peaks):
        for minute in range(begin - AHEAD, begin + (end - begin) % _DAY):
            wanted[minute % _DAY] = max(wanted[minute % _DAY], machines)
    return wanted


def peaks_of(text: str) -> list[tuple[int, int, int]]:
    """Each peak's begin and end, in minutes of the day, and its machines."""
    found = []
    for peak in text.split(","):
        hours, machines = peak.split("=")
        begin, end = (int(each[:2]) * 60 + int(each[3:]) for each in hours.split("-"))
        found.append((begin, end, int(machines)))
    return found


def group_of(subject: Subject) -> dict[str, Any]:
    """What Auto Scaling says of the group."""
    return subject.tier.group(subject.stack)


def await_group(
    subject: Subject, what: str, figure: Callable[[dict[str, Any]], int], wanted: int, *, seconds: float
) -> None:
    """Waits until a figure of the group is what is wanted."""
    deadline = time.monotonic() + seconds
    while (found := figure(group_of(subject))) != wanted:
        if time.monotonic() > deadline:
            raise CheckError(f"{what} is {found} after {seconds:.0f} s, it should be {wanted}")
        time.sleep(0.3)
