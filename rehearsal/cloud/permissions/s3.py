"""What an S3 request needs: S3 is told apart by method, sub-resource and header, and not by an operation's name.

Source: the S3 user guide, "Required permissions for Amazon S3 API operations", and its condition keys.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from rehearsal.cloud.permissions.asking import Check, Question, Refusal, Request

_HOST = re.compile(
    r"^(?:(?P<bucket>[a-z0-9][a-z0-9.-]*[a-z0-9])\.)?s3(?:[.-](?:dualstack\.)?[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com$"
)

# Sub-resource to action by method. Deleting a configuration is authorized as putting it.
_BUCKET = {
    "accelerate": {"GET": "GetAccelerateConfiguration", "PUT": "PutAccelerateConfiguration"},
    "acl": {"GET": "GetBucketAcl", "PUT": "PutBucketAcl"},
    "analytics": {
        "GET": "GetAnalyticsConfiguration",
        "PUT": "PutAnalyticsConfiguration",
        "DELETE": "PutAnalyticsConfiguration",
    },
    "cors": {"GET": "GetBucketCORS", "PUT": "PutBucketCORS", "DELETE": "PutBucketCORS"},
    "encryption": {
        "GET": "GetEncryptionConfiguration",
        "PUT": "PutEncryptionConfiguration",
        "DELETE": "PutEncryptionConfiguration",
    },
    "inventory": {
        "GET": "GetInventoryConfiguration",
        "PUT": "PutInventoryConfiguration",
        "DELETE": "PutInventoryConfiguration",
    },
    "lifecycle": {
        "GET": "GetLifecycleConfiguration",
        "PUT": "PutLifecycleConfiguration",
        "DELETE": "PutLifecycleConfiguration",
    },
    "location": {"GET": "GetBucketLocation"},
    "logging": {"GET": "GetBucketLogging", "PUT": "PutBucketLogging"},
    "metrics": {
        "GET": "GetMetricsConfiguration",
        "PUT": "PutMetricsConfiguration",
        "DELETE": "PutMetricsConfiguration",
    },
    "notification": {"GET": "GetBucketNotification", "PUT": "PutBucketNotification"},
    "object-lock": {"GET": "GetBucketObjectLockConfiguration", "PUT": "PutBucketObjectLockConfiguration"},
    "ownershipControls": {
        "GET": "GetBucketOwnershipControls",
        "PUT": "PutBucketOwnershipControls",
        "DELETE": "PutBucketOwnershipControls",
    },
    "policy": {"GET": "GetBucketPolicy", "PUT": "PutBucketPolicy", "DELETE": "DeleteBucketPolicy"},
    "policyStatus": {"GET": "GetBucketPolicyStatus"},
    "publicAccessBlock": {
        "GET": "GetBucketPublicAccessBlock",
        "PUT": "PutBucketPublicAccessBlock",
        "DELETE": "PutBucketPublicAccessBlock",
    },
    "replication": {
        "GET": "GetReplicationConfiguration",
        "PUT": "PutReplicationConfiguration",
        "DELETE": "PutReplicationConfiguration",
    },
    "requestPayment": {"GET": "GetBucketRequestPayment", "PUT": "PutBucketRequestPayment"},
    "tagging": {"GET": "GetBucketTagging", "PUT": "PutBucketTagging", "DELETE": "PutBucketTagging"},
    "uploads": {"GET": "ListBucketMultipartUploads"},
    "versioning": {"GET": "GetBucketVersioning", "PUT": "PutBucketVersioning"},
    "versions": {"GET": "ListBucketVersions"},
    "website": {"GET": "GetBucketWebsite", "PUT": "PutBucketWebsite", "DELETE": "DeleteBucketWebsite"},
}
_OBJECT = {
    "acl": {"GET": "GetObjectAcl", "PUT": "PutObjectAcl"},
    "attributes": {"GET": "GetObjectAttributes"},
    "legal-hold": {"GET": "GetObjectLegalHold", "PUT": "PutObjectLegalHold"},
    "restore": {"POST": "RestoreObject"},
    "retention": {"GET": "GetObjectRetention", "PUT": "PutObjectRetention"},
    "select": {"POST": "GetObject"},
    "tagging": {"GET": "GetObjectTagging", "PUT": "PutObjectTagging", "DELETE": "DeleteObjectTagging"},
    "uploadId": {
        "GET": "ListMultipartUploadParts",
        "PUT": "PutObject",
        "POST": "PutObject",
        "DELETE": "AbortMultipartUpload",
    },
    "uploads": {"POST": "PutObject"},
}
_PLAIN_BUCKET = {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}
_PLAIN_OBJECT = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
_VERSIONED = {
    name: name.replace("Object", "ObjectVersion", 1)
    for name in (
        "GetObject",
        "DeleteObject",
        "GetObjectAcl",
        "PutObjectAcl",
        "GetObjectTagging",
        "PutObjectTagging",
        "DeleteObjectTagging",
    )
} | {"GetObjectAttributes": "GetObjectVersionAttributes"}
_KEYS_OF_HEADERS = {
    "x-amz-acl": "s3:x-amz-acl",
    "x-amz-content-sha256": "s3:x-amz-content-sha256",
    "x-amz-copy-source": "s3:x-amz-copy-source",
    "x-amz-metadata-directive": "s3:x-amz-metadata-directive",
    "x-amz-server-side-encryption": "s3:x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class": "s3:x-amz-storage-class",
    "x-amz-object-lock-mode": "s3:object-lock-mode",
}
_KEYS_OF_QUERY = {
    "prefix": "s3:prefix",
    "delimiter": "s3:delimiter",
    "max-keys": "s3:max-keys",
    "versionId": "s3:VersionId",
}
# Conditions of a write; a read's are no keys of policies.
_KEYS_OF_WRITES = {"if-match": "s3:if-match", "if-none-match": "s3:if-none-match"}
# Headers of a PUT that need a permission of their own.
_ALSO = {
    "x-amz-tagging": "PutObjectTagging",
    "x-amz-acl": "PutObjectAcl",
    "x-amz-object-lock-mode": "PutObjectRetention",
    "x-amz-object-lock-legal-hold": "PutObjectLegalHold",
}


def bucket_and_key(request: Request) -> tuple[str, str] | None:
    """The bucket and the key that a request names, in the host or in the path; None where the host is not S3's."""
    host = _HOST.match(request.host)
    if host is None:
        return None
    path = unquote(request.path.removeprefix("/"))
    if bucket := host["bucket"]:
        return bucket, path
    bucket, _, key = path.partition("/")
    return bucket, key


