"""What comes back by the runbook, from a dump or by a moment, typed beside a pod that keeps dumps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from rehearsal import principals
from rehearsal.checks import Subject, check
from rehearsal.checks.asg.bucket import newest
from rehearsal.checks.asg.restores import mistaken, moment_between, moment_brought_up, must_be_back, posted
from rehearsal.checks.eks.administrator import typed
from rehearsal.checks.kubectl import ran
from rehearsal.checks.runbook import no_cli

_READS = "ReadsTheMigratorsSecret"


@check("eks", takes=no_cli)
def a_dump_that_is_restored_by_the_runbook_in_a_pod_brings_back_what_a_mistaken_delete_removed(subject: Subject) -> str:
    people, kept = posted(subject)
    with _keeper(subject) as secret:
        key = newest(subject)
        deleted, after = mistaken(subject, people, kept)
        typed(subject, "Tier eks: go back to a dump", log="dump", SECRET=secret, DUMP=key.removeprefix("dumps/"))
        again = must_be_back(subject, people, kept, after, source=key)
    return f"{deleted} rows deleted; {len(kept.acknowledged)} acknowledged fines back from {key}, and {again} more acknowledged"


@check("eks", takes=no_cli)
def a_moment_that_is_brought_up_and_restored_by_the_runbook_has_what_a_mistaken_delete_removed(subject: Subject) -> str:
    people, kept = posted(subject)
    moment = moment_between()
    deleted, after = mistaken(subject, people, kept)
    with _keeper(subject) as secret, moment_brought_up(subject, moment) as (then, seconds):
        typed(subject, "Tier eks: go back to a moment", log="then", SECRET=secret, THEN=then)
        again = must_be_back(subject, people, kept, after, source=moment)
    return (
        f"{deleted} rows deleted; {moment} was there after {seconds:.0f} s by the operator's role; {len(kept.acknowledged)} "
        f"acknowledged fines back from it, {again} more acknowledged; its instance and its machine are gone"
    )


@contextlib.contextmanager
def _keeper(subject: Subject) -> Iterator[str]:
    """The pod that keeps dumps, and the migrator's secret that the administrator may read, for the length of a block."""
    iam, secret = subject.tier.client("iam"), subject.outputs["MigratorSecretArn"]
    reads = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    iam.put_role_policy(RoleName=principals.DIRECTORY_ROLE, PolicyName=_READS, PolicyDocument=document)
    try:
        typed(subject, "Tier eks: a pod that keeps dumps", log="keeper")
        yield secret
    finally:
        ran(subject, "delete", "job/keeper", "--ignore-not-found", "--cascade=foreground")
        iam.delete_role_policy(RoleName=principals.DIRECTORY_ROLE, PolicyName=_READS)
