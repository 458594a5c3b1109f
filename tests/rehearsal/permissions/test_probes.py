"""Every statement of a role is proved both ways, and what can never be used is found."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from rehearsal.cloud.permissions import Evaluator, Policy, Role
from rehearsal.cloud.permissions.probes import Proof, probes, prove
from tests.rehearsal.permissions.test_evaluator import Says
from tests.rehearsal.permissions.world import (
    ACCOUNT,
    HOST_POLICY,
    HOST_ROLE,
    REGION,
    TRUSTS_EC2,
    Bench,
    allow,
    arn,
    document,
)

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def role_with(*statements: dict[str, Any]) -> Role:
    return Role(HOST_ROLE, (Policy("Host", document(*statements)),), TRUSTS_EC2)


def proofs_of(run: Run, judge: Any, role: Role) -> list[Proof]:
    proofs: list[Proof] = run(prove(role, judge=judge, region=REGION))
    return proofs


def test_each_statement_of_the_host_is_proved_both_ways(run: Run, evaluator: Evaluator, bench: Bench) -> None:
    proofs = proofs_of(run, evaluator, bench.roles[HOST_ROLE])
    assert [proof.detail for proof in proofs if not proof.ok] == []
    assert {proof.probe.statement for proof in proofs} == {f"Host/{s['Sid']}" for s in HOST_POLICY["Statement"]}
    assert all(proof.probe.allowed and proof.probe.refused for proof in proofs)


def test_most_of_the_hosts_probes_are_calls_that_can_be_made(run: Run, bench: Bench) -> None:
    made = [probe for probe in probes(bench.roles[HOST_ROLE], region=REGION) if probe.call]
    assert len(made) >= 20
    for probe in made:
        call = probe.call
        if call is None or not call.harmless or call.operation in ("assume_role", "get_authorization_token"):
            continue
        bench.passes(partial(getattr(bench.client(call.service), call.operation), **call.parameters))


@pytest.mark.parametrize(
    ("statement", "varied"),
    [
        (allow("S", "ssm:GetParameter", arn("ssm", "parameter/a")), "resource"),
        (allow("S", "ssm:GetParameter", arn("ssm", "parameter/a/*")), "resource"),
        (allow("S", "s3:GetObject*", "arn:aws:s3:::b/*"), "resource"),
        (allow("S", ["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]), "resource"),
        (allow("S", "logs:PutLogEvents", arn("logs", "log-group:/a:*")), "resource"),
        (allow("S", "logs:DescribeLogStreams", arn("logs", "log-group:/a:*")), "resource"),
        (allow("S", "logs:CreateLogStream", arn("logs", "log-group:/a/*")), "resource"),
        (allow("S", "ec2:AttachVolume", "arn:aws:ec2:*:*:volume/*"), "resource"),
        (allow("S", "ec2:AttachVolume", "*", StringEquals={"ec2:ResourceTag/a": "b"}), "condition"),
        (allow("S", "cloudwatch:PutMetricData", "*", StringLike={"cloudwatch:namespace": "F/*"}), "condition"),
        (allow("S", "ec2:CreateTags", "*", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}), "condition"),
        (allow("S", "ec2:DescribeVolumes", "*"), "action"),
        (allow("S", "ec2:Describe*", "*"), "action"),
        (allow("S", "eks:DescribeCluster", arn("eks", "cluster/fines")), "resource"),
        (allow("S", "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/app"), "resource"),
    ],
)
def test_a_statement_is_proved_both_ways(
    run: Run, evaluator: Evaluator, statement: dict[str, Any], varied: str
) -> None:
    proofs = proofs_of(run, evaluator, role_with(statement))
    assert proofs
    for proof in proofs:
        assert proof.ok, proof.detail
        assert proof.probe.varied == varied or proof.probe.action == "s3:GetObjectAcl"


def test_a_statement_with_a_condition_is_refused_on_its_own_resource_where_the_condition_does_not_hold(
    run: Run, evaluator: Evaluator
) -> None:
    instances = arn("ec2", "instance/*")
    role = role_with(
        allow("S", "ec2:AttachVolume", instances, StringEquals={"aws:ResourceTag/a": "b", "ec2:Region": REGION})
    )
    (proof,) = proofs_of(run, evaluator, role)
    assert proof.ok and proof.probe.varied == "resource"
    assert len(proof.probe.also_refused) == 2
    assert {check.resource for check in proof.probe.also_refused} == {arn("ec2", "instance/probe")}
    loose = role_with(*role.policies[0].document["Statement"], allow("Loose", "ec2:AttachVolume", instances))
    assert "was allowed by Host/Loose" in proofs_of(run, evaluator, loose)[0].detail


def test_the_whole_of_a_service_is_proved_against_another_service(run: Run, evaluator: Evaluator) -> None:
    actions = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
    proofs = proofs_of(run, evaluator, role_with(allow("S", [f"ssmmessages:{name}" for name in actions], "*")))
    assert [proof.detail for proof in proofs if not proof.ok] == []
    assert {str(proof.probe.refused and proof.probe.refused.action).partition(":")[0] for proof in proofs} == {"ec2"}


def test_a_statement_that_is_covered_by_a_wider_one_cannot_be_proved(run: Run, evaluator: Evaluator) -> None:
    narrow = allow("Narrow", "ssm:GetParameter", arn("ssm", "parameter/a"))
    proofs = proofs_of(run, evaluator, role_with(narrow, allow("Wide", "*", "*")))
    assert [proof.ok for proof in proofs] == [False, False]


def test_a_statement_that_another_denies_cannot_be_proved(run: Run, evaluator: Evaluator) -> None:
    deny = {"Effect": "Deny", "Action": "ssm:*", "Resource": "*"}
    proofs = proofs_of(run, evaluator, role_with(allow("A", "ssm:GetParameter", arn("ssm", "parameter/a")), deny))
    assert not proofs[0].ok and "explicit deny" in proofs[0].detail


@pytest.mark.parametrize(
    ("action", "resource", "why"),
    [
        ("s3:GetObject", "arn:aws:s3:::b", "acts on"),
        ("s3:ListBucket", "arn:aws:s3:::b/*", "acts on"),
        ("ec2:DescribeVolumes", arn("ec2", "volume/vol-1"), "acts on no single resource"),
        ("secretsmanager:GetSecretValue", arn("ssm", "parameter/a"), "acts on Secret"),
        ("ssm:GetParametre", "*", "there is no action"),
    ],
)
def test_a_statement_that_nothing_can_ever_use_is_found(
    run: Run, evaluator: Evaluator, action: str, resource: str, why: str
) -> None:
    proofs = proofs_of(run, evaluator, role_with(allow("S", action, resource)))
    assert not proofs[0].ok and why in proofs[0].detail


def test_an_evaluator_that_always_says_yes_proves_nothing(run: Run, bench: Bench) -> None:
    assert not any(proof.ok for proof in proofs_of(run, Says(True), bench.roles[HOST_ROLE]))


def test_a_boundary_makes_a_statement_unprovable(run: Run, evaluator: Evaluator, bench: Bench) -> None:
    boundary = Policy("Boundary", document(allow("Only", "s3:*", "*")))
    proofs = proofs_of(run, evaluator, replace(bench.roles[HOST_ROLE], boundary=boundary))
    assert {proof.ok for proof in proofs if proof.probe.action.startswith("ssm:")} == {False}
