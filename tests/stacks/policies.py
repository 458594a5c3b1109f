"""What must be true of every tier's template: each policy lists what breaks it, and refuses to speak about nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.stacks.synthesis import Template, flat, resources

Policy = Callable[[Template], list[str]]
Statement = dict[str, Any]

# Actions for which AWS knows no resource: Service Authorization Reference.
_WITHOUT_RESOURCE = {
    "ec2:DescribeVolumes",
    # What Lambda calls with a function's role to put it into a network: interfaces have no names before.
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "secretsmanager:GetRandomPassword",
    "ecr:GetAuthorizationToken",
    # What tells states and figures: of nothing that has a name, or of all or none (DescribeAlarms).
    *(f"autoscaling:Describe{what}" for what in ("AutoScalingGroups", "InstanceRefreshes", "ScalingActivities")),
    *("autoscaling:DescribePolicies", "autoscaling:DescribeScheduledActions"),
    *("cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"),
    *("cloudwatch:GetMetricStatistics", "cloudwatch:ListDashboards", "cloudwatch:ListMetrics"),
    *("ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "logs:DescribeLogGroups", "rds:DescribeEvents"),
    *(f"elasticloadbalancing:Describe{what}" for what in ("Listeners", "LoadBalancers", "TargetGroups")),
    "elasticloadbalancing:DescribeTargetHealth",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
# What holds data, and the policies that keep it: of a database a snapshot is kept, since the instance would hold its network.
_STATEFUL = {
    "AWS::S3::Bucket": "Retain",
    "AWS::EC2::Volume": "Retain",
    "AWS::SecretsManager::Secret": "Retain",
    "AWS::RDS::DBInstance": "Snapshot",
    "AWS::Backup::BackupVault": "Retain",
}


def nobody_can_reach_ssh_from_the_internet(template: Template) -> list[str]:
    return [id for id, rule in _inbound(template) if _has(rule, 22)]


def inbound_is_closed_but_for_http_https_and_dns(template: Template) -> list[str]:
    named = {("tcp", 80), ("tcp", 443), ("tcp", 53), ("udp", 53)}
    return [
        f"{id}: {rule}"
        for id, rule in _inbound(template)
        if (rule["IpProtocol"], rule.get("FromPort")) not in named or rule.get("FromPort") != rule.get("ToPort")
    ]


def no_machine_has_a_key_for_ssh(template: Template) -> list[str]:
    return [id for id, data in _machines(template) if "KeyName" in data]


def machines_demand_imdsv2_and_hide_it_from_containers(template: Template) -> list[str]:
    wanted = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    return [id for id, data in _machines(template) if not wanted.items() <= data.get("MetadataOptions", {}).items()]


def disks_are_encrypted(template: Template) -> list[str]:
    encrypted = {"AWS::EC2::Volume": "Encrypted", "AWS::RDS::DBInstance": "StorageEncrypted"}
    bad = [id for id, disk in _of(template, *encrypted) if disk["Properties"].get(encrypted[disk["Type"]]) is not True]
    for id, data in _machines(template):
        disks = data.get("BlockDeviceMappings", [])
        if not disks or any(disk["Ebs"].get("Encrypted") is not True for disk in disks):
            bad.append(id)
    return bad


def launch_templates_name_a_concrete_image_and_version(template: Template) -> list[str]:
    bad = []
    for id, data in _machines(template):
        image = data["ImageId"]
        parameter = template.get("Parameters", {}).get(image.get("Ref"), {}) if isinstance(image, dict) else {}
        typed = parameter.get("Type") == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
        if not (typed or str(image).startswith("ami-")):
            bad.append(id)
    for id, group in resources(template, "AWS::AutoScaling::AutoScalingGroup").items():
        if "LatestVersionNumber" not in flat(group["Properties"]["LaunchTemplate"]["Version"]):
            bad.append(id)
    return bad


def buckets_are_private(template: Template) -> list[str]:
    wanted = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    return [
        id
        for id, bucket in resources(template, "AWS::S3::Bucket").items()
        if bucket["Properties"].get("PublicAccessBlockConfiguration") != wanted
    ]


def buckets_are_encrypted_versioned_and_tidied(template: Template) -> list[str]:
    bad = []
    for id, bucket in resources(template, "AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
        if not (
            "BucketEncryption" in properties
            and properties.get("VersioningConfiguration") == {"Status": "Enabled"}
            and any("NoncurrentVersionExpiration" in rule for rule in rules)
            and any("AbortIncompleteMultipartUpload" in rule for rule in rules)
        ):
            bad.append(id)
    return bad


def buckets_refuse_what_is_not_tls(template: Template) -> list[str]:
    policies = resources(template, "AWS::S3::BucketPolicy").values()
    safe = {
        flat(policy["Properties"]["Bucket"])
        for policy in policies
        if _refuses_plain(policy["Properties"]["PolicyDocument"]["Statement"])
    }
    return [id for id in resources(template, "AWS::S3::Bucket") if f"${{{id}}}" not in safe]


def topics_refuse_what_is_not_tls_and_let_alarms_publish(template: Template) -> list[str]:
    good = set()
    for policy in resources(template, "AWS::SNS::TopicPolicy").values():
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        lets = any(
            s["Effect"] == "Allow" and s["Principal"] == {"Service": "cloudwatch.amazonaws.com"} for s in statements
        )
        if lets and _refuses_plain(statements):
            good |= {flat(topic) for topic in policy["Properties"]["Topics"]}
    return [id for id in resources(template, "AWS::SNS::Topic") if f"${{{id}}}" not in good]


def what_holds_data_is_kept_on_update_and_delete(template: Template) -> list[str]:
    return [
        id
        for id, resource in _of(template, *_STATEFUL)
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {_STATEFUL[resource["Type"]]}
    ]


def logs_end_some_day(template: Template) -> list[str]:
    groups = resources(template, "AWS::Logs::LogGroup").items()
    return [id for id, group in groups if not group["Properties"].get("RetentionInDays")]


def networks_log_their_flows(template: Template) -> list[str]:
    logged = {flat(log["Properties"]["ResourceId"]) for log in resources(template, "AWS::EC2::FlowLog").values()}
    return [id for id in resources(template, "AWS::EC2::VPC") if f"${{{id}}}" not in logged]


def alarms_tell_people_when_they_go_off_and_when_it_is_over(template: Template) -> list[str]:
    topics = {f"${{{id}}}" for id in resources(template, "AWS::SNS::Topic")}
    bad = []
    for id, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        told = [{flat(a) for a in alarm["Properties"].get(f"{when}Actions", [])} for when in ("Alarm", "OK")]
        if not all(actions & topics for actions in told):
            bad.append(id)
    return bad


def no_permission_is_for_all_actions(template: Template) -> list[str]:
    return [
        f"{id}: {action}"
        for id, statement in _allowed(template)
        for action in _listed(statement["Action"])
        if "*" in action
    ]


def permissions_on_everything_are_for_what_knows_no_resource(template: Template) -> list[str]:
    return [
        f"{id}: {action}"
        for id, statement in _allowed(template)
        if "*" in _listed(statement["Resource"]) and "Condition" not in statement
        for action in _listed(statement["Action"])
        if action not in _WITHOUT_RESOURCE
    ]


def permissions_on_any_machine_ask_for_the_stacks_tag(template: Template) -> list[str]:
    return [
        f"{id}: {statement.get('Sid')}"
        for id, statement in _allowed(template)
        if any(flat(r).endswith(":instance/*") for r in _listed(statement["Resource"]))
        and "aws:ResourceTag/fines:stack" not in statement.get("Condition", {}).get("StringEquals", {})
    ]


def no_role_can_be_taken_by_anybody(template: Template) -> list[str]:
    return [
        id
        for id, role in resources(template, "AWS::IAM::Role").items()
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if any("*" in flat(one) or flat(one).endswith(":root") for one in _principals(statement))
    ]


def containers_cannot_touch_backups_or_the_secret(template: Template) -> list[str]:
    """The role for containers is one whose trust names another role of the template.

    Machines take the role for their containers, as they take the one for dumps, which is no container's.
    """
    apps = {
        id
        for id, role in resources(template, "AWS::IAM::Role").items()
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if "AWS" in statement["Principal"]
        and not isinstance(statement["Principal"]["AWS"], str)
        and not id.startswith("DumpsRole")
    }
    assert apps, "no role of containers: this policy speaks about nothing"
    bad = []
    for id, policy in resources(template, "AWS::IAM::Policy").items():
        if {role["Ref"] for role in policy["Properties"]["Roles"]} & apps:
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                actions = _listed(statement["Action"])
                names = " ".join(flat(r) for r in _listed(statement["Resource"]))
                if actions == ["secretsmanager:GetSecretValue"] and re.fullmatch(
                    r"\$\{DatabaseService[0-9A-F]{8}\}", names
                ):
                    continue  # the service reads its own login, and none that could do more
                if not all(a.startswith("s3:") for a in actions) or "Media" not in names or "Backups" in names:
                    bad.append(f"{id}: {statement.get('Sid')}")
    return bad


def secrets_are_named_and_never_written_down(template: Template) -> list[str]:
    bad = []
    for id, secret in resources(template, "AWS::SecretsManager::Secret").items():
        if "SecretString" in secret["Properties"] or "GenerateSecretString" not in secret["Properties"]:
            bad.append(id)
    # RDS takes its master's password by a reference that CloudFormation resolves and shows nobody.
    written = {
        id: str({**resource, "Properties": {**resource.get("Properties", {}), "MasterUserPassword": ""}})
        if resource["Type"] == "AWS::RDS::DBInstance"
        else str(resource)
        for id, resource in template["Resources"].items()
    }
    return bad + [
        id for id, text in written.items() if "resolve:secretsmanager" in text or "resolve:ssm-secure" in text
    ]


def machines_and_data_carry_the_stacks_tag(template: Template) -> list[str]:
    return [
        id
        for id, resource in _of(template, *_STATEFUL, "AWS::AutoScaling::AutoScalingGroup")
        if not {"fines:stack", "fines:stage"} <= _tags(resource["Properties"])
    ]


def _tags(properties: dict[str, Any]) -> set[str]:
    """The keys of a resource's tags; a vault's are a map of another name."""
    return {tag["Key"] for tag in properties.get("Tags", [])} | set(properties.get("BackupVaultTags", {}))


POLICIES: tuple[Policy, ...] = (
    nobody_can_reach_ssh_from_the_internet,
    inbound_is_closed_but_for_http_https_and_dns,
    no_machine_has_a_key_for_ssh,
    machines_demand_imdsv2_and_hide_it_from_containers,
    disks_are_encrypted,
    launch_templates_name_a_concrete_image_and_version,
    buckets_are_private,
    buckets_are_encrypted_versioned_and_tidied,
    buckets_refuse_what_is_not_tls,
    topics_refuse_what_is_not_tls_and_let_alarms_publish,
    what_holds_data_is_kept_on_update_and_delete,
    logs_end_some_day,
    networks_log_their_flows,
    alarms_tell_people_when_they_go_off_and_when_it_is_over,
    no_permission_is_for_all_actions,
    permissions_on_everything_are_for_what_knows_no_resource,
    permissions_on_any_machine_ask_for_the_stacks_tag,
    no_role_can_be_taken_by_anybody,
    containers_cannot_touch_backups_or_the_secret,
    secrets_are_named_and_never_written_down,
    machines_and_data_carry_the_stacks_tag,
)


def _of(template: Template, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """The resources of several types, of which a tier may lack some but not all."""
    found = [(id, resource) for id, resource in template["Resources"].items() if resource["Type"] in kinds]
    assert found, f"the template has none of {kinds}: this test speaks about nothing"
    return found


def _inbound(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
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


def _has(rule: dict[str, Any], port: int) -> bool:
    protocol = str(rule["IpProtocol"])
    return protocol == "-1" or (protocol in ("tcp", "6") and rule["FromPort"] <= port <= rule["ToPort"])


def _machines(template: Template) -> list[tuple[str, dict[str, Any]]]:
    found = resources(template, "AWS::EC2::LaunchTemplate").items()
    return [(id, resource["Properties"]["LaunchTemplateData"]) for id, resource in found]


def _allowed(template: Template) -> list[tuple[str, Statement]]:
    return [
        (id, statement)
        for id, policy in resources(template, "AWS::IAM::Policy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def _refuses_plain(statements: list[Statement]) -> bool:
    return any(
        s["Effect"] == "Deny"
        and s["Principal"] in ("*", {"AWS": "*"})
        and s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for s in statements
    )


def _principals(statement: Statement) -> list[Any]:
    principal = statement["Principal"]
    return [principal] if isinstance(principal, str) else [one for p in principal.values() for one in _listed(p)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
