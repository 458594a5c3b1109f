"""A secret that goes with its stack, and every backup with it."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import swap_what_is_retained
from rehearsal.checks import Subject
from rehearsal.checks.single.destroy import a_destroyed_stack_leaves_what_holds_data_and_nothing_else


@breaks(
    a_destroyed_stack_leaves_what_holds_data_and_nothing_else,
    says=("is gone, and what it held with it", "is still there"),
    lasting=9,
)
def the_root_secret_goes_with_the_stack_and_a_log_stays(subject: Subject) -> Iterator[None]:
    swap_what_is_retained(subject)
    yield
