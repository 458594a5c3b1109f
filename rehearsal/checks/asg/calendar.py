"""What each machine of the group does by itself: whichever of them is there at night makes the dump."""

from __future__ import annotations

from rehearsal.checks import Subject, check
from rehearsal.checks.timers import must_come_all_day, must_come_by_night

# Seconds between two runs of what goes on all day, with the time that a run takes.
_ALL_DAY = {
    "fines-backup-ages": 7 * 60.0,
    "fines-password-ages": 18 * 60.0,
    "fines-app-credentials": 17 * 60.0,
}


@check("asg")
def dumps_drills_upgrades_and_all_figures_come_on_each_machine_without_anybody_asking(subject: Subject) -> str:
    told = {
        host.id: f"{must_come_by_night(host, ('fines-dump', 'fines-dump-drill'))}; {must_come_all_day(host, _ALL_DAY)}"
        for host in subject.hosts
    }
    return f"on each of {len(told)} machines, on the last {list(told.values())[-1]}"
