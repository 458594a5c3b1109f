"""Reads what the gate must know out of MiniStack's own records, in the same process."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import autoscaling, cloudwatch_logs, ec2, iam, kms, s3, secretsmanager, sns, ssm, sts
from ministack.services.cloudformation import _stacks

from rehearsal.cloud.permissions.asking import Document, Policy, Role
from rehearsal.cloud.permissions.sessions import Session
from rehearsal.machines.metadata import Credentials

_MANAGED_BY_AWS = "arn:aws:iam::aws:policy/"


class MiniStack:
    """The gate's view of one account and region; every answer is of the moment it is asked."""

    def __init__(self, *, account: str, region: str) -> None:
        self._account, self._region = account, region

    @contextmanager
    def _scope(self) -> Iterator[None]:
        # MiniStack's stores are keyed by the request's account and region, and the gate asks before there is a request.
        with request_scope(self._account, self._region):
            yield

    # identities

    def role(self, arn: str) -> Role | None:
        """A role, or a user, with its inline and managed policies."""
        with self._scope():
            if ":user/" in arn:
                return self._user(arn)
            record = iam._roles.get(arn.rpartition("/")[2])
            if record is None or record["Arn"] != arn:
                return None
            policies = [Policy(name, _document(text)) for name, text in record.get("InlinePolicies", {}).items()]
            policies += [_managed(attached) for attached in record.get("AttachedPolicies", [])]
            boundary = record.get("PermissionsBoundary")
            return Role(
                arn=arn,
                policies=tuple(policies),
                trust=_document(record["AssumeRolePolicyDocument"]),
                boundary=_managed(boundary) if boundary else None,
                id=record["RoleId"],
                tags=_pairs(record.get("Tags", [])),
                longest_session=int(record.get("MaxSessionDuration", 3600)),
            )

    def _user(self, arn: str) -> Role | None:
        record = iam._users.get(arn.rpartition("/")[2])
        if record is None or record["Arn"] != arn:
            return None
        policies = [
            Policy(name, _document(text))
            for name, text in iam._user_inline_policies.get(record["UserName"], {}).items()
        ]
        policies += [_managed(attached) for attached in record.get("AttachedPolicies", [])]
        boundary = record.get("PermissionsBoundary")
        return Role(
            arn=arn,
            policies=tuple(policies),
            trust={"Version": "2012-10-17", "Statement": []},
            boundary=_managed(boundary) if boundary else None,
            id=record["UserId"],
            tags=_pairs(record.get("Tags", [])),
        )

    def user_of(self, access_key: str) -> Session | None:
        """The user whose active key it is, as a session that does not end."""
        with self._scope():
            key = iam._access_keys.get(access_key)
            user = iam._users.get(key["UserName"]) if key and key["Status"] == "Active" else None
        if key is None or user is None:
            return None
        given = Credentials(access_key, key["SecretAccessKey"], "", math.inf)
        return Session(user["Arn"], user["UserName"], given, 0.0)

    def seed_of(self, serial: str, user: str) -> str:
        """The seed of a device for second factors that is the user's; nothing where it is not."""
        with self._scope():
            device = iam._mfa_devices.get(serial)
        return str(device["Base32StringSeed"]) if device and device.get("User") == user else ""

    def announce(self, session: Session) -> None:
        """Tells MiniStack whose key it is, so that it acts in the right account and knows the caller's identity."""
        role = self.role(session.role_arn)
        given = session.credentials
        sts.register_session(
            given.access_key,
            {
                "Arn": session.principal_arn,
                "UserId": f"{role.id if role else 'AROAUNKNOWN'}:{session.source}",
                "SecretAccessKey": given.secret,
                "SessionToken": given.token,
                "Expiration": given.expires,
                "AccountId": session.role_arn.split(":")[4],
                "PrincipalType": "AssumedRole",
                "SessionTags": [],
                "SessionPolicies": None,
            },
        )

    def resource_policy(self, arn: str) -> Document | None:
        """The policy of a bucket, secret, topic or key."""
        service = arn.split(":", 3)[2] if arn.startswith("arn:") else ""
        with self._scope():
            text: Any = None
            if service == "s3":
                text = s3._bucket_policies.get(arn.rpartition(":")[2])
            elif service == "secretsmanager":
                text = secretsmanager._resource_policies.get(arn)
            elif service == "sns":
                text = (sns._topics.get(arn) or {}).get("attributes", {}).get("Policy")
            elif service == "kms":
                text = (kms._keys.get(arn.rpartition("/")[2]) or {}).get("Policy")
            return _document(text) if text else None

    # resources

    def tags(self, arn: str) -> Mapping[str, str]:
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return {}
        service, rest = parts[2], parts[5]
        with self._scope():
            if service == "ec2":
                return _pairs(ec2._tags.get(rest.rpartition("/")[2], []))
            if service == "secretsmanager":
                return next(
                    (_pairs(s.get("Tags", [])) for s in secretsmanager._secrets.values() if s["ARN"] == arn), {}
                )
            if service == "ssm":
                return dict(ssm._tags.get(arn, {}))
            if service == "sns":
                return dict((sns._topics.get(arn) or {}).get("tags", {}))
            if service == "autoscaling":
                return _pairs(autoscaling._tags.get(rest.rpartition("/")[2], []))
            if service == "cloudformation":
                return next((_pairs(s.get("Tags") or []) for s in _stacks.values() if s["StackId"] == arn), {})
            if service == "logs":
                name = rest.removeprefix("log-group:").partition(":")[0]
                return dict((cloudwatch_logs._log_groups.get(name) or {}).get("tags", {}))
            if service == "s3":
                return _pairs(s3._bucket_tags.get(rest, {}))
            if service == "iam" and rest.startswith("role/"):
                return _pairs((iam._roles.get(rest.rpartition("/")[2]) or {}).get("Tags", []))
        return {}

    def ec2_facts(self, id: str) -> Mapping[str, str]:
        with self._scope():
            if (instance := ec2._instances.get(id)) is not None:
                facts = {
                    "ec2:AvailabilityZone": instance.get("Placement", {}).get("AvailabilityZone"),
                    "ec2:InstanceID": id,
                    "ec2:InstanceProfile": (instance.get("IamInstanceProfile") or {}).get("Arn"),
                    "ec2:InstanceType": instance.get("InstanceType"),
                }
            elif (volume := ec2._volumes.get(id)) is not None:
                facts = {
                    "ec2:AvailabilityZone": volume.get("AvailabilityZone"),
                    "ec2:Encrypted": "true" if volume.get("Encrypted") else "false",
                    "ec2:VolumeID": id,
                    "ec2:VolumeSize": volume.get("Size"),
                    "ec2:VolumeType": volume.get("VolumeType"),
                }
            elif (address := ec2._addresses.get(id)) is not None:
                facts = {
                    "ec2:AllocationId": id,
                    "ec2:Domain": address.get("Domain"),
                    "ec2:PublicIpAddress": address.get("PublicIp"),
                }
            else:
                facts = {}
        return {key: str(value) for key, value in facts.items() if value is not None}

    def address_of(self, public_ip_or_association: str) -> str | None:
        with self._scope():
            for id, record in ec2._addresses.items():
                if public_ip_or_association in (record.get("PublicIp"), record.get("AssociationId")):
                    return str(id)
        return None

    def secret_arn(self, name_or_arn: str) -> str | None:
        with self._scope():
            for name, record in secretsmanager._secrets.items():
                arn = str(record["ARN"])
                # an ARN without the hyphen and six characters at its end is a secret's partial ARN
                if name_or_arn in (name, arn, arn[:-7]):
                    return arn
        return None

    def stack_arn(self, name: str) -> str | None:
        with self._scope():
            record = _stacks.get(name)
        return str(record["StackId"]) if record and record.get("StackStatus") != "DELETE_COMPLETE" else None

    def group_arn(self, name: str) -> str | None:
        with self._scope():
            record = autoscaling._asgs.get(name)
        return str(record["AutoScalingGroupARN"]) if record else None

    def bucket_exists(self, name: str) -> bool:
        with self._scope():
            return name in s3._buckets


def _managed(arn: str) -> Policy:
    known = iam._aws_managed_policies if arn.startswith(_MANAGED_BY_AWS) else iam._policies
    record = known.get(arn)
    if record is None:
        # A managed policy that MiniStack does not know allows nothing: the first call that needs it is refused.
        return Policy(arn, {"Version": "2012-10-17", "Statement": []})
    return Policy(arn, _document(record["Versions"][record["DefaultVersionId"]]["Document"]))


def _document(text: Any) -> Document:
    document: Document = json.loads(text) if isinstance(text, str) else text
    return document


def _pairs(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags}
