"""The boundary of the account bounds every role of this tier's stack, those of pods and of the cluster among them."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.boundary import (
    every_role_of_the_stack_is_bound_and_a_policy_of_its_own_does_not_lift_the_bound,
)

check("eks")(every_role_of_the_stack_is_bound_and_a_policy_of_its_own_does_not_lift_the_bound)
