"""Roles, the policies inside and beside them, and instance profiles."""

from __future__ import annotations

import contextlib
import json
from typing import Any
from urllib.parse import unquote

from rehearsal.ledger.readers.registry import Absent, Asked, Cloud, Found, only, picked, reads

# each kind of principal with the key that names it in IAM's calls, and the words of those calls
_PRINCIPALS = (("Roles", "RoleName", "role"), ("Users", "UserName", "user"), ("Groups", "GroupName", "group"))


@reads("AWS::IAM::Role")
def role(cloud: Cloud, asked: Asked) -> Found:
    name = asked.physical_id
    record = cloud("iam").get_role(RoleName=name)["Role"]
    attached = cloud.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    # Policies that are resources of their own lie in the same list: only the names the role's own property has count.
    inline = []
    for policy in asked.wanted.get("Policies", []):
        with contextlib.suppress(cloud("iam").exceptions.NoSuchEntityException):
            answer = cloud("iam").get_role_policy(RoleName=name, PolicyName=policy["PolicyName"])
            inline.append({"PolicyName": answer["PolicyName"], "PolicyDocument": _document(answer["PolicyDocument"])})
    properties = {
        **picked(record, "Description", "MaxSessionDuration", "Path", "RoleName", "Tags"),
        "AssumeRolePolicyDocument": _document(record["AssumeRolePolicyDocument"]),
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        "PermissionsBoundary": record.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "Policies": inline,
    }
    return Found(properties, picked(record, "Arn", "RoleId"))


@reads("AWS::IAM::Policy")
def inline_policy(cloud: Cloud, asked: Asked) -> Found:
    name, documents, names = asked.wanted["PolicyName"], [], set()
    holders: dict[str, list[str]] = {}
    for plural, key, kind in _PRINCIPALS:
        for principal in asked.wanted.get(plural, []):
            read = getattr(cloud("iam"), f"get_{kind}_policy")
            with contextlib.suppress(cloud("iam").exceptions.NoSuchEntityException):
                answer = read(**{key: principal, "PolicyName": name})
                documents.append(_document(answer["PolicyDocument"]))
                holders.setdefault(plural, []).append(answer[key])
                names.add(answer["PolicyName"])
    if not documents:
        raise Absent(f"no role, user or group holds the policy {name}")
    # Where one principal's copy differs from the others', the first that differs is what is shown.
    shown = next((each for each in documents if each != documents[0]), documents[0])
    lists = {plural: holders.get(plural, []) for plural, *_ in _PRINCIPALS}
    return Found({"PolicyName": only(list(names), name), "PolicyDocument": shown, **lists}, {"Id": asked.physical_id})


@reads("AWS::IAM::ManagedPolicy")
def managed_policy(cloud: Cloud, asked: Asked) -> Found:
    iam, arn = cloud("iam"), asked.physical_id
    record = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=record["DefaultVersionId"])["PolicyVersion"]
    holders = iam.list_entities_for_policy(PolicyArn=arn)
    properties = {
        **picked(record, "Description", "Path"),
        "ManagedPolicyName": record["PolicyName"],
        "PolicyDocument": _document(version["Document"]),
        **{plural: [each[key] for each in holders[f"Policy{plural}"]] for plural, key, _ in _PRINCIPALS},
    }
    return Found(properties, {"PolicyArn": record["Arn"], "PolicyId": record["PolicyId"]})


@reads("AWS::IAM::InstanceProfile")
def instance_profile(cloud: Cloud, asked: Asked) -> Found:
    name = asked.physical_id.rpartition("/")[2]
    record = cloud("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    held = only(record.get("Roles", []), f"a role in {name}")
    return Found({**picked(record, "InstanceProfileName", "Path"), "Roles": [held["RoleName"]]}, picked(record, "Arn"))


def _document(document: Any) -> Any:
    """A policy document as a dictionary: botocore decodes most of IAM's, which arrive URL-encoded, but not all."""
    return json.loads(unquote(document)) if isinstance(document, str) else document
