"""The condition keys that every request has of the one who asks (IAM user guide, "AWS global condition context keys")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from rehearsal.cloud.permissions.asking import Role
from rehearsal.cloud.permissions.sessions import Session


def who_asks(session: Session, role: Role, region: str) -> Mapping[str, str]:
    """The condition keys that say who asks."""
    if session.is_users:
        return {
            "aws:PrincipalAccount": role.account,
            "aws:PrincipalArn": role.arn,
            "aws:PrincipalType": "User",
            "aws:PrincipalIsAWSService": "false",
            "aws:userid": role.id,
            "aws:username": role.name,
        }
    context = {
        "aws:PrincipalAccount": role.account,
        "aws:PrincipalArn": role.arn,
        "aws:PrincipalType": "AssumedRole",
        "aws:PrincipalIsAWSService": "false",
        "aws:TokenIssueTime": datetime.fromtimestamp(session.issued, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:userid": f"{role.id}:{session.source}",
        **{f"aws:PrincipalTag/{key}": value for key, value in role.tags.items()},
    }
    if session.source.startswith("i-"):  # credentials of an instance's profile
        arn = f"arn:aws:ec2:{region}:{role.account}:instance/{session.source}"
        context["ec2:SourceInstanceARN"] = context["ssm:SourceInstanceARN"] = arn
    return context
