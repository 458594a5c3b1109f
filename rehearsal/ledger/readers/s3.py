"""Buckets with their configurations, and bucket policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, Properties, reads

# what S3 answers where a bucket lacks a configuration, instead of an empty one
_NOT_SET = {
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}


@reads("AWS::S3::Bucket")
def bucket(cloud: Cloud, asked: Asked) -> Found:
    s3, name = cloud("s3"), asked.physical_id
    region = s3.head_bucket(Bucket=name)["BucketRegion"]

    def get(call: Callable[..., Any], *keys: str) -> Any:
        answer = _ask(call, name)
        for key in keys:
            answer = answer.get(key) if answer else None
        return answer

    properties = {
        "AccelerateConfiguration": _only_set(
            _ask(s3.get_bucket_accelerate_configuration, name), Status="AccelerationStatus"
        ),
        "BucketEncryption": _encryption(get(s3.get_bucket_encryption, "ServerSideEncryptionConfiguration", "Rules")),
        "BucketName": name,
        "LifecycleConfiguration": _lifecycle(get(s3.get_bucket_lifecycle_configuration, "Rules")),
        "LoggingConfiguration": _only_set(
            get(s3.get_bucket_logging, "LoggingEnabled"),
            DestinationBucketName="TargetBucket",
            LogFilePrefix="TargetPrefix",
        ),
        "OwnershipControls": get(s3.get_bucket_ownership_controls, "OwnershipControls"),
        "PublicAccessBlockConfiguration": get(s3.get_public_access_block, "PublicAccessBlockConfiguration"),
        "Tags": get(s3.get_bucket_tagging, "TagSet"),
        "VersioningConfiguration": _only_set(_ask(s3.get_bucket_versioning, name), Status="Status"),
    }
    # Names of buckets are made by a rule (S3 user guide, "Virtual hosting of general purpose buckets").
    attributes = {
        "Arn": f"arn:{_partition(cloud)}:s3:::{name}",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }
    return Found(properties, attributes)


@reads("AWS::S3::BucketPolicy")
def bucket_policy(cloud: Cloud, asked: Asked) -> Found:
    name = asked.wanted["Bucket"]
    policy = cloud("s3").get_bucket_policy(Bucket=name)["Policy"]
    return Found({"Bucket": name, "PolicyDocument": json.loads(policy)})


def _ask(call: Callable[..., Any], name: str) -> Properties | None:
    try:
        answer: Properties = call(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_SET:
            return None
        raise
    return answer


def _only_set(record: Properties | None, **names: str) -> Properties | None:
    """A record under the template's names (keys) for the API's (values); None where nothing is set."""
    kept = {name: record[source] for name, source in names.items() if source in record} if record else {}
    return kept or None


def _encryption(rules: list[Any] | None) -> Properties | None:
    if rules is None:
        return None
    renamed = []
    for rule in rules:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        renamed.append({"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": rule.get("BucketKeyEnabled")})
    return {"ServerSideEncryptionConfiguration": renamed}


def _lifecycle(rules: list[Any] | None) -> Properties | None:
    """The rules under the template's names, which are flatter than the API's and differ in a few words."""
    if rules is None:
        return None
    renamed = []
    for rule in rules:
        filter = rule.get("Filter", {})
        both = filter.get("And", filter)
        tags = both.get("Tags", [both["Tag"]] if "Tag" in both else [])
        expiration = rule.get("Expiration", {})
        noncurrent = rule.get("NoncurrentVersionExpiration")
        found = {
            "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
            "ExpirationDate": expiration.get("Date"),
            "ExpirationInDays": expiration.get("Days"),
            "ExpiredObjectDeleteMarker": expiration.get("ExpiredObjectDeleteMarker"),
            "Id": rule.get("ID"),
            "NoncurrentVersionExpiration": noncurrent,
            "NoncurrentVersionExpirationInDays": (noncurrent or {}).get("NoncurrentDays"),
            "NoncurrentVersionTransitions": [
                _transition(each, "NoncurrentDays") for each in rule.get("NoncurrentVersionTransitions", [])
            ],
            "ObjectSizeGreaterThan": both.get("ObjectSizeGreaterThan"),
            "ObjectSizeLessThan": both.get("ObjectSizeLessThan"),
            "Prefix": both.get("Prefix", rule.get("Prefix")),
            "Status": rule.get("Status"),
            "TagFilters": tags,
            "Transitions": [_transition(each, "Days") for each in rule.get("Transitions", [])],
        }
        renamed.append({key: value for key, value in found.items() if value not in (None, [])})
    return {"Rules": renamed}


def _transition(each: Properties, days: str) -> Properties:
    found = {"StorageClass": each["StorageClass"]}
    if days in each:
        found["TransitionInDays"] = each[days]
    if "Date" in each:
        found["TransitionDate"] = each["Date"]
    return found


def _partition(cloud: Cloud) -> str:
    arn: str = cloud("sts").get_caller_identity()["Arn"]
    return arn.split(":")[1]
