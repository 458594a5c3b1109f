"""Passwords that change while pods serve."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.rotation import (
    the_password_is_rotated_ten_times_under_load_and_that_of_two_rotations_ago_opens_nothing,
)

check("eks")(the_password_is_rotated_ten_times_under_load_and_that_of_two_rotations_ago_opens_nothing)
