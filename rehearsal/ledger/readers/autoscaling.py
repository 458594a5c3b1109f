"""Auto Scaling groups with their own lifecycle hooks, their scheduled actions and scaling policies."""

from __future__ import annotations

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, only, picked, reads


@reads("AWS::AutoScaling::AutoScalingGroup")
def group(cloud: Cloud, asked: Asked) -> Found:
    name = asked.physical_id
    groups = cloud("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    record = only(groups, name)
    hooks = cloud("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    # Hooks that are resources of their own are not of the group's list.
    others = {
        hook
        for hook, owner in zip(
            asked.beside("AWS::AutoScaling::LifecycleHook", "LifecycleHookName"),
            asked.beside("AWS::AutoScaling::LifecycleHook", "AutoScalingGroupName"),
            strict=True,
        )
        if owner == name
    }
    same = picked(
        record,
        "AutoScalingGroupName",
        "CapacityRebalance",
        "DefaultInstanceWarmup",
        "DesiredCapacity",
        "HealthCheckGracePeriod",
        "HealthCheckType",
        "InstanceMaintenancePolicy",
        "LaunchTemplate",
        "LoadBalancerNames",
        "MaxInstanceLifetime",
        "MaxSize",
        "MinSize",
        "MixedInstancesPolicy",
        "PlacementGroup",
        "ServiceLinkedRoleARN",
        "Tags",
        "TargetGroupARNs",
        "TerminationPolicies",
    )
    properties = {
        **same,
        "AvailabilityZones": record.get("AvailabilityZones"),
        "Cooldown": record.get("DefaultCooldown"),
        "LifecycleHookSpecificationList": [hook for hook in hooks if hook["LifecycleHookName"] not in others],
        "MetricsCollection": [
            {"Granularity": "1Minute", "Metrics": [each["Metric"] for each in record["EnabledMetrics"]]}
        ]
        if record.get("EnabledMetrics")
        else [],
        "NewInstancesProtectedFromScaleIn": record.get("NewInstancesProtectedFromScaleIn"),
        "VPCZoneIdentifier": [subnet for subnet in record.get("VPCZoneIdentifier", "").split(",") if subnet],
    }
    return Found(properties, {"AutoScalingGroupARN": record["AutoScalingGroupARN"]})


@reads("AWS::AutoScaling::ScheduledAction")
def scheduled_action(cloud: Cloud, asked: Asked) -> Found:
    group, name = asked.wanted["AutoScalingGroupName"], asked.physical_id
    actions = cloud("autoscaling").describe_scheduled_actions(AutoScalingGroupName=group)
    record = only([a for a in actions["ScheduledUpdateGroupActions"] if a["ScheduledActionName"] == name], name)
    same = (
        *("AutoScalingGroupName", "DesiredCapacity", "EndTime", "MaxSize", "MinSize", "Recurrence"),
        *("StartTime", "TimeZone"),
    )
    return Found(picked(record, *same), {"ScheduledActionName": record["ScheduledActionName"]})


@reads("AWS::AutoScaling::ScalingPolicy")
def scaling_policy(cloud: Cloud, asked: Asked) -> Found:
    group, arn = asked.wanted["AutoScalingGroupName"], asked.physical_id
    policies = cloud("autoscaling").describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]
    record = only([each for each in policies if each["PolicyARN"] == arn], arn)
    same = (
        *("AdjustmentType", "AutoScalingGroupName", "Cooldown", "EstimatedInstanceWarmup", "MetricAggregationType"),
        *("MinAdjustmentMagnitude", "PolicyType", "PredictiveScalingConfiguration", "ScalingAdjustment"),
        *("StepAdjustments", "TargetTrackingConfiguration"),
    )
    return Found(picked(record, *same), {"Arn": arn, "PolicyName": record["PolicyName"]})
