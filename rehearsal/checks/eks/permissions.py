"""What each role of the stack may do and no more, and what the service's pods do with theirs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.permissions import (
    CALLS,
    every_statement_of_every_role_of_the_stack_allows_its_own_resource_and_no_other,
    master_of,
)
from rehearsal.checks.credentials import own_role_alone
from rehearsal.checks.kubectl import inside, objects, pods
from rehearsal.checks.roles import roles_of

check("eks", beside=True)(every_statement_of_every_role_of_the_stack_allows_its_own_resource_and_no_other)


@check("eks", beside=True)
def the_credentials_of_a_pod_are_of_its_own_role_and_open_photos_and_its_login_alone(subject: Subject) -> str:
    roles = [each.arn for each in roles_of(subject) if "RolesWeb" in each.name]
    pod, outputs = pods(subject)[0]["metadata"]["name"], subject.outputs
    secrets = (outputs["DatabaseSecretArn"], outputs["MigratorSecretArn"], master_of(subject))

    def run(program: str, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return inside(subject, pod, "python3", "-", *words, input=program)

    began = time.time()
    try:
        refused = own_role_alone(run, roles, CALLS, outputs["MediaBucket"], *secrets)
    finally:
        subject.provoked.append((began, time.time()))
    _must_share_no_role(subject)
    return f"{roles[0].rpartition('/')[2]}: photos and its login opened; refused: {', '.join(refused)}"


def _must_share_no_role(subject: Subject) -> None:
    """Each account of the namespace has a role of its own, or none."""
    eks, cluster = subject.tier.client("eks"), subject.outputs["ClusterName"]
    told = eks.list_pod_identity_associations(clusterName=cluster, namespace="fines")["associations"]
    roles = {
        each["serviceAccount"]: eks.describe_pod_identity_association(
            clusterName=cluster, associationId=each["associationId"]
        )["association"]["roleArn"]
        for each in told
    }
    accounts = {each["metadata"]["name"] for each in objects(subject, "serviceaccounts")}
    if lost := set(roles) - accounts:
        raise CheckError(f"roles are associated with accounts that are not there: {', '.join(sorted(lost))}")
    if len(set(roles.values())) != len(roles) or "web" not in roles:
        raise CheckError(f"workloads share a role: {roles}")
