"""Users, second factors, boundaries and sessions, as MiniStack's own records have them once they are mended."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("MINISTACK_REGION", "us-east-1")

from ministack import app
from ministack.core.responses import request_scope
from ministack.services import ec2, iam, ssm, sts
from ministack.services.cloudformation import provisioners

from rehearsal.cloud import identities, shells
from rehearsal.cloud.permissions.lookup_ministack import MiniStack
from rehearsal.cloud.permissions.sessions import Session
from rehearsal.cloud.permissions.users import code_of
from rehearsal.machines.metadata import Credentials
from tests.rehearsal.permissions.world import ACCOUNT, REGION, TRUSTS_EC2, allow, document

ROLE = "AWS::IAM::Role"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[MiniStack]:
    for table, key in ((provisioners._RESOURCE_HANDLERS, ROLE), (iam._IAM_HANDLERS, "CreateVirtualMFADevice")):
        monkeypatch.setitem(table, key, dict(table[key]) if isinstance(table[key], dict) else table[key])
    monkeypatch.setitem(app.SERVICE_HANDLERS, "ssm", app.SERVICE_HANDLERS["ssm"])
    identities.mend()
    shells.play()
    with request_scope(ACCOUNT, REGION):
        yield MiniStack(account=ACCOUNT, region=REGION)
        for service in (ec2, iam, ssm, sts):
            service.reset()


def call(action: str, **given: str) -> str:
    """What IAM answers to a call of its query protocol."""
    status, _, body = iam._IAM_HANDLERS[action]({key: [value] for key, value in given.items()})
    text = body.decode() if isinstance(body, bytes) else str(body)
    assert status == 200, text
    return text


def between(text: str, tag: str) -> str:
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]


def test_a_key_is_its_users_while_it_is_active(cloud: MiniStack) -> None:
    call("CreateUser", UserName="olga")
    key = between(call("CreateAccessKey", UserName="olga"), "AccessKeyId")
    user = cloud.user_of(key)
    assert user is not None and user.principal_arn == f"arn:aws:iam::{ACCOUNT}:user/olga"
    assert cloud.user_of("AKIANOBODY") is None
    call("UpdateAccessKey", UserName="olga", AccessKeyId=key, Status="Inactive")
    assert cloud.user_of(key) is None


def test_a_user_is_read_with_its_policies(cloud: MiniStack) -> None:
    call("CreateUser", UserName="olga")
    take = document(allow("Take", "sts:AssumeRole", "*"))
    call("PutUserPolicy", UserName="olga", PolicyName="Take", PolicyDocument=json.dumps(take))
    user = cloud.role(f"arn:aws:iam::{ACCOUNT}:user/olga")
    assert user is not None and [policy.document for policy in user.policies] == [take]
    assert cloud.role(f"arn:aws:iam::{ACCOUNT}:user/otto") is None


def test_a_device_shows_codes_by_the_seed_that_its_maker_was_told(cloud: MiniStack) -> None:
    call("CreateUser", UserName="olga")
    made = call("CreateVirtualMFADevice", VirtualMFADeviceName="olga")
    serial, seed = between(made, "SerialNumber"), base64.b64decode(between(made, "Base32StringSeed")).decode()
    assert cloud.seed_of(serial, "olga") == ""
    call("EnableMFADevice", UserName="olga", SerialNumber=serial, AuthenticationCode1="1", AuthenticationCode2="2")
    assert cloud.seed_of(serial, "olga") == seed
    assert cloud.seed_of(serial, "otto") == ""
    assert code_of(seed, 0.0).isdecimal()


def test_a_templates_role_keeps_its_boundary_and_loses_it_with_the_template(cloud: MiniStack) -> None:
    bounds = document(allow("Bounds", "s3:*", "*"))
    arn = between(call("CreatePolicy", PolicyName="boundary", PolicyDocument=json.dumps(bounds)), "Arn")
    handlers = provisioners._RESOURCE_HANDLERS[ROLE]
    given: dict[str, Any] = {"AssumeRolePolicyDocument": TRUSTS_EC2}
    name, attributes = handlers["create"]("Role", given | {"PermissionsBoundary": arn}, "stack")
    role = cloud.role(attributes["Arn"])
    assert role is not None and role.boundary is not None and role.boundary.document == bounds
    handlers["update"](name, given | {"PermissionsBoundary": arn}, given, "stack", "Role")
    role = cloud.role(attributes["Arn"])
    assert role is not None and role.boundary is None


def test_a_boundary_that_does_not_exist_fails_the_role(cloud: MiniStack) -> None:
    given = {"AssumeRolePolicyDocument": TRUSTS_EC2, "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"}
    with pytest.raises(ValueError, match="does not exist or is not attachable"):
        provisioners._RESOURCE_HANDLERS[ROLE]["create"]("Role", given, "stack")


def ask(verb: str, key: str, **given: str) -> tuple[int, dict[str, Any]]:
    headers = {"x-amz-target": f"AmazonSSM.{verb}", "authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/x"}
    status, _, body = asyncio.run(app.SERVICE_HANDLERS["ssm"]("POST", "/", headers, json.dumps(given).encode(), {}))
    return status, json.loads(body)


def test_a_session_is_its_beginners_until_it_is_ended(cloud: MiniStack) -> None:
    name, attributes = provisioners._RESOURCE_HANDLERS[ROLE]["create"](
        "Role", {"AssumeRolePolicyDocument": TRUSTS_EC2}, "stack"
    )
    session = Session(attributes["Arn"], "olga", Credentials("ASIAOLGA", "secret", "token", 1e12), 0.0)
    cloud.announce(session)
    ec2._instances["i-1"] = {"State": {"Name": "running"}}
    status, told = ask("StartSession", "ASIAOLGA", Target="i-1")
    assert status == 200 and told["SessionId"].startswith("olga-")
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:session/{told['SessionId']}"
    assert cloud.tags(arn) == {shells.OWNER: f"{attributes['RoleId']}:olga"}, name
    assert ask("TerminateSession", "ASIAOLGA", SessionId=told["SessionId"])[0] == 200
    assert cloud.tags(arn) == {}
    assert ask("TerminateSession", "ASIAOLGA", SessionId=told["SessionId"])[0] == 400


def test_no_session_is_on_a_machine_that_does_not_run(cloud: MiniStack) -> None:
    assert ask("StartSession", "ASIAOLGA", Target="i-2")[1]["__type"].endswith("TargetNotConnected")
