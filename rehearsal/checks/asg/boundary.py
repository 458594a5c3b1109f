"""The boundary of the account: it bounds every role of the stack, whatever a role's own policies come to say."""

from __future__ import annotations

import json
import time

from rehearsal import principals
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.door import door, failed, not_refused
from rehearsal.checks.roles import roles_of

_LIFTED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["iam:ListUsers", "ec2:DescribeVolumes"], "Resource": "*"}],
}


@check("asg")
def every_role_of_the_stack_is_bound_and_a_policy_of_its_own_does_not_lift_the_bound(subject: Subject) -> str:
    boundary, roles = str(subject.context["permissions_boundary"]), roles_of(subject)
    if free := [role.name for role in roles if role.boundary is None or role.boundary.name != boundary]:
        raise CheckError(f"{len(free)} of {len(roles)} roles are not bound by {boundary}: {', '.join(free)}")
    iam, role = subject.tier.client("iam"), subject.outputs["DeployerRoleArn"]
    name, began = role.rpartition("/")[2], time.time()
    iam.put_role_policy(RoleName=name, PolicyName="Lifted", PolicyDocument=json.dumps(_LIFTED))
    try:
        with door(subject) as way, principals.keys_of(subject.tier, principals.DEPLOYER) as keys:
            taken = way.take(keys, role, name=principals.DEPLOYER)
            wrong = failed({"describe volumes": way.client("ec2", taken).describe_volumes})
            passed = not_refused({"list the users": way.client("iam", taken).list_users})
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="Lifted")
        subject.provoked.append((began, time.time()))
    if wrong:
        raise CheckError(f"what the boundary allows is refused, so that a refusal proves nothing: {wrong[0]}")
    if passed:
        raise CheckError(f"the boundary forbids what {name} was not refused: {passed[0]}")
    return f"{len(roles)} roles are bound by {boundary.rpartition('/')[2]}; a policy that lifts it is heeded up to it"
