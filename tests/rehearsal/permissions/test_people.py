"""People at the gate: users with keys of their own, second factors, sessions on machines, restores, rotations."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.permissions import Policy, Role, Session
from rehearsal.cloud.permissions.users import code_of
from rehearsal.machines.metadata import Credentials
from tests.rehearsal.permissions.world import ACCOUNT, INSTANCE, SECRET, Bench, allow, arn, document

OLGA = f"arn:aws:iam::{ACCOUNT}:user/olga"
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/operator"
DEVICE = f"arn:aws:iam::{ACCOUNT}:mfa/olga"
SEED = base64.b32encode(b"12345678901234567890").decode()
FUNCTION = arn("lambda", "function:rotator")
USUAL = arn("ssm", "document/SSM-SessionManagerRunShell")


@pytest.fixture
def people(bench: Bench) -> Bench:
    """Olga, a user who may take the operator's role with a second factor."""
    take = document(allow("Take", "sts:AssumeRole", "*"))
    second_factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    trusting = {"Effect": "Allow", "Principal": {"AWS": OLGA}, "Action": "sts:AssumeRole", "Condition": second_factor}
    own = {"StringEquals": {"aws:ResourceTag/stage": "dev"}, "BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
    mine = {"StringEquals": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}}
    as_it_is = {
        "ArnEqualsIfExists": {"secretsmanager:RotationLambdaARN": FUNCTION},
        "BoolIfExists": {"secretsmanager:ModifyRotationRules": "false"},
    }
    closed = {"BoolIfExists": {"rds:PubliclyAccessible": "false"}}
    operates = document(
        allow("Shell", "ssm:StartSession", arn("ec2", "instance/*"), **own),
        allow("Usual", "ssm:StartSession", USUAL),
        allow("End", "ssm:TerminateSession", arn("ssm", "session/*"), **mine),
        allow("Rotate", "secretsmanager:RotateSecret", SECRET, **as_it_is),
        allow(
            "Restore",
            "rds:RestoreDBInstanceToPointInTime",
            [arn("rds", "db:living"), arn("rds", "db:fines-restored-*")],
            **closed,
        ),
    )
    nobody: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    bench.roles[OLGA] = Role(arn=OLGA, policies=(Policy("Take", take),), trust=nobody, id="AIDAOLGA")
    bench.roles[OPERATOR] = Role(
        arn=OPERATOR, policies=(Policy("Operate", operates),), trust=document(trusting), id="AROAOPERATOR"
    )
    key = Session(OLGA, "olga", Credentials("AKIAOLGAOLGAOLGAOLGA", "her-secret", "", time.time() + 3600), 0.0)
    bench.users[key.access_key] = key
    bench.seeds[DEVICE, "olga"] = SEED
    return bench


def take(people: Bench, **more: object) -> tuple[str, str, str]:
    client = people.client_with("sts", "AKIAOLGAOLGAOLGAOLGA", "her-secret", None)
    given = client.assume_role(RoleArn=OPERATOR, RoleSessionName="olga", **more)["Credentials"]
    return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


def operator(people: Bench, service: str) -> Any:
    return people.client_with(service, *take(people, SerialNumber=DEVICE, TokenCode=code_of(SEED, time.time())))


