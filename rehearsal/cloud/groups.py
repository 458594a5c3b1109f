"""What MiniStack's records of Auto Scaling groups lack: hooks of a group's own list, its maintenance policy, and sizes that fit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ministack.services import autoscaling

from rehearsal.cloud.policies import Properties

log = logging.getLogger("rehearsal.groups")
_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def keep_maintenance_policies() -> None:
    """Has DescribeAutoScalingGroups tell a group's policy, warm-up and target groups, and UpdateAutoScalingGroup change the policy."""
    name = "InstanceMaintenancePolicy"
    describe_plain, update_plain = (
        autoscaling._ACTION_MAP[f"{verb}AutoScalingGroup{s}"] for verb, s in (("Describe", "s"), ("Update", ""))
    )

    def describe(params: Properties) -> Any:
        status, headers, body = describe_plain(params)
        text = body.decode() if isinstance(body, bytes) else body
        for group, record in autoscaling._asgs.items():
            told = ""
            if policy := record.get(name):
                told += f"<{name}>{''.join(f'<{key}>{value}</{key}>' for key, value in policy.items())}</{name}>"
            if (warmup := record.get("DefaultInstanceWarmup")) is not None:
                told += f"<DefaultInstanceWarmup>{warmup}</DefaultInstanceWarmup>"
            if targets := record.get("TargetGroupARNs"):
                told += f"<TargetGroupARNs>{''.join(f'<member>{arn}</member>' for arn in targets)}</TargetGroupARNs>"
            if counted := record.get("EnabledMetrics"):
                each = "".join(
                    f"<member><Metric>{metric}</Metric><Granularity>1Minute</Granularity></member>"
                    for metric in counted
                )
                told += f"<EnabledMetrics>{each}</EnabledMetrics>"
            first = f"<member><AutoScalingGroupName>{group}</AutoScalingGroupName>"
            text = text.replace(first, first + told)
        return status, headers, text.encode()

    def update(params: Properties) -> Any:
        answer = update_plain(params)
        limits = ("MinHealthyPercentage", "MaxHealthyPercentage")
        given = {key: value for key in limits if (value := autoscaling._p(params, f"{name}.{key}"))}
        if given and answer[0] == 200:
            autoscaling._asgs[autoscaling._p(params, "AutoScalingGroupName")][name] = given
        return answer

    autoscaling._ACTION_MAP |= {"DescribeAutoScalingGroups": describe, "UpdateAutoScalingGroup": update}


def note_what_is_dropped(name: str, properties: Properties) -> None:
    """Records what MiniStack's handler leaves out: the hooks of the group's own list, and its maintenance policy.

    Raises:
        ValueError: a policy that is not played here.
    """
    maintenance = properties.get("InstanceMaintenancePolicy")
    least, most = (int((maintenance or {}).get(f"{end}HealthyPercentage", 0)) for end in ("Min", "Max"))
    if maintenance and (least, most) != (0, 100) and least != 100:
        raise ValueError(
            f"AWS::AutoScaling::AutoScalingGroup {name}: of maintenance policies only 0 to 100 percent, and those that "
            "launch before they terminate (from 100 percent), are played here"
        )
    autoscaling._asgs[name]["InstanceMaintenancePolicy"] = maintenance
    for key in ("DefaultInstanceWarmup", "TargetGroupARNs"):
        autoscaling._asgs[name][key] = properties.get(key)
    autoscaling._asgs[name]["EnabledMetrics"] = [
        metric for each in properties.get("MetricsCollection", []) for metric in each.get("Metrics", [])
    ]
    for hook in properties.get("LifecycleHookSpecificationList", []):
        record = autoscaling._hook_record(name, hook["LifecycleHookName"], hook)
        autoscaling._hooks[f"{name}/{hook['LifecycleHookName']}"] = record


def sizes(name: str) -> dict[str, int]:
    """A group's sizes as they are now."""
    record = autoscaling._asgs[name]
    return {key: int(record[key]) for key in _SIZES}


def sizes_after(before: dict[str, int], old: Properties, new: Properties, policy: Properties) -> dict[str, int]:
    """A group's sizes after an update from old properties to new ones: what the template does not give stays as it is.

    What it gives unchanged stays too where the update policy says so (IgnoreUnmodifiedGroupSizeProperties).
    """
    ignores = policy.get("IgnoreUnmodifiedGroupSizeProperties") in (True, "true")
    given = {key: int(new[key]) for key in _SIZES if key in new and not (ignores and old.get(key) == new[key])}
    return within(before | given)


def resized(name: str, given: Mapping[str, int]) -> bool:
    """Gives a group other sizes; whether anything changed. A minimum above its maximum is refused, as on AWS."""
    before = sizes(name)
    wanted = before | dict(given)
    if wanted["MinSize"] > wanted["MaxSize"]:
        log.warning("group %s: a minimum of %d is above its maximum", name, wanted["MinSize"])
        return False
    autoscaling._asgs[name].update(within(wanted))
    return within(wanted) != before


def within(sizes: dict[str, int]) -> dict[str, int]:
    """Sizes whose desired capacity is between minimum and maximum."""
    desired = min(max(sizes["DesiredCapacity"], sizes["MinSize"]), sizes["MaxSize"])
    return sizes | {"DesiredCapacity": desired}


def keep_arns_of_policies() -> None:
    """A scaling policy that is put again keeps its ARN on AWS; MiniStack gives it another."""
    plain = autoscaling._ACTION_MAP["PutScalingPolicy"]

    def put(params: Properties) -> Any:
        key = f"{autoscaling._p(params, 'AutoScalingGroupName')}/{autoscaling._p(params, 'PolicyName')}"
        old = autoscaling._policies.get(key, {}).get("PolicyARN")
        status, headers, body = plain(params)
        if old and status == 200:
            new = autoscaling._policies[key]["PolicyARN"]
            autoscaling._policies[key]["PolicyARN"] = old
            body = (body if isinstance(body, bytes) else body.encode()).replace(new.encode(), old.encode())
        return status, headers, body

    autoscaling._ACTION_MAP["PutScalingPolicy"] = put
