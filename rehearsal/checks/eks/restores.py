"""What comes back by the runbook, from a dump or by a moment, typed beside a pod that keeps dumps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from rehearsal import principals
from rehearsal.checks import Subject, check
from rehearsal.checks.asg.restores import back_from_a_dump, back_to_a_moment
from rehearsal.checks.eks.administrator import typed
from rehearsal.checks.kubectl import ran
from rehearsal.checks.runbook import no_cli

_KEEPER = "Tier eks: a pod that keeps dumps"
_READS = "ReadsTheMigratorsSecret"


@check("eks", takes=no_cli)
def a_dump_that_is_restored_by_the_runbook_in_a_pod_brings_back_what_a_mistaken_delete_removed(subject: Subject) -> str:
    page = "Tier eks: go back to a dump"
    with _secret(subject) as secret:
        return back_from_a_dump(
            subject,
            make=lambda: typed(subject, _KEEPER, log="keeper"),
            put=lambda name: typed(subject, page, log="dump", SECRET=secret, DUMP=name),
        )


@check("eks", takes=no_cli)
def a_moment_that_is_brought_up_and_restored_by_the_runbook_has_what_a_mistaken_delete_removed(subject: Subject) -> str:
    page = "Tier eks: go back to a moment"
    with _secret(subject) as secret:
        typed(subject, _KEEPER, log="keeper")
        return back_to_a_moment(subject, put=lambda then: typed(subject, page, log="then", SECRET=secret, THEN=then))


@contextlib.contextmanager
def _secret(subject: Subject) -> Iterator[str]:
    """The migrator's secret, which the administrator may read for the length of a block; the pod that keeps dumps ends with it."""
    iam, secret = subject.tier.client("iam"), subject.outputs["MigratorSecretArn"]
    reads = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    iam.put_role_policy(RoleName=principals.DIRECTORY_ROLE, PolicyName=_READS, PolicyDocument=document)
    try:
        yield secret
    finally:
        ran(subject, "delete", "job/keeper", "--ignore-not-found", "--cascade=foreground")
        iam.delete_role_policy(RoleName=principals.DIRECTORY_ROLE, PolicyName=_READS)
