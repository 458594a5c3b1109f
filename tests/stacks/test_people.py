"""Roles for people: made for those whom settings name, taken with a second factor, and least; and the boundary of all roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.settings import Settings, SettingsError
from tests.stacks.policies import POLICIES, Policy
from tests.stacks.synthesis import TIERS, Template, context, flat, resources, synthesize

USER, ROLE = "arn:aws:iam::111122223333:user/olga", "arn:aws:iam::111122223333:role/operators"
BOUNDARY = "arn:aws:iam::111122223333:policy/org/boundary"
NAMED: dict[str, object] = {"operators": json.dumps([USER, ROLE]), "reviewers": ROLE, "deployers": USER}
LARGEST = 10_240  # characters of all inline policies of a role (IAM user guide, "IAM and AWS STS quotas")


def named() -> Template:
    return synthesize(tier="asg", **NAMED)


def role_of(template: Template, part: str) -> dict[str, Any]:
    (found,) = (r for id, r in resources(template, "AWS::IAM::Role").items() if id.startswith(f"People{part}"))
    return dict(found["Properties"])


def statements_of(template: Template, part: str) -> dict[str, dict[str, Any]]:
    policies = resources(template, "AWS::IAM::Policy")
    (found,) = (r for id, r in policies.items() if id.startswith(f"People{part}"))
    return {each["Sid"]: each for each in found["Properties"]["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_a_template_with_roles_for_people_keeps_every_policy(policy: Policy) -> None:
    assert policy(named()) == policy(moving()) == []


def test_nobody_named_no_role() -> None:
    ids = [id for id in synthesize(tier="asg")["Resources"] if id.startswith("People")]
    assert ids == []


@pytest.mark.parametrize("setting", NAMED)
def test_each_role_is_made_where_its_setting_names_somebody(setting: str) -> None:
    template = synthesize(tier="asg", **{setting: ROLE})
    part = {"operators": "Operator", "reviewers": "Reviewer", "deployers": "Deployer"}[setting]
    made = {id for id, r in resources(template, "AWS::IAM::Role").items() if id.startswith("People")}
    assert {id[:-8] for id in made} == {f"People{part}"}
    assert f"{part}RoleArn" in template["Outputs"]


def test_a_user_shows_a_second_factor_and_a_role_is_guarded_by_who_hands_it_out() -> None:
    trusted = role_of(named(), "Operator")["AssumeRolePolicyDocument"]["Statement"]
    by_principal = {flat(each["Principal"]["AWS"]): each.get("Condition") for each in trusted}
    assert by_principal == {USER: {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, ROLE: None}


@pytest.mark.parametrize("part", ["Operator", "Reviewer", "Deployer"])
def test_a_session_lasts_an_hour(part: str) -> None:
    assert role_of(named(), part)["MaxSessionDuration"] == 3600


def test_a_deployer_takes_the_four_roles_of_the_cli_and_nothing_else() -> None:
    (only,) = statements_of(named(), "Deployer").values()
    assert only["Action"] == "sts:AssumeRole"
    account = "${AWS::AccountId}"
    assert sorted(flat(each) for each in only["Resource"]) == [
        f"arn:aws:iam::{account}:role/cdk-hnb659fds-{kind}-role-{account}-us-east-1"
        for kind in ("deploy", "file-publishing", "image-publishing", "lookup")
    ]


@pytest.mark.parametrize("part", ["Operator", "Reviewer"])
def test_who_looks_reads_no_value_of_a_secret_and_no_object(part: str) -> None:
    actions = [a for s in statements_of(named(), part).values() for a in _listed(s["Action"])]
    assert len(actions) > 20
    assert not [a for a in actions if a.startswith("s3:") or a == "secretsmanager:GetSecretValue"]


def test_a_reviewer_changes_nothing_and_reads_no_log_that_may_speak_of_persons() -> None:
    statements = statements_of(named(), "Reviewer")
    verbs = {a.partition(":")[2] for s in statements.values() for a in _listed(s["Action"])}
    assert {
        verb for verb in verbs if not verb.startswith(("Describe", "Get", "List", "FilterLogEvents", "StartQuery"))
    } == set()
    logs = " ".join(flat(each) for each in statements["ReadLogs"]["Resource"])
    assert "LogsService" in logs
    assert "Access" not in logs
    assert "postgresql" not in logs


def test_a_shell_is_on_the_stacks_own_machines_by_the_usual_document() -> None:
    statements = statements_of(named(), "Operator")
    assert statements["OpenAShellOnOwnMachines"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/fines:stack": "fines-dev-asg"},
        "BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"},
    }
    assert flat(statements["ByTheUsualDocument"]["Resource"]).endswith(":document/SSM-SessionManagerRunShell")
    assert statements["EndOwnSessions"]["Condition"] == {
        "StringEquals": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}
    }


def test_an_operator_rotates_as_the_stack_does_and_restores_beside() -> None:
    statements = statements_of(named(), "Operator")
    kept = statements["RotatePasswords"]["Condition"]
    assert kept["BoolIfExists"] == {"secretsmanager:ModifyRotationRules": "false"}
    assert "RotationRotator" in str(kept["ArnEqualsIfExists"])
    for sid in ("RestoreBeside", "RestoreASnapshotBeside"):
        assert statements[sid]["Condition"] == {"BoolIfExists": {"rds:PubliclyAccessible": "false"}}
    written = [flat(each) for each in _listed(statements["KeepWhatWasRestored"]["Resource"])]
    assert [each.rpartition(":")[2] for each in written] == ["fines-dev-asg-restored-*"]


MOVES = (
    "HaveBothMoveTheirData",
    "ByAScript",
    "HearHowItWent",
    "LookAtTheOtherStack",
    "LeadTheName",
    "SeeThatItIsKnown",
)


def moving() -> Template:
    return synthesize(tier="asg", moves_between="single,asg", **NAMED)


def test_an_operator_moves_data_while_the_paths_are_open_and_not_before_or_after() -> None:
    assert not set(MOVES) & set(statements_of(named(), "Operator"))
    statements = statements_of(moving(), "Operator")
    assert statements["HaveBothMoveTheirData"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/fines:stack": ["fines-dev-asg", "fines-dev-single"]}
    }
    assert flat(statements["ByAScript"]["Resource"]).endswith(":document/AWS-RunShellScript")
    assert flat(statements["LookAtTheOtherStack"]["Resource"]).endswith(":stack/fines-dev-single/*")
    assert flat(statements["LeadTheName"]["Resource"]).endswith(":hostedzone/Z0123456789ABCDEFGHIJ")
    for part in ("Reviewer", "Deployer"):
        assert not set(MOVES) & set(statements_of(moving(), part))


def test_the_largest_role_stays_below_iams_limit() -> None:
    text = json.dumps(list(statements_of(moving(), "Operator").values()), separators=(",", ":"))
    assert len(text) < LARGEST  # with references, which are longer than what they stand for


@pytest.mark.parametrize("tier", TIERS)
def test_a_boundary_bounds_every_role_and_none_is_there_unasked(tier: str) -> None:
    bounded = resources(synthesize(tier=tier, permissions_boundary=BOUNDARY, **NAMED), "AWS::IAM::Role")
    assert {id: r["Properties"].get("PermissionsBoundary") for id, r in bounded.items()} == dict.fromkeys(
        bounded, BOUNDARY
    )
    free = resources(synthesize(tier=tier), "AWS::IAM::Role").values()
    assert not [r for r in free if "PermissionsBoundary" in r["Properties"]]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("operators", "olga", "operators: 'olga' is no ARN of a role or user of IAM: write it like arn:aws:iam::"),
        ("operators", "*", "operators: '*' is everybody of an account: name roles or users"),
        ("reviewers", "111122223333", "reviewers: '111122223333' is everybody of an account"),
        ("reviewers", "arn:aws:iam::111122223333:root", "is everybody of an account: name roles or users"),
        ("deployers", "arn:aws:sts::111122223333:assumed-role/ops/olga", "is a session, which ends: name its role"),
        ("deployers", "arn:aws:iam::111122223333:group/ops", "is no ARN of a role or user of IAM"),
        ("deployers", "arn:aws:iam::111122223333:role/*", "is no ARN of a role or user of IAM"),
        ("operators", json.dumps([ROLE, ROLE]), f"operators names '{ROLE}' twice: once is enough"),
        ("operators", "7", "operators: '7' is no ARN"),
        (
            "permissions_boundary",
            "boundary",
            "write it like this: -c permissions_boundary=arn:aws:iam::111122223333:policy/",
        ),
        ("permissions_boundary", ROLE, "write it like this: -c permissions_boundary=arn:aws:iam::"),
    ],
)
def test_a_wrong_name_is_refused_with_what_to_write(name: str, value: object, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(context(tier="asg", **{name: value}))
    assert says in str(refused.value)


def test_a_list_may_come_from_cdk_json() -> None:
    read = Settings.from_context(context(tier="asg", operators=[USER, ROLE], permissions_boundary=BOUNDARY))
    assert (read.operators, read.permissions_boundary) == ((USER, ROLE), BOUNDARY)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
