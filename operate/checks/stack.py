"""Whether a stack of the name, or what one left behind, is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from operate.finding import Finding, ok, stops, warning
from operate.stack import Deployed
from operate.subject import Subject
from stacks.settings import Tier

_EDGES = ("AWS::CloudFront::OriginAccessControl", "AWS::CloudFront::ResponseHeadersPolicy")


def earlier_stack(subject: Subject) -> Iterator[Finding]:
    deployed = subject.deployed()
    if deployed is None:
        yield ok("stack", f"there is no {subject.settings.stack_name} yet: this is its first deployment")
    elif deployed.serves:
        yield ok("stack", f"{deployed.name} is {deployed.status}: this deployment updates it")
    else:
        yield stops(
            "stack",
            f"{deployed.name} is {deployed.status}{f': {deployed.reason}' if deployed.reason else ''}",
            _mend(subject, deployed),
        )


def _mend(subject: Subject, deployed: Deployed) -> str:
    command = f"aws cloudformation {{}} --region {subject.region} --stack-name {deployed.name}"
    match deployed.status:
        case "UPDATE_ROLLBACK_FAILED":
            return command.format("continue-update-rollback")
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED" | "REVIEW_IN_PROGRESS":
            unlock = (
                f"{command.format('update-termination-protection')} --no-enable-termination-protection; "
                if deployed.protected
                else ""
            )
            return unlock + _unprotect(subject, deployed) + command.format("delete-stack")
        case "DELETE_IN_PROGRESS":
            return command.format("wait stack-delete-complete")
        case "CREATE_IN_PROGRESS":
            return command.format("wait stack-create-complete")
        case "ROLLBACK_IN_PROGRESS":
            return command.format("wait stack-rollback-complete")
        case status if "ROLLBACK" in status and status.endswith("_IN_PROGRESS"):
            return command.format("describe-stack-events") + " until it has ended"
        case status if status.endswith("_IN_PROGRESS"):
            return command.format("wait stack-update-complete")
        case _:
            return command.format("describe-stack-events")


def _unprotect(subject: Subject, deployed: Deployed) -> str:
    """What CloudFormation could not delete for the protection that it had just given, with the words that take it away."""
    if subject.settings.tier is Tier.SINGLE or deployed.status not in ("ROLLBACK_FAILED", "DELETE_FAILED"):
        return ""
    region, name = f"--region {subject.region}", subject.settings.stack_name
    query = "StackResources[?ResourceType=='AWS::ElasticLoadBalancingV2::LoadBalancer'].PhysicalResourceId"
    asked = f'aws cloudformation describe-stack-resources {region} --stack-name {name} --query "{query}" --output text'
    return (
        f"aws rds modify-db-instance {region} --db-instance-identifier {name} --no-deletion-protection --apply-immediately; "
        f"aws elbv2 modify-load-balancer-attributes {region} --load-balancer-arn $({asked}) "
        "--attributes Key=deletion_protection.enabled,Value=false; "
    )


def leftovers(subject: Subject) -> Iterator[Finding]:
    """What an earlier stack of the name left: names that collide, and volumes whose data the new one would not have."""
    if subject.deployed() is not None:
        yield ok("leftovers", "not looked for: what is there is the stack's own")
        return
    managed = (_databases, _edges, _snapshots)
    own = {
        Tier.SINGLE: (_groups, _logs, _parameters, _volumes),
        Tier.ASG: (_groups, _logs, *managed),
        Tier.EKS: (_logs, *managed),
    }
    found = [finding for look in own[subject.settings.tier] for finding in look(subject)]
    yield from found or [ok("leftovers", "nothing of an earlier stack of the name is in the way")]


def fixed_names(subject: Subject) -> dict[str, set[str]]:
    """The names that the template itself gives, by resource type; a test holds them against it."""
    settings, stack = subject.settings, subject.settings.stack_name
    if settings.tier is Tier.EKS:
        return _of_a_cluster(stack) | _of_managed_services(subject)
    groups = {f"/fines/{settings.stage}/{settings.tier}/{name}" for name in ("access", "host", "service")}
    common = {"AWS::AutoScaling::AutoScalingGroup": {stack}, "AWS::Logs::LogGroup": groups}
    if settings.tier is Tier.SINGLE:
        return common | {"AWS::SSM::Parameter": {f"/fines/{stack}/release"}}
    groups |= _logs_of_the_database(stack)
    return common | _of_managed_services(subject)


def _of_a_cluster(stack: str) -> dict[str, set[str]]:
    """EKS, Container Insights and the collector write to groups of these names, which the stack makes before they would."""
    groups = {f"/fines/{stack}/{name}" for name in ("access", "jobs", "service")}
    groups |= {f"/aws/containerinsights/{stack}/{name}" for name in ("application", "dataplane", "host", "performance")}
    groups |= {f"/aws/eks/{stack}/cluster", f"/aws/lambda/{stack}-Cluster-rollout"}
    return {"AWS::Logs::LogGroup": groups | _logs_of_the_database(stack)}


def _logs_of_the_database(stack: str) -> set[str]:
    return {f"/aws/rds/instance/{stack}/{name}" for name in ("postgresql", "upgrade")}


def _of_managed_services(subject: Subject) -> dict[str, set[str]]:
    name = subject.settings.stack_name
    edges = {kind: {f"{name}-{subject.settings.region}-static"} for kind in _EDGES}
    return {"AWS::RDS::DBInstance": {name}} | edges


def _groups(subject: Subject) -> Iterator[Finding]:
    names = sorted(fixed_names(subject)["AWS::AutoScaling::AutoScalingGroup"])
    answer = subject.account.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=names)
    for group in answer["AutoScalingGroups"]:
        name = group["AutoScalingGroupName"]
        yield stops(
            "leftovers",
            f"an Auto Scaling group {name} is there, and belongs to no stack of that name",
            f"aws autoscaling delete-auto-scaling-group --region {subject.region} --auto-scaling-group-name {name} --force-delete",
        )


def _logs(subject: Subject) -> Iterator[Finding]:
    names = fixed_names(subject)["AWS::Logs::LogGroup"]
    logs = subject.account.client("logs").get_paginator("describe_log_groups")
    for prefix in sorted({name.rpartition("/")[0] for name in names}):
        pages = logs.paginate(logGroupNamePrefix=f"{prefix}/")
        for name in sorted(names & {group["logGroupName"] for page in pages for group in page["logGroups"]}):
            yield stops(
                "leftovers",
                f"the log group {name} is there: what was still writing made it again",
                f"aws logs delete-log-group --region {subject.region} --log-group-name {name}",
            )


def _parameters(subject: Subject) -> Iterator[Finding]:
    names = sorted(fixed_names(subject)["AWS::SSM::Parameter"])
    for parameter in subject.account.client("ssm").get_parameters(Names=names)["Parameters"]:
        yield stops(
            "leftovers",
            f"the parameter {parameter['Name']} is there",
            f"aws ssm delete-parameter --region {subject.region} --name {parameter['Name']}",
        )


def _volumes(subject: Subject) -> Iterator[Finding]:
    name = f"{subject.settings.stack_name}-data"
    answer = subject.account.client("ec2").describe_volumes(
        Filters=[{"Name": "tag:Name", "Values": [name]}, {"Name": "status", "Values": ["available", "in-use"]}]
    )
    for volume in answer["Volumes"]:
        id, size = volume["VolumeId"], volume["Size"]
        if subject.settings.data_volume_snapshot:
            yield ok(
                "leftovers",
                f"the data volume {id} ({size} GiB) of an earlier stack stays; the new one is filled from the snapshot",
            )
        else:
            yield warning(
                "leftovers",
                f"the data volume {id} ({size} GiB) of an earlier stack is there; the new stack's will be empty",
                f"to keep its data: aws ec2 create-snapshot --region {subject.region} --volume-id {id}, then -c data_volume_snapshot=snap-...",
            )


def _databases(subject: Subject) -> Iterator[Finding]:
    name = subject.settings.stack_name
    command = f"aws rds {{}} --region {subject.region} --db-instance-identifier {name}"
    for instance in subject.account.client("rds").describe_db_instances()["DBInstances"]:
        if instance["DBInstanceIdentifier"] == name:
            unlock = f"{command.format('modify-db-instance')} --no-deletion-protection; "
            yield stops(
                "leftovers",
                f"the database {name} is there, and belongs to no stack of that name",
                f"{unlock if instance.get('DeletionProtection') else ''}{command.format('delete-db-instance')} "
                f"--final-db-snapshot-identifier {name}-last",
            )


def _edges(subject: Subject) -> Iterator[Finding]:
    """What CloudFront keeps under names that are of all regions."""
    (name,) = fixed_names(subject)[_EDGES[0]]
    cloudfront = subject.account.client("cloudfront")
    controls = cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items", [])
    policies = cloudfront.list_response_headers_policies(Type="custom")["ResponseHeadersPolicyList"].get("Items", [])
    held = [("origin-access-control", each["Id"], each["Name"]) for each in controls] + [
        ("response-headers-policy", each["ResponseHeadersPolicy"]["Id"], _name_of(each)) for each in policies
    ]
    for kind, id, found in held:
        if found == name:
            tag = f"$(aws cloudfront get-{kind} --id {id} --query ETag --output text)"
            yield stops(
                "leftovers",
                f"CloudFront's {kind.replace('-', ' ')} {name} is there, and belongs to no stack of that name",
                f'aws cloudfront delete-{kind} --id {id} --if-match "{tag}"',
            )


def _name_of(policy: dict[str, Any]) -> str:
    return str(policy["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]["Name"])


def _snapshots(subject: Subject) -> Iterator[Finding]:
    """What a database of an earlier stack left when it went: the new stack's is empty."""
    pages = subject.account.client("rds").get_paginator("describe_db_snapshots").paginate(SnapshotType="manual")
    for snapshot in (each for page in pages for each in page["DBSnapshots"]):
        if snapshot["DBInstanceIdentifier"] == subject.settings.stack_name:
            yield warning(
                "leftovers",
                f"the snapshot {snapshot['DBSnapshotIdentifier']} of an earlier stack's database is there; the new one will be empty",
                f"to look into it: aws rds restore-db-instance-from-db-snapshot --region {subject.region} "
                f"--db-snapshot-identifier {snapshot['DBSnapshotIdentifier']} --db-instance-identifier NAME",
            )
