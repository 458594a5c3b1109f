"""Lambda functions and who may call them."""

from __future__ import annotations

import json

from rehearsal.ledger.readers.registry import UNREADABLE, Asked, Cloud, Found, only, picked, reads

_SAME = (
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "KmsKeyArn",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)


@reads("AWS::Lambda::EventInvokeConfig")
def event_invoke_config(cloud: Cloud, asked: Asked) -> Found:
    name, _, qualifier = asked.physical_id.rpartition(":")
    record = cloud("lambda").get_function_event_invoke_config(FunctionName=name, Qualifier=qualifier)
    told = {"FunctionName": name, "Qualifier": qualifier}
    return Found(told | picked(record, "DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"), {})


@reads("AWS::Lambda::Function")
def function(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("lambda").get_function(FunctionName=asked.physical_id)
    record = answer["Configuration"]
    variables = record.get("Environment", {}).get("Variables")
    properties = {
        **picked(record, *_SAME),
        # An archive's code comes back as an address of its own, not as what the template names.
        "Code": {"ImageUri": answer["Code"].get("ImageUri")} if record.get("PackageType") == "Image" else UNREADABLE,
        "ImageConfig": record.get("ImageConfigResponse", {}).get("ImageConfig"),
        "Environment": {"Variables": variables} if variables else None,
        "Layers": [layer["Arn"] for layer in record.get("Layers", [])],
        "ReservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        "Tags": answer.get("Tags", {}),
    }
    return Found(properties, {"Arn": record["FunctionArn"]})


@reads("AWS::Lambda::LayerVersion")
def layer_version(cloud: Cloud, asked: Asked) -> Found:
    record = cloud("lambda").get_layer_version_by_arn(Arn=asked.physical_id)
    properties = {
        "CompatibleArchitectures": record.get("CompatibleArchitectures"),
        "CompatibleRuntimes": record.get("CompatibleRuntimes"),
        "Content": UNREADABLE,  # it comes back as an address of its own
        "Description": record.get("Description"),
        "LayerName": record["LayerArn"].rpartition(":")[2],
        "LicenseInfo": record.get("LicenseInfo"),
    }
    return Found(properties, {"LayerVersionArn": record["LayerVersionArn"]})


@reads("AWS::Lambda::Permission")
def permission(cloud: Cloud, asked: Asked) -> Found:
    name = asked.wanted["FunctionName"]
    policy = json.loads(cloud("lambda").get_policy(FunctionName=name)["Policy"])
    # The statement's id is the last part of the permission's.
    own = [each for each in policy["Statement"] if each["Sid"] == asked.physical_id.rpartition("|")[2]]
    statement = only(own, f"{asked.physical_id} in the policy of {name}")
    conditions = {key: value for test in statement.get("Condition", {}).values() for key, value in test.items()}
    principal = statement["Principal"]
    properties = {
        "Action": statement["Action"],
        "FunctionName": statement["Resource"] if name.startswith("arn:") else name,
        "Principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
        "SourceAccount": conditions.get("AWS:SourceAccount"),
        "SourceArn": conditions.get("AWS:SourceArn"),
    }
    return Found(properties, {"Id": asked.physical_id})
