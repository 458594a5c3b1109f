"""What the host does by itself: each night a backup, a drill and security upgrades; each minute its figures, and so on."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.timers import must_come_all_day, must_come_by_night, ran

# Seconds between two runs of what goes on all day, with the time that a run takes.
_ALL_DAY = {"fines-metrics": 75.0, "fines-certificate": 120.0, "fines-app-credentials": 17 * 60.0}
_HEARD = 15.0  # seconds within which CloudWatch hears of what the timer sent


@check("single")
def backups_drills_and_security_upgrades_are_due_within_a_day(subject: Subject) -> str:
    return must_come_by_night(subject.host, ("fines-backup", "fines-drill"))


@check("single")
def figures_certificates_and_credentials_are_seen_to_all_day_without_anybody_asking(subject: Subject) -> str:
    due, last = must_come_all_day(subject.host, _ALL_DAY), ran(subject.host, "fines-metrics")
    if (ago := time.time() - last) > _ALL_DAY["fines-metrics"]:
        raise CheckError(f"the host's figures were sent {ago:.0f} s ago for the last time")
    while not _heard(subject, last):
        if time.time() > last + _HEARD:
            raise CheckError(f"the timer sent figures {time.time() - last:.0f} s ago, and CloudWatch heard of none")
        time.sleep(0.5)
    return f"{due}; figures came {ago:.0f} s ago by themselves"


def _heard(subject: Subject, since: float) -> bool:
    """Whether CloudWatch has a figure of the seconds in which the timer's program ran."""
    return bool(
        subject.tier.client("cloudwatch").get_metric_statistics(
            Namespace=f"Fines/{subject.stack}",
            MetricName="DiskUsedPercent",
            StartTime=since - 1,
            EndTime=since + _HEARD,
            Period=1,
            Statistics=["SampleCount"],
        )["Datapoints"]
    )
