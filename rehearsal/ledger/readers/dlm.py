"""Policies of Data Lifecycle Manager."""

from __future__ import annotations

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, picked, reads


@reads("AWS::DLM::LifecyclePolicy")
def lifecycle_policy(cloud: Cloud, asked: Asked) -> Found:
    record = cloud("dlm").get_lifecycle_policy(PolicyId=asked.physical_id)["Policy"]
    properties = picked(record, "Description", "ExecutionRoleArn", "PolicyDetails", "State", "Tags")
    return Found(properties, {"Arn": record.get("PolicyArn")})
