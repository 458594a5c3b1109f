"""Moves that leave something behind, and paths that stay open."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

from rehearsal.breaks import breaks
from rehearsal.breaks.asg.promotion import NOBODY_COMPARES, PROGRAM
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.eks.promotion import (
    data_photographs_and_the_name_move_to_tier_asg_and_back_by_the_runbook_and_no_acknowledged_fine_is_lost as move_asg,
)
from rehearsal.checks.eks.promotion import (
    data_photographs_and_the_name_move_to_tier_single_and_back_by_the_runbook_and_no_acknowledged_fine_is_lost as move,
)
from rehearsal.checks.eks.promotion import the_tier_that_was_left_is_destroyed_and_what_moved_the_data_is_gone as left
from rehearsal.checks.neighbour import neighbour
from rehearsal.places import BUILD


@breaks(move, says="acknowledged fines are not there exactly once")
def writes_go_on_and_nobody_compares_what_moved(subject: Subject) -> Iterator[None]:
    with changed(subject, PROGRAM, NOBODY_COMPARES):
        yield


@breaks(move_asg, says="acknowledged fines are not there exactly once")
def writes_go_on_beside_tier_asg_and_nobody_compares_what_moved(subject: Subject) -> Iterator[None]:
    with changed(subject, PROGRAM, NOBODY_COMPARES):
        yield


@breaks(left, says="the paths are closed, and the pod is there")
def the_setting_that_opens_the_paths_is_kept(subject: Subject) -> Iterator[None]:
    neighbour(subject)  # which opens them
    with mock.patch.object(subject, "assembly", BUILD / "synth" / f"{subject.tier.run.tier}-open"):
        yield
