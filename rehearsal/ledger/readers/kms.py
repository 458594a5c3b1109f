"""Keys of KMS."""

from __future__ import annotations

import json

from rehearsal.ledger.readers.registry import UNREADABLE, Asked, Cloud, Found, reads


@reads("AWS::KMS::Key")
def key(cloud: Cloud, asked: Asked) -> Found:
    kms, id = cloud("kms"), asked.physical_id
    record = kms.describe_key(KeyId=id)["KeyMetadata"]
    properties = {
        "Description": record.get("Description"),
        "EnableKeyRotation": kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"],
        "Enabled": record.get("Enabled"),
        "KeyPolicy": json.loads(kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"]),
        "KeySpec": record.get("KeySpec"),
        "KeyUsage": record.get("KeyUsage"),
        "MultiRegion": record.get("MultiRegion"),
        "PendingWindowInDays": UNREADABLE,  # told only of a key that is about to go
        "Tags": [
            {"Key": each["TagKey"], "Value": each["TagValue"]} for each in kms.list_resource_tags(KeyId=id)["Tags"]
        ],
    }
    return Found(properties, {"Arn": record["Arn"], "KeyId": record["KeyId"]})
