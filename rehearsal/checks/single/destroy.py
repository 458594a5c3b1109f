"""The end of the tier: what holds data outlives it."""

from __future__ import annotations

from rehearsal.checks import Subject, check
from rehearsal.checks.ending import see_the_end


@check("single")
def a_destroyed_stack_leaves_what_holds_data_and_nothing_else(subject: Subject) -> str:
    return see_the_end(subject)
