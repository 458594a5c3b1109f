"""What the host does by itself each night: a backup, a drill, security upgrades."""

from __future__ import annotations

import json
import time

from rehearsal.checks import CheckError, Subject, check

_A_DAY = 25 * 3600.0
_TIMERS = ("fines-backup.timer", "fines-drill.timer")
_INSTALLED = 180.0  # seconds within which what nobody waits for is there


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
    hours = {timer.removesuffix(".timer"): round(due[timer] / 3600, 1) for timer in (*_TIMERS, upgrades)}
    return "in hours: " + ", ".join(f"{name} {hour}" for name, hour in hours.items())


def _await_upgrades(subject: Subject) -> None:
    deadline = time.monotonic() + _INSTALLED
    while subject.host.run("test", "-x", "/usr/bin/unattended-upgrade", check=False).returncode:
        if time.monotonic() > deadline:
            raise CheckError("unattended-upgrades is not installed")
        time.sleep(1)


def _due(subject: Subject) -> dict[str, float]:
    """In how many seconds each timer of the host is due next."""
    listed = json.loads(subject.host.run("systemctl", "list-timers", "--all", "--output=json").stdout)
    return {timer["unit"]: timer["next"] / 1e6 - time.time() for timer in listed if timer["next"]}
