"""The paths between two tiers are closed, open for the time of a move, and then lead where they should alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import Settings, SettingsError
from tests.stacks.manifests_of import manifests
from tests.stacks.manifests_of import pods as pods_of
from tests.stacks.synthesis import ON_MACHINES, TIERS, context, flat, resources, synthesize, the_only
from tests.stacks.test_lint import lint

OPEN = {"single": "single,asg", "asg": "single,asg", "eks": "asg,eks"}
OTHER = {"single": "fines-dev-asg", "asg": "fines-dev-single", "eks": "fines-dev-asg"}
ZONE = {"hosted_zone_id": "Z0123456789ABCDEFGHIJ", "hosted_zone_name": "fines.example", "shares_name": True}


def opened(tier: str) -> dict[str, Any]:
    return synthesize(tier=tier, moves_between=OPEN[tier])


def statements(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the machines' role may, or that of the pod which moves, by the statements' names."""
    return {
        str(each["Sid"]): each
        for id, policy in resources(template, "AWS::IAM::Policy").items()
        if "RolesHost" in id or "RolesMover" in id
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
    }


def added(tier: str) -> dict[str, dict[str, Any]]:
    closed = synthesize(tier=tier)
    before = statements(closed) if tier in ON_MACHINES else {"ReadItsSecrets": {}}
    return {name: each for name, each in statements(opened(tier)).items() if name not in before}


@pytest.mark.parametrize("tier", TIERS)
def test_without_the_setting_nobody_reads_anything_of_another_tier(tier: str) -> None:
    assert OTHER[tier] not in json.dumps(synthesize(tier=tier))


@pytest.mark.parametrize("tier", ON_MACHINES)
def test_the_setting_changes_what_the_machines_may_and_nothing_else(tier: str, tmp_path: Path) -> None:
    closed, template = synthesize(tier=tier), opened(tier)
    differ = {id for id in template["Resources"] if template["Resources"][id] != closed["Resources"].get(id)}
    assert len(differ) == 1 and "RolesHostDefaultPolicy" in differ.pop()
    assert lint(template, tmp_path) == []


def test_on_kubernetes_it_makes_a_pod_that_moves_with_a_role_of_its_own_and_nothing_else(tmp_path: Path) -> None:
    closed, template = synthesize(tier="eks"), opened("eks")
    new = set(template["Resources"]) - set(closed["Resources"])
    assert sorted(id.rstrip("0123456789ABCDEF") for id in new) == [
        "RolesMoverAssociation",
        "RolesMoverRole",
        "RolesMoverRoleDefaultPolicy",
        "WorkloadMover",
    ]
    pods = [what for what, _ in pods_of(manifests(template)) if "mover" in what]
    assert pods == ["Deployment mover"]
    assert lint(template, tmp_path) == []


@pytest.mark.parametrize("tier", TIERS)
def test_of_the_other_tier_photographs_and_what_it_put_out_are_read_in_this_account_and_nothing_is_written(
    tier: str,
) -> None:
    theirs = {name: each for name, each in added(tier).items() if OTHER[tier] in flat(each["Resource"])}
    assert {name: (each["Action"], flat(each["Resource"])) for name, each in theirs.items()} == {
        "ListTheirPhotographs": ("s3:ListBucket", f"arn:aws:s3:::{OTHER[tier]}-bucketsmedia*"),
        "ReadTheirPhotographs": ("s3:GetObject", f"arn:aws:s3:::{OTHER[tier]}-bucketsmedia*/*"),
        "FetchTheirRows": ("s3:GetObject", f"arn:aws:s3:::{OTHER[tier]}-bucketsbackups*/promote/*"),
    }
    for each in theirs.values():
        assert each["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("tier", TIERS)
def test_of_its_own_a_tier_writes_photographs_and_what_is_fetched(tier: str) -> None:
    ours = {flat(each["Resource"]) for each in added(tier).values() if OTHER[tier] not in flat(each["Resource"])}
    assert len(ours) == 4 and all("${Buckets" in each for each in ours)
    assert {each.rpartition("}")[2] for each in ours} == {"", "/*", "/promote/*"}


def test_a_tier_that_does_not_move_stays_closed() -> None:
    assert synthesize(tier="single", moves_between="asg,eks") == synthesize(tier="single")


@pytest.mark.parametrize("given", ["asg", "asg,asg", "single asg", "single,three"])
def test_two_different_tiers_are_named(given: str) -> None:
    with pytest.raises(SettingsError, match="write it like this: -c moves_between=single,asg"):
        Settings.from_context(context(moves_between=given))


def test_tier_single_may_have_a_share_of_the_name_in_the_hosted_zone(tmp_path: Path) -> None:
    template = synthesize(tier="single", dns_weight=0, **ZONE)
    record = the_only(template, "AWS::Route53::RecordSet")["Properties"]
    assert record["SetIdentifier"] == "single" and record["Weight"] == 0 and record["TTL"] == "60"
    (address,) = resources(template, "AWS::EC2::EIP")
    assert record["Type"] == "A" and record["ResourceRecords"] == [{"Ref": address}]
    assert lint(template, tmp_path) == []
    assert not any(
        each["Type"] == "AWS::Route53::RecordSet" for each in synthesize(tier="single")["Resources"].values()
    )


def test_a_share_of_the_name_wants_the_hosted_zone() -> None:
    with pytest.raises(SettingsError, match="hosted_zone_id is missing"):
        Settings.from_context(context(tier="single", shares_name=True))


@pytest.mark.parametrize("tier", ["asg", "eks"])
def test_a_tier_that_has_operators_can_be_opened(tier: str) -> None:
    """What an operator may do for a move is held against the posture like all else: synth would stop."""
    operators = "arn:aws:iam::111122223333:user/operadora"
    template = synthesize(tier=tier, moves_between=OPEN[tier], operators=operators)
    own = [each for id, each in resources(template, "AWS::IAM::Policy").items() if id.startswith("PeopleOperator")]
    assert "ssm:SendCommand" in json.dumps(own)
