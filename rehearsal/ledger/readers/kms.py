"""Keys of KMS."""

from __future__ import annotations

import json

from rehearsal.ledger.readers.registry import UNREADABLE, Absent, Asked, Cloud, Found, reads


@reads("AWS::KMS::Key")
def key(cloud: Cloud, asked: Asked) -> Found:
    kms, id = cloud("kms"), asked.physical_id
    record = kms.describe_key(KeyId=id)["KeyMetadata"]
    if record["KeyState"] == "PendingDeletion":  # all that KMS does at once; nothing can be opened with it any more
        raise Absent(f"the key {id} waits for its deletion")
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
