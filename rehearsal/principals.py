"""The people of a rehearsal, whom the deployment's settings name: users of IAM with second factors, and a role of a directory's."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.cdk import ACCOUNT
from rehearsal.cloud.permissions.users import code_of
from rehearsal.tier import Tier

OPERATOR, DEPLOYER, AUDITOR, STRANGER = "operadora", "desplegadora", "auditora", "extrana"
DIRECTORY_ROLE = "auditoria"  # as IAM Identity Center makes them: who is let in there takes it
_TAKE = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Take", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
}
_FIND = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "FindClusters", "Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": "*"}],
}


# As organisations bound roles: they may do what their policies say, and make nobody who may do more.
_BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "ButIdentities", "Effect": "Deny", "Action": ["iam:Create*", "iam:List*", "iam:Put*"], "Resource": "*"},
    ],
}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/frontera"


@dataclass(frozen=True)
class Keys:
    """What signs calls; `device` and `seed` are those of a user's second factor."""

    key: str
    secret: str
    token: str | None = None
    device: str = ""
    seed: str = ""

    @property
    def second_factor(self) -> Mapping[str, str]:
        """What AssumeRole is told besides."""
        return {"SerialNumber": self.device, "TokenCode": code_of(self.seed, time.time())} if self.device else {}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


def settings() -> dict[str, object]:
    """The settings that name them."""
    return {
        "operators": arn("user", OPERATOR),
        "reviewers": json.dumps([arn("role", DIRECTORY_ROLE)]),
        "deployers": arn("user", DEPLOYER),
        "permissions_boundary": BOUNDARY,
    }


def make(tier: Tier) -> None:
    """Makes them, as an account has them before anything is deployed; each may ask for any role."""
    iam = tier.client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_policy(PolicyName=BOUNDARY.rpartition("/")[2], PolicyDocument=json.dumps(_BOUNDARY))
    for name in (OPERATOR, DEPLOYER, AUDITOR, STRANGER):
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="Take", PolicyDocument=json.dumps(_TAKE))
    principal = {"Effect": "Allow", "Principal": {"AWS": arn("user", AUDITOR)}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [principal]}
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=DIRECTORY_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=DIRECTORY_ROLE, PolicyName="Take", PolicyDocument=json.dumps(_TAKE))
    iam.put_role_policy(RoleName=DIRECTORY_ROLE, PolicyName="Find", PolicyDocument=json.dumps(_FIND))


@contextlib.contextmanager
def keys_of(tier: Tier, name: str) -> Iterator[Keys]:
    """A user's key and second factor for the length of a block."""
    iam = tier.client("iam")
    given = iam.create_access_key(UserName=name)["AccessKey"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{name}-{secrets.token_hex(4)}")["VirtualMFADevice"]
    serial, seed = str(device["SerialNumber"]), _text(device["Base32StringSeed"])
    try:
        now = time.time()
        codes = {f"AuthenticationCode{n}": code_of(seed, now + 30 * (n - 1)) for n in (1, 2)}
        iam.enable_mfa_device(UserName=name, SerialNumber=serial, **codes)
        yield Keys(given["AccessKeyId"], given["SecretAccessKey"], device=serial, seed=seed)
    finally:
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            iam.deactivate_mfa_device(UserName=name, SerialNumber=serial)
        iam.delete_virtual_mfa_device(SerialNumber=serial)
        iam.delete_access_key(UserName=name, AccessKeyId=given["AccessKeyId"])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
