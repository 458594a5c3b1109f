"""What a machine does by itself, and when it will next."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence

from rehearsal.checks import CheckError
from rehearsal.machines.machine import Machine

_A_DAY = 25 * 3600.0
_UPGRADES = ("apt-daily.timer", "apt-daily-upgrade.timer")  # what there is, and what of it is missing
_ASKED = ("Update-Package-Lists", "Unattended-Upgrade")
_RUN = 15.0  # seconds that one run of what goes on all day takes at most
_INSTALLED = 180.0  # seconds within which what nobody waits for is there


def must_come_by_night(host: Machine, names: Sequence[str]) -> str:
    """What is due within a day on a machine, and Debian's security upgrades with it; returns in how many hours each.

    Raises:
        CheckError: something is not, or no security upgrade would be taken.
    """
    _await_upgrades(host)
    soon = _due(host)
    wanted = (*(f"{name}.timer" for name in names), *_UPGRADES)
    if late := [timer for timer in wanted if not 0 <= soon.get(timer, -1.0) <= _A_DAY]:
        raise CheckError(f"{', '.join(late)} will not run within a day: {soon}")
    for what in _ASKED:
        asked = host.run("apt-config", "dump", f"APT::Periodic::{what}").stdout
        if '"1"' not in asked:
            raise CheckError(f"upgrades are not asked for: {asked.strip() or f'no word of {what}'}")
    if not (fixes := _eligible(host)):
        raise CheckError("upgrades are asked for, and no origin's are taken: Debian's security fixes would never come")
    hours = {timer.removesuffix(".timer"): round(soon[timer] / 3600, 1) for timer in wanted}
    return "in hours: " + ", ".join(f"{name} {hour}" for name, hour in hours.items()) + f"; fixes are taken of {fixes}"


def must_come_all_day(host: Machine, within: Mapping[str, float]) -> str:
    """What goes on all day is due within so many seconds, by its name; returns in how many it is.

    Raises:
        CheckError: something is due later, or not at all.
    """
    deadline = time.monotonic() + _RUN
    while True:
        soon = _due(host)
        late = [f"{name}.timer" for name, most in within.items() if not soon.get(f"{name}.timer", most + 1) <= most]
        if not late:
            return "due: " + ", ".join(f"{name} in {soon[name + '.timer']:.0f} s" for name in within)
        if time.monotonic() > deadline:
            raise CheckError(f"{', '.join(late)} will not run as often as they must: {soon}")
        time.sleep(1)  # what runs at this moment has no next one yet


def _due(host: Machine) -> dict[str, float]:
    """In how many seconds each timer of the machine is due next."""
    return {timer: moment - time.time() for timer, moment in _timers(host, "next").items()}


def ran(host: Machine, name: str) -> float:
    """When a timer went off last by itself, in seconds since 1970; 0 if it never did."""
    return _timers(host, "last").get(f"{name}.timer", 0.0)


def _await_upgrades(host: Machine) -> None:
    """Waits until what nobody waits for is installed, and has let go of the timers that it held up."""
    deadline, busy = time.monotonic() + _INSTALLED, ("systemctl", "is-active", "fines-extras.service")
    while (
        host.run("test", "-x", "/usr/bin/unattended-upgrade", check=False).returncode
        or host.run(*busy, check=False).stdout.strip() == "activating"
    ):
        if time.monotonic() > deadline:
            raise CheckError("unattended-upgrades is not installed")
        time.sleep(1)


def _eligible(host: Machine) -> str:
    """The origin of Debian's security fixes, as unattended-upgrades is told to take them; nothing where it is not."""
    dump = host.run("apt-config", "dump", "Unattended-Upgrade::Origins-Pattern").stdout
    allowed = [line.split('"')[1] for line in dump.splitlines() if line.count('"') == 2 and '""' not in line]
    return next((each for each in allowed if "label=Debian-Security" in each), "")


def _timers(host: Machine, when: str) -> dict[str, float]:
    """When each timer of the machine goes off next, or went off last by itself, in seconds since 1970."""
    listed = json.loads(host.run("systemctl", "list-timers", "--all", "--output=json").stdout)
    return {timer["unit"]: timer[when] / 1e6 for timer in listed if timer[when]}