def resolve(request: Request, *, partition: str) -> Question:
    """The permissions an S3 request needs; raises Refusal where the request is none of S3's."""
    place = bucket_and_key(request)
    if place is None:
        raise Refusal("UnknownOperation", f"The gate knows no S3 endpoint named {request.host}", protocol="s3")
    bucket, key = place
    stem = f"arn:{partition}:s3:::"
    context = _context(request)
    if not bucket:
        if request.method != "GET":
            raise _unknown(request)
        return Question("s3", "ListBuckets", (Check("s3:ListAllMyBuckets", "*", context),), "s3")
    if not key and request.method == "POST" and request.parameter("delete") is not None:
        return Question("s3", "DeleteObjects", _batch(request, f"{stem}{bucket}/", context), "s3")
    table, plain = (_OBJECT, _PLAIN_OBJECT) if key else (_BUCKET, _PLAIN_BUCKET)
    names = {name for name, _ in request.query}
    sub = next((name for name in table if name in names), None)
    method = "GET" if request.method == "HEAD" and sub else request.method
    action = table[sub].get(method) if sub else plain.get(request.method)
    if action is None:
        raise _unknown(request)
    version = request.parameter("versionId")
    if key and version:
        action = _VERSIONED.get(action, action)
    resource = f"{stem}{bucket}/{key}" if key else f"{stem}{bucket}"
    own = context | (_of_a_write(request, sub) if action == "PutObject" else {})
    checks = [Check(f"s3:{action}", resource, own)]
    if key and action == "PutObject" and not (sub == "uploadId" and request.method == "POST"):
        checks += [
            Check(f"s3:{also}", resource, context) for header, also in _ALSO.items() if header in request.headers
        ]
    if key and action.startswith("GetObject") and action.endswith("Attributes"):
        checks.append(Check("s3:GetObjectVersion" if version else "s3:GetObject", resource, context))
    if key and request.headers.get("x-amz-bypass-governance-retention", "").lower() == "true":
        checks.append(Check("s3:BypassGovernanceRetention", resource, context))
    if source := request.headers.get("x-amz-copy-source"):
        checks.append(_source(source, stem, context))
    return Question("s3", action, tuple(checks), "s3", parameters={"Bucket": bucket, "Key": key})


