"""Reads what the policies speak about out of a template, and refuses where there is nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.stacks.synthesis import Template, resources

Statement = dict[str, Any]


def of_kinds(template: Template, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """The resources of several types, of which a tier may lack some but not all."""
    found = [(id, resource) for id, resource in template["Resources"].items() if resource["Type"] in kinds]
    assert found, f"the template has none of {kinds}: this test speaks about nothing"
    return found


def inbound(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rules of security groups, inline or as resources of their own, that let in more than another group."""
    for id, group in resources(template, "AWS::EC2::SecurityGroup").items():
        for rule in group["Properties"].get("SecurityGroupIngress", []):
            yield id, rule
    for id, resource in template["Resources"].items():
        if (
            resource["Type"] == "AWS::EC2::SecurityGroupIngress"
            and "SourceSecurityGroupId" not in resource["Properties"]
        ):
            yield id, resource["Properties"]


def lets_in(rule: dict[str, Any], port: int) -> bool:
    protocol = str(rule["IpProtocol"])
    return protocol == "-1" or (protocol in ("tcp", "6") and rule["FromPort"] <= port <= rule["ToPort"])


def machines(template: Template) -> list[tuple[str, dict[str, Any]]]:
    found = resources(template, "AWS::EC2::LaunchTemplate").items()
    return [(id, resource["Properties"]["LaunchTemplateData"]) for id, resource in found]


def allowed(template: Template) -> list[tuple[str, Statement]]:
    return [
        (id, statement)
        for id, policy in resources(template, "AWS::IAM::Policy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def refuses_plain(statements: list[Statement]) -> bool:
    return any(
        s["Effect"] == "Deny"
        and s["Principal"] in ("*", {"AWS": "*"})
        and s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for s in statements
    )


def principals(statement: Statement) -> list[Any]:
    principal = statement["Principal"]
    return [principal] if isinstance(principal, str) else [one for p in principal.values() for one in listed(p)]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def tag_keys(properties: dict[str, Any]) -> set[str]:
    """The keys of a resource's tags; a vault's are a map of another name."""
    return {tag["Key"] for tag in properties.get("Tags", [])} | set(properties.get("BackupVaultTags", {}))
