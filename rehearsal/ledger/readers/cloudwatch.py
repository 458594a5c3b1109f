"""Alarms and dashboards of CloudWatch."""

from __future__ import annotations

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, only, picked, reads

_COMMON = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "InsufficientDataActions",
    "OKActions",
)
_METRIC = (
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "MetricName",
    "Metrics",
    "Namespace",
    "Period",
    "Statistic",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
)


@reads("AWS::CloudWatch::Alarm")
def alarm(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("cloudwatch").describe_alarms(AlarmNames=[asked.physical_id], AlarmTypes=["MetricAlarm"])
    record = only(answer["MetricAlarms"], asked.physical_id)
    tags = cloud("cloudwatch").list_tags_for_resource(ResourceARN=record["AlarmArn"])["Tags"]
    return Found({**picked(record, *_COMMON, *_METRIC), "Tags": tags}, {"Arn": record["AlarmArn"]})


@reads("AWS::CloudWatch::Dashboard")
def dashboard(cloud: Cloud, asked: Asked) -> Found:
    record = cloud("cloudwatch").get_dashboard(DashboardName=asked.physical_id)
    return Found(picked(record, "DashboardName", "DashboardBody"))


@reads("AWS::CloudWatch::CompositeAlarm")
def composite_alarm(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("cloudwatch").describe_alarms(AlarmNames=[asked.physical_id], AlarmTypes=["CompositeAlarm"])
    record = only(answer["CompositeAlarms"], asked.physical_id)
    tags = cloud("cloudwatch").list_tags_for_resource(ResourceARN=record["AlarmArn"])["Tags"]
    return Found({**picked(record, *_COMMON, "AlarmRule"), "Tags": tags}, {"Arn": record["AlarmArn"]})
