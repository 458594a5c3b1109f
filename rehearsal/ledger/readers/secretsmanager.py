"""Secrets: what describes them, and how the generated value shows the generator's settings."""

from __future__ import annotations

import json
import string
from typing import Any

from rehearsal.ledger.readers.registry import UNREADABLE, Absent, Asked, Cloud, Found, Properties, picked, reads

_CLASSES = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}

# What an attachment writes into a secret besides what was generated.
_ATTACHED = {"engine", "host", "port", "dbname", "dbInstanceIdentifier"}


@reads("AWS::SecretsManager::Secret")
def secret(cloud: Cloud, asked: Asked) -> Found:
    manager = cloud("secretsmanager")
    record = manager.describe_secret(SecretId=asked.physical_id)
    value = manager.get_secret_value(SecretId=record["ARN"])["SecretString"]
    if record["ARN"] in asked.beside("AWS::SecretsManager::SecretTargetAttachment", "SecretId"):
        value = json.dumps({key: each for key, each in (_object(value) or {}).items() if key not in _ATTACHED})
    properties = {
        **picked(record, "Description", "KmsKeyId", "Name", "Tags"),
        "GenerateSecretString": _settings(value, asked.wanted.get("GenerateSecretString", {})),
        "ReplicaRegions": [{"Region": each["Region"]} for each in record.get("ReplicationStatus", [])],
        "SecretString": value,
    }
    return Found(properties, {"Id": record["ARN"]})


@reads("AWS::SecretsManager::RotationSchedule")
def rotation_schedule(cloud: Cloud, asked: Asked) -> Found:
    record = cloud("secretsmanager").describe_secret(SecretId=asked.wanted["SecretId"])
    if not record.get("RotationEnabled"):
        raise Absent(f"{record['Name']} is not rotated")
    properties = {
        "SecretId": record["ARN"],
        "RotationLambdaARN": record.get("RotationLambdaARN"),
        "RotationRules": record.get("RotationRules"),
        "RotateImmediatelyOnUpdate": UNREADABLE,  # what was asked for once is over
    }
    return Found(properties)


@reads("AWS::SecretsManager::ResourcePolicy")
def resource_policy(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("secretsmanager").get_resource_policy(SecretId=asked.wanted["SecretId"])
    properties = {"SecretId": answer["ARN"], "ResourcePolicy": json.loads(answer["ResourcePolicy"])}
    return Found(properties)


@reads("AWS::SecretsManager::SecretTargetAttachment")
def target_attachment(cloud: Cloud, asked: Asked) -> Found:
    """What it leaves behind: the secret tells where its database is."""
    answer = cloud("secretsmanager").get_secret_value(SecretId=asked.wanted["SecretId"])
    host = (_object(answer["SecretString"]) or {}).get("host", "")
    if not str(host).startswith(f"{asked.wanted['TargetId']}."):
        raise Absent(f"the secret {answer['Name']} does not name the host of {asked.wanted['TargetId']}")
    return Found({"SecretId": answer["ARN"], "TargetId": asked.wanted["TargetId"], "TargetType": UNREADABLE})


def _settings(value: str, wanted: Properties) -> Properties:
    """The generator's settings that a value was made with, as far as the value itself shows them.

    No API gives the settings back. A character that the settings exclude shows that they were not heeded; that all
    characters are allowed ones shows, in 64 of them, nearly surely that they were.
    """
    found: Properties = {"IncludeSpace": " " in value if wanted.get("IncludeSpace") else False}
    generated: str | None = value
    if key := wanted.get("GenerateStringKey"):
        fields = _object(value)
        generated = fields.pop(key, None) if fields is not None else None
        found["GenerateStringKey"] = key if generated is not None else None
        # Compared as JSON, so that spaces between its parts make no difference; only the other fields' names are shown.
        text = wanted.get("SecretStringTemplate", "")
        same = fields is not None and fields == _object(text)
        found["SecretStringTemplate"] = text if same else f"other fields: {sorted(fields or {})}"
    if generated is None:
        return found
    found["PasswordLength"] = len(generated)
    found["ExcludeCharacters"] = "".join(c for c in wanted.get("ExcludeCharacters", "") if c not in generated)
    found["RequireEachIncludedType"] = UNREADABLE
    for name, characters in _CLASSES.items():
        found[name] = not set(characters) & set(generated)
    return found


def _object(text: str) -> dict[str, Any] | None:
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None
