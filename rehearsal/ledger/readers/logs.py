"""Log groups of CloudWatch Logs."""

from __future__ import annotations

from rehearsal.ledger.readers.registry import UNREADABLE, Asked, Cloud, Found, only, reads


@reads("AWS::Logs::LogGroup")
def log_group(cloud: Cloud, asked: Asked) -> Found:
    name = asked.physical_id
    groups = cloud.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    record = only([group for group in groups if group["logGroupName"] == name], name)
    arn = record["arn"].removesuffix(":*")
    properties = {
        "DataProtectionPolicy": UNREADABLE,
        "KmsKeyId": record.get("kmsKeyId"),
        "LogGroupClass": record.get("logGroupClass"),
        "LogGroupName": record["logGroupName"],
        "RetentionInDays": record.get("retentionInDays"),
        "Tags": cloud("logs").list_tags_for_resource(resourceArn=arn)["tags"],
    }
    # Fn::GetAtt's ARN ends in the streams' wildcard.
    return Found(properties, {"Arn": f"{arn}:*"})
