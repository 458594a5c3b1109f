"""Somebody who was let into the cluster besides."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal import principals
from rehearsal.breaks import breaks
from rehearsal.checks import Subject
from rehearsal.checks.eks.access import STRANGER
from rehearsal.checks.eks.access import an_access_entry_lets_its_role_in_and_nobody_else_is as check

_VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


@breaks(check, says="a role without an entry was answered", again=True)
def another_role_was_given_an_entry(subject: Subject) -> Iterator[None]:
    eks, cluster = subject.tier.client("eks"), subject.outputs["ClusterName"]
    role = principals.arn("role", STRANGER)
    eks.create_access_entry(clusterName=cluster, principalArn=role)
    try:
        eks.associate_access_policy(
            clusterName=cluster, principalArn=role, policyArn=_VIEW, accessScope={"type": "cluster"}
        )
        yield
    finally:
        eks.delete_access_entry(clusterName=cluster, principalArn=role)
