"""A rotation that cannot write the value to come."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from botocore.exceptions import ClientError

from rehearsal.breaks import BreakError, breaks
from rehearsal.breaks.cloud import other_statements
from rehearsal.checks import Subject
from rehearsal.checks.asg.rotation import (
    the_password_is_rotated_ten_times_under_load_and_that_of_two_rotations_ago_opens_nothing as check,
)
from rehearsal.checks.roles import roles_of

_SECONDS = 60


@breaks(check, says="a rotation was not over within", STEPS_SECONDS=8)
def the_function_may_not_put_a_value_into_the_secret(subject: Subject) -> Iterator[None]:
    (role,) = [role for role in roles_of(subject) if "RotationRotator" in role.name]

    def without(statements: list[dict[str, object]]) -> list[dict[str, object]]:
        return [
            {**each, "Action": [action for action in each["Action"] if action != "secretsmanager:PutSecretValue"]}
            if isinstance(each["Action"], list)
            else each
            for each in statements
        ]

    with other_statements(subject, role, without):
        yield
    _end_what_was_begun(subject)


def _end_what_was_begun(subject: Subject) -> None:
    """Asks for the rotation that is under way to be tried again, until it is over."""
    manager, arn = subject.tier.client("secretsmanager"), subject.outputs["DatabaseSecretArn"]
    deadline = time.monotonic() + _SECONDS
    while any(
        "AWSPENDING" in stages and "AWSCURRENT" not in stages
        for stages in manager.describe_secret(SecretId=arn)["VersionIdsToStages"].values()
    ):
        if time.monotonic() > deadline:
            raise BreakError(f"the rotation could not be ended within {_SECONDS} s")
        with contextlib.suppress(ClientError):  # it says that it tries again
            manager.rotate_secret(SecretId=arn)
        time.sleep(3)
