"""sts:AssumeRole: the caller's policy and the role's trust must both allow; what comes back is a real session."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.permissions import Policy
from tests.rehearsal.permissions.world import ACCOUNT, APP_ROLE, HOST_ROLE, TRUSTS_EC2, Bench, allow, document


def take(bench: Bench, role: str = APP_ROLE, *, by: str = HOST_ROLE, **more: object) -> dict[str, str]:
    answer = bench.client("sts", role=by).assume_role(RoleArn=role, RoleSessionName="web", **more)
    credentials: dict[str, str] = answer["Credentials"]
    return credentials


def test_a_trusted_caller_gets_a_session_that_may_do_what_the_role_may(bench: Bench) -> None:
    given = take(bench)
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    client = bench.client_with("s3", *keys)
    bench.passes(lambda: client.put_object(Bucket="media", Key="photo.jpg", Body=b""))
    with pytest.raises(ClientError) as refused:
        client.get_object(Bucket="backups", Key="pgbackrest/backup.info")
    assert "assumed-role/fines-dev-single-AppRole/web is not authorized" in str(refused.value)


def test_a_role_that_does_not_trust_the_caller_is_refused(bench: Bench) -> None:
    bench.roles[APP_ROLE] = replace(bench.roles[APP_ROLE], trust=TRUSTS_EC2)
    with pytest.raises(ClientError, match="because no trust policy allows the sts:AssumeRole action"):
        take(bench)


def test_a_trust_in_the_account_needs_the_callers_own_permission(bench: Bench) -> None:
    account = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    bench.roles[APP_ROLE] = replace(bench.roles[APP_ROLE], trust=document(account))
    take(bench)
    bench.roles[HOST_ROLE] = replace(bench.roles[HOST_ROLE], policies=())
    with pytest.raises(ClientError, match="because no identity-based policy allows the sts:AssumeRole action"):
        take(bench)


def test_a_trusted_caller_without_permission_is_refused(bench: Bench) -> None:
    bench.roles[HOST_ROLE] = replace(bench.roles[HOST_ROLE], policies=())
    with pytest.raises(ClientError, match="because no identity-based policy allows"):
        take(bench)


def test_a_condition_of_the_trust_must_hold(bench: Bench) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "fines"}}
    trusting = {"Effect": "Allow", "Principal": {"AWS": HOST_ROLE}, "Action": "sts:AssumeRole", "Condition": condition}
    bench.roles[APP_ROLE] = replace(bench.roles[APP_ROLE], trust=document(trusting))
    take(bench, ExternalId="fines")
    for other in ({}, {"ExternalId": "other"}):
        with pytest.raises(ClientError, match="no trust policy"):
            take(bench, **other)


def test_a_role_that_does_not_exist_is_refused_as_one_that_trusts_nobody(bench: Bench) -> None:
    with pytest.raises(ClientError, match="no trust policy"):
        take(bench, f"arn:aws:iam::{ACCOUNT}:role/stranger")


def test_the_application_cannot_take_the_hosts_role(bench: Bench) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        take(bench, HOST_ROLE, by=APP_ROLE)


def test_a_chained_session_lasts_an_hour_at_most(bench: Bench) -> None:
    take(bench, DurationSeconds=900)
    with pytest.raises(ClientError, match="1 hour session limit"):
        take(bench, DurationSeconds=7200)


def test_session_policies_are_refused_and_not_passed_over(bench: Bench) -> None:
    with pytest.raises(ClientError, match="does not understand session policies"):
        take(bench, Policy='{"Version":"2012-10-17","Statement":[]}')


def test_a_boundary_limits_what_a_policy_allows(bench: Bench) -> None:
    inside = Policy("Boundary", document(allow("Only", "ssm:*", "*")))
    bench.roles[HOST_ROLE] = replace(bench.roles[HOST_ROLE], boundary=inside)
    bench.passes(lambda: bench.client("ssm").get_parameter(Name="/fines/dev/single/release"))
    with pytest.raises(ClientError, match="no permissions boundary allows"):
        bench.client("ec2").describe_volumes()
