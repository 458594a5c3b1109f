"""What the host does by itself: each night a backup, a drill and security upgrades; each minute its figures, and so on."""

from __future__ import annotations

import json
import time

from rehearsal.checks import CheckError, Subject, check

_A_DAY = 25 * 3600.0
_TIMERS = ("fines-backup.timer", "fines-drill.timer")
_INSTALLED = 180.0  # seconds within which what nobody waits for is there
# Seconds between two runs of what goes on all day, with the time that a run takes.
_ALL_DAY = {"fines-metrics": 75.0, "fines-certificate": 120.0, "fines-app-credentials": 17 * 60.0}
_HEARD = 15.0  # seconds within which CloudWatch hears of what the timer sent


@check("single")
def backups_drills_and_security_upgrades_are_due_within_a_day(subject: Subject) -> str:
    upgrades = "apt-daily-upgrade.timer"
    _await_upgrades(subject)
    due = _due(subject)
    if late := [timer for timer in (*_TIMERS, upgrades) if not 0 <= due.get(timer, -1.0) <= _A_DAY]:
        raise CheckError(f"{', '.join(late)} will not run within a day: {due}")
    asked = subject.host.run("apt-config", "dump", "APT::Periodic::Unattended-Upgrade").stdout
    if '"1"' not in asked:
        raise CheckError(f"upgrades are not asked for: {asked.strip() or 'no word of them'}")
    if not (fixes := _eligible(subject)):
        raise CheckError("upgrades are asked for, and no origin's are taken: Debian's security fixes would never come")
    hours = {timer.removesuffix(".timer"): round(due[timer] / 3600, 1) for timer in (*_TIMERS, upgrades)}
    return "in hours: " + ", ".join(f"{name} {hour}" for name, hour in hours.items()) + f"; fixes are taken of {fixes}"


@check("single")
def figures_certificates_and_credentials_are_seen_to_all_day_without_anybody_asking(subject: Subject) -> str:
    due, last = _due(subject), _timers(subject, "last")
    if late := [name for name, most in _ALL_DAY.items() if not due.get(f"{name}.timer", most + 1) <= most]:
        raise CheckError(f"{', '.join(f'{name}.timer' for name in late)} will not run as often as they must: {due}")
    ran = last.get("fines-metrics.timer", 0.0)
    if (ago := time.time() - ran) > _ALL_DAY["fines-metrics"]:
        raise CheckError(f"the host's figures were sent {ago:.0f} s ago for the last time")
    while not _heard(subject, ran):
        if time.time() > ran + _HEARD:
            raise CheckError(f"the timer sent figures {time.time() - ran:.0f} s ago, and CloudWatch heard of none")
        time.sleep(0.5)
    seconds = ", ".join(f"{name} in {due[name + '.timer']:.0f} s" for name in _ALL_DAY)
    return f"due: {seconds}; figures came {ago:.0f} s ago by themselves"


def _heard(subject: Subject, ran: float) -> bool:
    """Whether CloudWatch has a figure of the seconds in which the timer's program ran."""
    return bool(
        subject.tier.client("cloudwatch").get_metric_statistics(
            Namespace=f"Fines/{subject.stack}",
            MetricName="DiskUsedPercent",
            StartTime=ran - 1,
            EndTime=ran + _HEARD,
            Period=1,
            Statistics=["SampleCount"],
        )["Datapoints"]
    )


def _await_upgrades(subject: Subject) -> None:
    deadline = time.monotonic() + _INSTALLED
    while subject.host.run("test", "-x", "/usr/bin/unattended-upgrade", check=False).returncode:
        if time.monotonic() > deadline:
            raise CheckError("unattended-upgrades is not installed")
        time.sleep(1)


def _eligible(subject: Subject) -> str:
    """The origin of Debian's security fixes, as unattended-upgrades is told to take them; nothing where it is not."""
    dump = subject.host.run("apt-config", "dump", "Unattended-Upgrade::Origins-Pattern").stdout
    allowed = [line.split('"')[1] for line in dump.splitlines() if line.count('"') == 2 and '""' not in line]
    return next((each for each in allowed if "label=Debian-Security" in each), "")


def _due(subject: Subject) -> dict[str, float]:
    """In how many seconds each timer of the host is due next."""
    return {timer: moment - time.time() for timer, moment in _timers(subject, "next").items()}


def _timers(subject: Subject, when: str) -> dict[str, float]:
    """When each timer of the host goes off next, or went off last by itself, in seconds since 1970."""
    listed = json.loads(subject.host.run("systemctl", "list-timers", "--all", "--output=json").stdout)
    return {timer["unit"]: timer[when] / 1e6 for timer in listed if timer[when]}
