"""What must be true of roles and of what they may do."""

from __future__ import annotations

import re

from tests.stacks.policies.reading import allowed, listed, principals
from tests.stacks.synthesis import Template, flat, resources

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
    # What the controllers of a cluster look at: targets, networks, groups and types of machines.
    *("elasticloadbalancing:DescribeTargetGroupAttributes", "autoscaling:DescribeAutoScalingInstances"),
    *("autoscaling:DescribeLaunchConfigurations", "ec2:GetInstanceTypesFromInstanceRequirements"),
    *(f"ec2:Describe{what}" for what in ("AvailabilityZones", "Images", "InstanceTypes", "LaunchTemplateVersions")),
    *("ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"),
    "ssm:GetCommandInvocation",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}


_POD = "pods.eks.amazonaws.com"


def no_permission_is_for_all_actions(template: Template) -> list[str]:
    return [
        f"{id}: {action}"
        for id, statement in allowed(template)
        for action in listed(statement["Action"])
        if "*" in action
    ]


def permissions_on_everything_are_for_what_knows_no_resource(template: Template) -> list[str]:
    return [
        f"{id}: {action}"
        for id, statement in allowed(template)
        if "*" in listed(statement["Resource"]) and "Condition" not in statement
        for action in listed(statement["Action"])
        if action not in _WITHOUT_RESOURCE
    ]


def permissions_on_any_machine_ask_for_the_stacks_tag(template: Template) -> list[str]:
    return [
        f"{id}: {statement.get('Sid')}"
        for id, statement in allowed(template)
        if any(flat(r).endswith(":instance/*") for r in listed(statement["Resource"]))
        and "aws:ResourceTag/fines:stack" not in statement.get("Condition", {}).get("StringEquals", {})
    ]


def no_role_can_be_taken_by_anybody(template: Template) -> list[str]:
    return [
        id
        for id, role in resources(template, "AWS::IAM::Role").items()
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if any("*" in flat(one) or flat(one).endswith(":root") for one in principals(statement))
    ]


def containers_cannot_touch_backups_or_the_secret(template: Template) -> list[str]:
    """The role for containers is one whose trust names another role of the template, or that of the pods that serve.

    Machines take the role for their containers, as they take the one for dumps, which is no container's. Pods read the root of
    their own secrets, from which no key of a backup is made.
    """
    roles = resources(template, "AWS::IAM::Role").items()
    apps = {
        id
        for id, role in roles
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if "AWS" in statement["Principal"]
        and not isinstance(statement["Principal"]["AWS"], str)
        and not id.startswith("DumpsRole")
    }
    pods = {id for id, role in roles if id.startswith("RolesWeb") and _POD in str(role)}
    apps |= pods
    assert apps, "no role of containers: this policy speaks about nothing"
    bad = []
    for id, policy in resources(template, "AWS::IAM::Policy").items():
        if {role["Ref"] for role in policy["Properties"]["Roles"]} & apps:
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                actions = listed(statement["Action"])
                names = " ".join(flat(r) for r in listed(statement["Resource"]))
                own = r"\$\{DatabaseService[0-9A-F]{8}\}" + (r" \$\{Secret[0-9A-F]{8}\}" if pods else "")
                if actions == ["secretsmanager:GetSecretValue"] and re.fullmatch(own, names):
                    continue  # the service reads its own login, and none that could do more
                if not all(a.startswith("s3:") for a in actions) or "Media" not in names or "Backups" in names:
                    bad.append(f"{id}: {statement.get('Sid')}")
    return bad
