"""cdk-nag stops synth, acceptances stay where they were laid, and each of them excuses something."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from app import build_app
from stacks import posture
from tests.stacks.synthesis import TIERS, context

_SOMEBODY = "arn:aws:iam::111122223333:role/somebody"
_PEOPLE: dict[str, object] = {"tier": "asg", "operators": _SOMEBODY, "reviewers": _SOMEBODY, "deployers": _SOMEBODY}
BECAUSE = "This bucket of a test keeps no access log, and nobody reads it."


def findings(app: cdk.App, folder: Path) -> set[tuple[str, str]]:
    """Synthesizes, which must fail; returns each finding's rule and construct, as the report has them."""
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = json.loads((folder / "validation-report.json").read_text())
    return {
        (violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }


def two_buckets(folder: Path) -> tuple[cdk.App, s3.Bucket, s3.Bucket]:
    app = cdk.App(context=context(), outdir=str(folder))
    stack = cdk.Stack(app, "Stack")
    posture.watch(app)
    return app, s3.Bucket(stack, "A", enforce_ssl=True), s3.Bucket(stack, "B", enforce_ssl=True)


def test_a_finding_stops_synth(tmp_path: Path) -> None:
    app, _, _ = two_buckets(tmp_path)
    assert findings(app, tmp_path) == {
        ("AwsSolutions-S1", "Stack/A/Resource"),
        ("AwsSolutions-S1", "Stack/B/Resource"),
    }


def test_an_accepted_bucket_does_not_silence_another(tmp_path: Path) -> None:
    app, first, _ = two_buckets(tmp_path)
    posture.accept(first, "AwsSolutions-S1", because=BECAUSE)
    assert findings(app, tmp_path) == {("AwsSolutions-S1", "Stack/B/Resource")}


def test_what_was_accepted_no_longer_stops_synth(tmp_path: Path) -> None:
    app, first, second = two_buckets(tmp_path)
    posture.accept(first, "AwsSolutions-S1", because=BECAUSE)
    posture.accept(second, "AwsSolutions-S1", because=BECAUSE)
    assert [stack.stack_name for stack in app.synth().stacks] == ["Stack"]


def test_an_accepted_rule_does_not_silence_another_rule(tmp_path: Path) -> None:
    app = cdk.App(context=context(), outdir=str(tmp_path))
    bucket = s3.Bucket(cdk.Stack(app, "Stack"), "A")
    posture.watch(app)
    posture.accept(bucket, "AwsSolutions-S1", because=BECAUSE)
    assert findings(app, tmp_path) == {("AwsSolutions-S10", "Stack/A/Resource")}


@pytest.mark.parametrize("tier", TIERS)
def test_the_app_is_watched(tier: str, tmp_path: Path) -> None:
    app = build_app(context(tier=tier), outdir=str(tmp_path))
    (stack,) = (child for child in app.node.children if isinstance(child, cdk.Stack))
    s3.Bucket(stack, "Unwatched", enforce_ssl=True)
    assert {(rule, path.split("/", 1)[1]) for rule, path in findings(app, tmp_path)} == {
        ("AwsSolutions-S1", "Unwatched/Resource")
    }


@pytest.mark.parametrize("settings", [*({"tier": tier} for tier in TIERS), _PEOPLE], ids=[*TIERS, "asg with people"])
def test_every_acceptance_excuses_a_finding(
    settings: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted: set[tuple[str, str]] = set()

    def note(construct: IConstruct, *rules: str, because: str) -> None:
        accepted.update((rule, construct.node.path) for rule in rules)

    monkeypatch.setattr(posture, "accept", note)
    found = findings(build_app(context(**settings), outdir=str(tmp_path)), tmp_path)
    assert accepted
    idle = {
        (rule, path)
        for rule, path in accepted
        if not any(rule == other and (where + "/").startswith(path + "/") for other, where in found)
    }
    assert idle == set()


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "not needed",
        "This is a false positive of the pack, as everybody can see here.",
        "TODO: think about this one later when there is more time to do it",
        "This one is a False-Positive since the rule cannot see the other bucket.",
    ],
)
def test_a_reason_that_is_no_argument_is_refused(reason: str, tmp_path: Path) -> None:
    _, bucket, _ = two_buckets(tmp_path)
    with pytest.raises(ValueError, match="is no reason: say in a sentence why AwsSolutions-S1 does no harm here"):
        posture.accept(bucket, "AwsSolutions-S1", because=reason)


def test_nothing_is_accepted_for_a_whole_stack_or_app(tmp_path: Path) -> None:
    app, bucket, _ = two_buckets(tmp_path)
    with pytest.raises(ValueError, match="not on all of Stack"):
        posture.accept(cdk.Stack.of(bucket), "AwsSolutions-S1", because=BECAUSE)
    with pytest.raises(ValueError, match="not on all of the app"):
        posture.accept(app, "AwsSolutions-S1", because=BECAUSE)
