"""A machine whose nights are others than its neighbours'."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.asg.calendar import (
    dumps_drills_upgrades_and_all_figures_come_on_each_machine_without_anybody_asking as check,
)


@breaks(check, says="fines-dump-drill.timer will not run within a day", again=True)
def on_one_machine_the_drill_waits_for_another_century(subject: Subject) -> Iterator[None]:
    timer = "/etc/systemd/system/fines-dump-drill.timer"
    century = {"OnCalendar=*-*-* 04..07:30:00 UTC": "OnCalendar=2199-01-01", "OnActiveSec=15min": ""}
    again = "systemctl daemon-reload && systemctl restart fines-dump-drill.timer"
    with edited(subject.hosts[-1], timer, century, then=again):
        yield


@breaks(check, says="fines-password-ages.timer will not run as often", again=True)
def on_one_machine_nobody_sends_the_age_of_passwords(subject: Subject) -> Iterator[None]:
    timer = "/etc/systemd/system/fines-password-ages.timer"
    again = "systemctl daemon-reload && systemctl restart fines-password-ages.timer"
    weeks = {"OnActiveSec=5s": "OnActiveSec=10w", "OnUnitActiveSec=15min": "OnUnitActiveSec=10w"}
    with edited(subject.hosts[-1], timer, weeks, then=again):
        yield
