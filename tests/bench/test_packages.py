"""What the host asked apt for is read from apt's own history, and only what it asked for until it served."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import cast

import pytest

from bench import boot, packages
from rehearsal.machines.machine import Machine

HISTORY = """
Start-Date: 2026-01-31  09:00:00
Commandline: apt-get install --yes --no-install-recommends systemd-sysv dbus
Install: dbus:amd64 (1.16.2-2)
End-Date: 2026-01-31  09:00:30

Start-Date: 2026-01-31  10:00:05
Commandline: apt-get install -q --yes --no-install-recommends -o Acquire::Retries=5 -o Dpkg::Options::=--force-unsafe-io awscli jq
Install: awscli:amd64 (2.23.6-1), jq:amd64 (1.7.1-6), libjq1:amd64 (1.7.1-6, automatic)
End-Date: 2026-01-31  10:00:20

Start-Date: 2026-01-31  10:00:25
Commandline: /usr/bin/apt-get install -q --yes nginx knot
Install: nginx:amd64 (1.26.3-3)
End-Date: 2026-01-31  10:00:50

Start-Date: 2026-01-31  10:01:02
Commandline: apt-get install -qq --yes certbot
Install: certbot:amd64 (4.0.0-2)
End-Date: 2026-01-31  10:01:12

Start-Date: 2026-01-31  10:02:02
Commandline: apt-get remove --yes jq
Remove: jq:amd64 (1.7.1-6)
End-Date: 2026-01-31  10:02:12
"""


class _Host:
    id = "i-host"

    def __init__(self, history: str) -> None:
        self.history = history

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, self.history)


def _between(start: str, end: str, history: str = HISTORY) -> list[str]:
    moments = [datetime.fromisoformat(f"2026-01-31T{time}+00:00").astimezone(UTC).timestamp() for time in (start, end)]
    return packages.installed_between(cast(Machine, _Host(history)), moments[0], moments[1])


def test_the_packages_are_those_asked_for_between_power_and_serving() -> None:
    assert _between("10:00:00", "10:01:00") == ["awscli", "jq", "nginx", "knot"]


def test_values_of_options_are_no_packages() -> None:
    assert packages.entries(HISTORY)[1].packages == ("awscli", "jq")


def test_removals_are_no_installations() -> None:
    assert len(packages.entries(HISTORY)) == 4


def test_a_boot_that_installed_nothing_is_an_error() -> None:
    with pytest.raises(packages.PackagesError, match="no package"):
        _between("11:00:00", "11:01:00")


def test_a_boot_that_does_much_besides_installing_falls_short() -> None:
    assert boot.ratio_of([60.0, 58.0, 99.0], [50.0, 48.0, 90.0], ["nginx"]).holds
    assert not boot.ratio_of([66.0, 68.0, 51.0], [50.0, 48.0, 90.0], ["nginx"]).holds
