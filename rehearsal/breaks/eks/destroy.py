"""A secret that goes with its stack."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import swap_what_is_retained
from rehearsal.checks import Subject
from rehearsal.checks.eks.destroy import (
    a_destroyed_stack_leaves_what_holds_data_a_snapshot_and_no_process_of_its_cluster as check,
)


@breaks(check, says=("is gone, and what it held with it", "is still there"), lasting=9)
def the_root_secret_goes_with_the_stack_and_a_log_stays(subject: Subject) -> Iterator[None]:
    swap_what_is_retained(subject)
    yield
