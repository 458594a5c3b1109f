"""What MiniStack's bucket drops of a template: encryption, lifecycle, access logs, ownership and tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.serialize
import botocore.session
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.policies import Properties


def keep_configurations() -> None:
    """MiniStack's bucket drops these five properties, though its S3 has all their calls.

    Each is handed to S3's own call, in the form botocore gives it, so that S3 acts on it (a put answers with the
    bucket's encryption, an access control list is refused where owners are enforced) and gives it back.
    """
    provisioners._S3_BUCKET_CONFIGURATIONS += (
        (
            "BucketEncryption",
            lambda given: _s3_body("PutBucketEncryption", ServerSideEncryptionConfiguration=_encryption(given)),
            _accepted(s3._put_bucket_encryption),
            s3._delete_bucket_encryption,
        ),
        (
            "LifecycleConfiguration",
            lambda given: _s3_body(
                "PutBucketLifecycleConfiguration",
                LifecycleConfiguration={"Rules": [_lifecycle_rule(rule) for rule in given["Rules"]]},
            ),
            _accepted(s3._put_bucket_lifecycle),
            s3._delete_bucket_lifecycle,
        ),
        (
            "LoggingConfiguration",
            lambda given: _s3_body("PutBucketLogging", BucketLoggingStatus=_logging(given)),
            _accepted(s3._put_bucket_logging),
            lambda name: s3._put_bucket_logging(name, _s3_body("PutBucketLogging", BucketLoggingStatus={})),
        ),
        (
            "OwnershipControls",
            lambda given: _s3_body("PutBucketOwnershipControls", OwnershipControls=given),
            _accepted(s3._put_bucket_ownership_controls),
            s3._delete_bucket_ownership_controls,
        ),
        (
            "Tags",
            lambda given: _s3_body("PutBucketTagging", Tagging={"TagSet": given}),
            _accepted(s3._put_bucket_tagging),
            s3._delete_bucket_tagging,
        ),
    )


def _accepted(put: Callable[[str, bytes], Any]) -> Callable[[str, bytes], Any]:
    """A call of S3's whose refusal fails the resource, and with it the deployment."""

    def checked(name: str, body: bytes) -> Any:
        answer = put(name, body)
        if answer[0] >= 400:
            raise ValueError(f"AWS::S3::Bucket {name}: {answer[2]!r}")
        return answer

    return checked


def _s3_body(operation: str, **parameters: Any) -> bytes:
    """The body that botocore would send."""
    model = botocore.session.get_session().get_service_model("s3")
    serializer = botocore.serialize.create_serializer("rest-xml")
    request = serializer.serialize_to_request(parameters | {"Bucket": "-"}, model.operation_model(operation))
    return bytes(request["body"])


def _encryption(given: Properties) -> Properties:
    rules = []
    for rule in given["ServerSideEncryptionConfiguration"]:
        default = {"ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {})}
        key = {"BucketKeyEnabled": rule["BucketKeyEnabled"] in (True, "true")} if "BucketKeyEnabled" in rule else {}
        rules.append(default | key)
    return {"Rules": rules}


def _logging(given: Properties) -> Properties:
    target = {"TargetBucket": given.get("DestinationBucketName", ""), "TargetPrefix": given.get("LogFilePrefix", "")}
    return {"LoggingEnabled": target} if target["TargetBucket"] else {}


def _lifecycle_rule(rule: Properties) -> Properties:
    """A rule as S3's call has it: a template's is flatter and has words of its own."""
    found: Properties = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    conditions = {k: int(rule[k]) for k in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") if k in rule}
    if conditions or "TagFilters" in rule:
        found["Filter"] = {"And": {"Prefix": rule.get("Prefix", ""), "Tags": rule.get("TagFilters", []), **conditions}}
    if "Id" in rule:
        found["ID"] = rule["Id"]
    if "AbortIncompleteMultipartUpload" in rule:
        days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(days)}
    expiration: Properties = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpirationDate" in rule:
        expiration["Date"] = rule["ExpirationDate"]
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = rule["ExpiredObjectDeleteMarker"] in (True, "true")
    if expiration:
        found["Expiration"] = expiration
    old = dict(rule.get("NoncurrentVersionExpiration", {}))
    if "NoncurrentVersionExpirationInDays" in rule:
        old["NoncurrentDays"] = rule["NoncurrentVersionExpirationInDays"]
    if old:
        found["NoncurrentVersionExpiration"] = {key: int(value) for key, value in old.items()}
    for plural, days in (("Transitions", "Days"), ("NoncurrentVersionTransitions", "NoncurrentDays")):
        if plural in rule:
            found[plural] = [_transition(each, days) for each in rule[plural]]
    return found


def _transition(each: Properties, days: str) -> Properties:
    found: Properties = {"StorageClass": each["StorageClass"]}
    if "TransitionInDays" in each:
        found[days] = int(each["TransitionInDays"])
    if "TransitionDate" in each:
        found["Date"] = each["TransitionDate"]
    return found
