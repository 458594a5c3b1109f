"""Protection that protects nothing, and a secret that goes with its stack."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

from rehearsal.breaks import breaks
from rehearsal.breaks.project import swap_what_is_retained
from rehearsal.checks import Subject
from rehearsal.checks.asg import destroy
from rehearsal.checks.asg.destroy import (
    a_destroyed_stack_leaves_what_holds_data_a_snapshot_and_nothing_else,
    a_protected_stack_its_database_and_its_load_balancer_refuse_to_be_destroyed,
)


@breaks(
    a_protected_stack_its_database_and_its_load_balancer_refuse_to_be_destroyed,
    says="not protected: the stack, the database, the load balancer",
)
def the_setting_for_protection_is_not_given(subject: Subject) -> Iterator[None]:
    with mock.patch.object(destroy, "PROTECTED", "false"):
        yield


@breaks(
    a_destroyed_stack_leaves_what_holds_data_a_snapshot_and_nothing_else,
    says=("is gone, and what it held with it", "is still there"),
    lasting=9,
)
def the_root_secret_goes_with_the_stack_and_a_log_stays(subject: Subject) -> Iterator[None]:
    swap_what_is_retained(subject)
    yield
