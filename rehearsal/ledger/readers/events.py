"""Rules of EventBridge."""

from __future__ import annotations

import json

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, picked, reads


@reads("AWS::Events::Rule")
def rule(cloud: Cloud, asked: Asked) -> Found:
    events, name = cloud("events"), asked.physical_id
    record = events.describe_rule(Name=name)
    properties = {
        **picked(record, "Description", "EventBusName", "Name", "RoleArn", "ScheduleExpression", "State"),
        "EventPattern": json.loads(record["EventPattern"]) if record.get("EventPattern") else None,
        "Tags": events.list_tags_for_resource(ResourceARN=record["Arn"])["Tags"],
        "Targets": events.list_targets_by_rule(Rule=name)["Targets"],
    }
    return Found(properties, {"Arn": record["Arn"]})
