"""The evaluator must be one that can say no, and say so clearly when it is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cloud.permissions import Check, Decision, Evaluator, EvaluatorError, Policy, self_test
from rehearsal.cloud.permissions import evaluator as evaluator_module
from tests.rehearsal.permissions.world import ACCOUNT, Bench, allow, arn, document

Run = Callable[[Coroutine[Any, Any, Any]], Any]
ME = f"arn:aws:sts::{ACCOUNT}:assumed-role/Role/i-1"


class Says:
    """An evaluator that always says the same."""

    def __init__(self, allowed: bool) -> None:
        self._allowed = allowed

    async def decide(self, check: Check, **_: Any) -> Decision:
        return Decision(self._allowed, "always", ("policy/1",))


class Blind:
    """An evaluator that does not look at one part of the question."""

    def __init__(self, evaluator: Evaluator, **without: Any) -> None:
        self._evaluator, self._without = evaluator, without

    async def decide(self, check: Check, **given: Any) -> Decision:
        if "context" in self._without:
            check = Check(check.action, check.resource, {"aws:ResourceTag/cage": "1"})
        return await self._evaluator.decide(
            check, **{**given, **{k: v for k, v in self._without.items() if k in given}}
        )


def decide(run: Run, evaluator: Evaluator, check: Check, *statements: dict[str, Any], **more: Any) -> Decision:
    policies = [Policy("policy", document(*statements))]
    decision: Decision = run(
        evaluator.decide(check, identity_policies=policies, principal_arn=ME, account=ACCOUNT, **more)
    )
    return decision


@pytest.mark.parametrize(("answer", "named"), [(True, "another object was allowed"), (False, "an allowed object was")])
def test_an_evaluator_that_always_says_the_same_is_found_out(run: Run, answer: bool, named: str) -> None:
    with pytest.raises(EvaluatorError, match=named):
        run(self_test(Says(answer)))


@pytest.mark.parametrize(
    ("without", "named"),
    [
        ({"context": None}, "another tag"),
        ({"resource_policies": []}, "a bucket's deny"),
        ({"trust": None}, "a role that trusts nobody"),
        ({"boundary": None}, "a boundary"),
    ],
)
def test_an_evaluator_that_overlooks_something_is_found_out(
    run: Run, evaluator: Evaluator, without: dict[str, Any], named: str
) -> None:
    with pytest.raises(EvaluatorError, match=named):
        run(self_test(Blind(evaluator, **without)))


def test_the_evaluator_proves_itself(run: Run, evaluator: Evaluator) -> None:
    judged = run(self_test(evaluator))
    assert {name for name, allowed in judged.items() if allowed} == {
        "an allowed object",
        "the right tag",
        "a trusted caller",
    }
    assert len(judged) == 10


def test_an_evaluator_that_died_says_so_and_nothing_passes(run: Run, node: str, bench: Bench) -> None:
    dying = Evaluator(node=node)
    run(dying.start())
    process = dying._process
    assert process is not None
    process.kill()
    run(process.wait())
    with pytest.raises(EvaluatorError, match="died with status -9"):
        run(self_test(dying))
    bench.evaluator = dying
    headers = {"content-type": "application/x-www-form-urlencoded"}
    verdict = bench.admit(bench.signed("sts", headers=headers, body=b"Action=GetCallerIdentity&Version=2011-06-15"))
    assert not verdict.allowed and verdict.status == 500 and b"out of order" in verdict.body
    run(dying.stop())


def test_an_evaluator_that_dies_while_it_is_asked_does_not_leave_anyone_waiting(run: Run, node: str) -> None:
    async def ask() -> None:
        async with Evaluator(node=node) as dying:
            assert dying._process is not None
            questions = [asyncio.ensure_future(self_test(dying)) for _ in range(50)]
            await asyncio.sleep(0)
            dying._process.kill()
            answers = await asyncio.gather(*questions, return_exceptions=True)
        assert any(isinstance(answer, EvaluatorError) for answer in answers)
        assert all(answer is None or isinstance(answer, EvaluatorError) for answer in answers)

    run(ask())


def test_a_node_that_is_not_there_is_named(run: Run) -> None:
    with pytest.raises(EvaluatorError, match="/no/such/node"):
        run(Evaluator(node="/no/such/node").start())


def test_packages_that_are_not_there_are_asked_for(
    run: Run, node: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").mkdir()
    monkeypatch.setattr(evaluator_module, "_SCRIPT", tmp_path / "evaluator.mjs")
    with pytest.raises(EvaluatorError, match=f"not installed: run npm ci --prefix {tmp_path}"):
        run(Evaluator(node=node).start())


def test_a_node_that_does_something_else_is_not_trusted(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "node"
    other.write_text("#!/bin/sh\necho 'this is no node' >&2\nexit 3\n")
    other.chmod(0o755)
    with pytest.raises(EvaluatorError, match="is no Node: it died with status 3: this is no node"):
        run(Evaluator(node=other).start())


def test_many_may_ask_at_once(run: Run, evaluator: Evaluator) -> None:
    async def ask() -> list[dict[str, bool]]:
        return await asyncio.gather(*(self_test(evaluator) for _ in range(20)))

    answers = run(ask())
    assert len(answers) == 20
    assert all(answer == answers[0] for answer in answers)


METRICS = Check("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "A"})


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [("*", True), (arn("cloudwatch", "dataset/a"), False), (arn("cloudwatch", "dataset/*"), False)],
)
def test_a_call_on_no_resource_is_only_allowed_for_all(
    run: Run, evaluator: Evaluator, resource: str, allowed: bool
) -> None:
    decision = decide(run, evaluator, METRICS, allow("Put", "cloudwatch:PutMetricData", resource))
    assert decision.allowed is allowed


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [(arn("ec2", "volume/*"), True), (arn("ec2", "*"), True), (arn("ec2", "volume/vol-1"), False)],
)
def test_what_is_still_to_be_made_is_not_covered_by_one_resource(
    run: Run, evaluator: Evaluator, resource: str, allowed: bool
) -> None:
    check = Check("ec2:CreateVolume", arn("ec2", "volume/*"))
    assert decide(run, evaluator, check, allow("Make", "ec2:CreateVolume", resource)).allowed is allowed


def test_statements_keep_their_names_beside_those_that_are_taken_out(run: Run, evaluator: Evaluator) -> None:
    partial = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": arn("cloudwatch", "dataset/a")}
    whole = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"}
    assert decide(run, evaluator, METRICS, partial, whole).statements == ("policy/2",)


def test_an_explicit_deny_wins_and_is_named(run: Run, evaluator: Evaluator) -> None:
    deny = {"Sid": "No", "Effect": "Deny", "Action": "ec2:*", "Resource": "*"}
    decision = decide(run, evaluator, Check("ec2:DescribeVolumes", "*"), allow("All", "*", "*"), deny)
    assert not decision.allowed
    assert decision.statements == ("policy/No",)
    assert decision.reason == "with an explicit deny in an identity-based policy"


def test_a_near_miss_is_told(run: Run, evaluator: Evaluator) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/stage": "dev"}}
    statement = allow("Tagged", "ec2:AttachVolume", "*", **condition)
    check = Check("ec2:AttachVolume", arn("ec2", "volume/vol-1"), {"aws:ResourceTag/stage": "prod"})
    assert decide(run, evaluator, check, statement).near == ("policy/Tagged: StringEquals aws:ResourceTag/stage",)


def test_what_the_evaluator_cannot_judge_is_refused(run: Run, evaluator: Evaluator) -> None:
    for check in (Check("ssm:NoSuchAction", "*"), Check("nosuch:Service", "*"), Check("ssm:GetParameter", "arn:x")):
        decision = decide(run, evaluator, check, allow("All", "*", "*"))
        assert not decision.allowed and "cannot judge" in decision.reason


def test_an_ungrammatical_policy_allows_nothing(run: Run, evaluator: Evaluator) -> None:
    broken = {"Effect": "Permit", "Action": "*", "Resource": "*"}
    decision = decide(run, evaluator, Check("ec2:DescribeVolumes", "*"), broken)
    assert not decision.allowed and "policy.errors" in decision.reason


def test_other_accounts_need_both_sides(run: Run, evaluator: Evaluator) -> None:
    check = Check("s3:GetObject", "arn:aws:s3:::theirs/k")
    read = allow("Read", "s3:GetObject", "arn:aws:s3:::theirs/*")
    theirs = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:*",
        "Resource": "*",
    }

    async def ask(*policies: Any) -> Decision:
        return await evaluator.decide(
            check,
            identity_policies=[Policy("p", document(read))],
            resource_policies=policies,
            principal_arn=ME,
            account="999999999999",
        )

    assert not run(ask()).allowed
    assert run(ask(document(theirs))).allowed