def test_a_device_shows_the_codes_of_the_standard() -> None:
    # RFC 6238, appendix B, SHA-1: the last six of the eight digits
    assert [code_of(SEED, moment) for moment in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


def test_a_user_takes_a_role_with_a_second_factor_and_not_without(people: Bench) -> None:
    take(people, SerialNumber=DEVICE, TokenCode=code_of(SEED, time.time()))
    with pytest.raises(ClientError, match="no trust policy"):
        take(people)


def test_a_wrong_code_or_anothers_device_is_refused(people: Bench) -> None:
    right = code_of(SEED, time.time())
    wrong = "000000" if right != "000000" else "111111"
    for given in ({"SerialNumber": DEVICE, "TokenCode": wrong}, {"SerialNumber": f"{DEVICE}2", "TokenCode": right}):
        with pytest.raises(ClientError, match="invalid MFA one time pass code"):
            take(people, **given)


def test_a_users_key_must_be_signed_with(people: Bench) -> None:
    client = people.client_with("sts", "AKIAOLGAOLGAOLGAOLGA", "another", None)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.assume_role(RoleArn=OPERATOR, RoleSessionName="olga")


def test_a_user_may_stay_for_as_long_as_the_role_allows(people: Bench) -> None:
    people.roles[OPERATOR] = replace(people.roles[OPERATOR], longest_session=7200)
    code = {"SerialNumber": DEVICE, "TokenCode": code_of(SEED, time.time())}
    take(people, **code, DurationSeconds=7200)
    with pytest.raises(ClientError, match="MaxSessionDuration set for this role"):
        take(people, **code, DurationSeconds=7201)


def test_a_shell_is_opened_on_own_machines_by_the_usual_document_alone(people: Bench) -> None:
    ssm = operator(people, "ssm")
    people.passes(lambda: ssm.start_session(Target=INSTANCE))
    for other in (
        {"Target": "i-00000000000000001"},
        {"Target": INSTANCE, "DocumentName": "AWS-StartPortForwardingSession"},
        {"Target": INSTANCE, "DocumentName": "ours"},
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            ssm.start_session(**other)


def test_a_document_of_awss_own_is_judged_and_not_only_refused(people: Bench) -> None:
    forward = "AWS-StartPortForwardingSession"
    any_machine = allow("Shell", "ssm:StartSession", arn("ec2", "instance/*"))
    document_of_aws = allow("Forward", "ssm:StartSession", f"arn:aws:ssm:*:*:document/{forward}")
    policy = Policy("Forward", document(any_machine, document_of_aws))
    people.roles[OPERATOR] = replace(people.roles[OPERATOR], policies=(policy,))
    ssm = operator(people, "ssm")
    people.passes(lambda: ssm.start_session(Target=INSTANCE, DocumentName=forward))
    with pytest.raises(ClientError, match="no identity-based policy allows"):
        ssm.start_session(Target=INSTANCE, DocumentName="AWS-StartSSHSession")


def test_a_command_is_for_own_machines_and_by_one_document(people: Bench) -> None:
    own = {"StringEquals": {"aws:ResourceTag/stage": "dev"}}
    statements = (
        allow("Machines", "ssm:SendCommand", arn("ec2", "instance/*"), **own),
        allow("Script", "ssm:SendCommand", "arn:aws:ssm:*:*:document/AWS-RunShellScript"),
    )
    people.roles[OPERATOR] = replace(people.roles[OPERATOR], policies=(Policy("Command", document(*statements)),))
    ssm = operator(people, "ssm")
    good = {"InstanceIds": [INSTANCE], "DocumentName": "AWS-RunShellScript"}
    people.passes(lambda: ssm.send_command(**good))
    for other in (
        {"InstanceIds": ["i-00000000000000001"]},
        {"InstanceIds": [INSTANCE, "i-00000000000000001"]},
        {"DocumentName": "AWS-RunPatchBaseline"},
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            ssm.send_command(**good | other)


def test_a_session_is_ended_by_its_owner_alone(people: Bench) -> None:
    ssm = operator(people, "ssm")
    for session, owner in (("olga-1", "AROAOPERATOR:olga"), ("otto-1", "AROAOPERATOR:otto")):
        people.cloud.tagged[arn("ssm", f"session/{session}")] = {"aws:ssmmessages:session-id": owner}
    people.passes(lambda: ssm.terminate_session(SessionId="olga-1"))
    with pytest.raises(ClientError, match="AccessDenied"):
        ssm.terminate_session(SessionId="otto-1")


def test_a_rotation_keeps_its_rules_and_its_function(people: Bench) -> None:
    manager = operator(people, "secretsmanager")
    people.passes(lambda: manager.rotate_secret(SecretId=SECRET))
    people.passes(lambda: manager.rotate_secret(SecretId=SECRET, RotationLambdaARN=FUNCTION))
    for other in ({"RotationLambdaARN": f"{FUNCTION}-other"}, {"RotationRules": {"AutomaticallyAfterDays": 365}}):
        with pytest.raises(ClientError, match="AccessDenied"):
            manager.rotate_secret(SecretId=SECRET, **other)


def test_a_restore_names_its_two_databases_and_stays_closed(people: Bench) -> None:
    rds = operator(people, "rds")
    restore = rds.restore_db_instance_to_point_in_time
    good = {"SourceDBInstanceIdentifier": "living", "TargetDBInstanceIdentifier": "fines-restored-1"}
    people.passes(lambda: restore(**good, UseLatestRestorableTime=True))
    people.passes(lambda: restore(**good, UseLatestRestorableTime=True, PubliclyAccessible=False))
    for other in (
        {"SourceDBInstanceIdentifier": "another"},
        {"TargetDBInstanceIdentifier": "living-2"},
        {"PubliclyAccessible": True},
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            restore(**good | other)
