"""Moves that leave something behind, and paths that stay open."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.promotion import (
    data_photographs_and_the_name_move_to_tier_single_and_back_under_load_and_no_acknowledged_fine_is_lost as move,
)
from rehearsal.checks.asg.promotion import (
    the_tier_that_was_left_is_destroyed_and_the_closed_paths_lead_nowhere as left,
)
from rehearsal.checks.neighbour import neighbour
from rehearsal.places import BUILD

PROGRAM = "operate/promote.py"
NOBODY_COMPARES = {
    'self.source.run("pause", SOURCE)': "pass",
    'self._compare(ours.result(), self.target.tell("sums"), say)': "pass",
}
_MACHINES = "/opt/fines/host/bin/move"


@breaks(move, says="acknowledged fines are not there exactly once")
def writes_go_on_and_nobody_compares(subject: Subject) -> Iterator[None]:
    with changed(subject, PROGRAM, NOBODY_COMPARES):
        yield


@breaks(move, says="the link was answered")
def photographs_are_not_copied_and_nobody_compares(subject: Subject) -> Iterator[None]:
    nothing = '{"count": 0, "bytes": 0, "differ": 0, "first": ""}'
    told = 'self.target.tell("photos", self.source.media, self.target.media)'
    with changed(subject, PROGRAM, {told: nothing}):
        yield


@breaks(move, says="rows came", again=True)
def a_table_is_left_out_of_what_is_sent(subject: Subject) -> Iterator[None]:
    without = 'sed \'/"table": "infracciones_token"/,/^\\\\\\.$/d\''
    with edited(subject.hosts[0], _MACHINES, {"| manage exportar |": f"| manage exportar | {without} |"}):
        yield


@breaks(left, says="the closed path is open")
def the_setting_that_opens_the_paths_stays(subject: Subject) -> Iterator[None]:
    neighbour(subject)  # which opens them
    with mock.patch.object(subject, "assembly", BUILD / "synth" / f"{subject.tier.run.tier}-open"):
        yield
