"""The gate's own ledger, once all other checks are over."""

from __future__ import annotations

from rehearsal.checks import Subject, check
from rehearsal.checks.refusals import none_refused


@check("eks")
def no_call_of_pods_functions_or_nodes_was_refused_for_a_missing_permission(subject: Subject) -> str:
    return none_refused(subject)