def _unknown(request: Request) -> Refusal:
    return Refusal("MethodNotAllowed", f"The gate knows no S3 request {request.method} {request.path}", protocol="s3")


def _source(source: str, stem: str, context: dict[str, str | list[str]]) -> Check:
    path, _, query = source.partition("?")
    version = dict(parse_qsl(query)).get("versionId")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    kept = {key: value for key, value in context.items() if not key.startswith("s3:x-amz-") and key != "s3:VersionId"}
    return Check(action, stem + unquote(path).removeprefix("/"), kept | ({"s3:VersionId": version} if version else {}))


def _batch(request: Request, stem: str, context: dict[str, str | list[str]]) -> tuple[Check, ...]:
    if b"<!DOCTYPE" in request.body or b"<!ENTITY" in request.body:
        raise Refusal("MalformedXML", "The XML you provided was not well-formed", protocol="s3")
    try:
        root = ElementTree.fromstring(request.body)  # noqa: S314 - without entities there is nothing to expand
    except ElementTree.ParseError as fault:
        raise Refusal("MalformedXML", "The XML you provided was not well-formed", protocol="s3") from fault
    checks = []
    for item in root.iter():
        if item.tag.rpartition("}")[2] != "Object":
            continue
        told = {child.tag.rpartition("}")[2]: child.text or "" for child in item}
        version = told.get("VersionId")
        more: dict[str, str | list[str]] = {"s3:VersionId": version} if version else {}
        action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
        checks.append(Check(action, stem + told.get("Key", ""), context | more))
    if not checks:
        raise Refusal("MalformedXML", "The XML you provided names no object", protocol="s3")
    return tuple(checks)


def _of_a_write(request: Request, sub: str | None) -> dict[str, str | list[str]]:
    """The keys of a write: the start of an upload and its parts make no object yet ("Enforce conditional writes")."""
    makes = (sub, request.method) not in (("uploads", "POST"), ("uploadId", "PUT"))
    told = {name: request.headers[header] for header, name in _KEYS_OF_WRITES.items() if header in request.headers}
    return {**told, "s3:ObjectCreationOperation": str(makes).lower()}


def _context(request: Request) -> dict[str, str | list[str]]:
    presigned = request.parameter("X-Amz-Signature") is not None
    context: dict[str, str | list[str]] = {}
    if presigned or "authorization" in request.headers:
        context["s3:authType"] = "REST-QUERY-STRING" if presigned else "REST-HEADER"
        context["s3:signatureversion"] = "AWS4-HMAC-SHA256"
    for header, name in _KEYS_OF_HEADERS.items():
        if header in request.headers:
            context[name] = request.headers[header]
    for parameter, name in _KEYS_OF_QUERY.items():
        value = request.parameter(parameter)
        if value is not None:
            context[name] = value
    tags = parse_qsl(request.headers.get("x-amz-tagging", ""))
    for key, value in tags:
        context[f"s3:RequestObjectTag/{key}"] = value
    if tags:
        context["s3:RequestObjectTagKeys"] = [key for key, _ in tags]
    return context
