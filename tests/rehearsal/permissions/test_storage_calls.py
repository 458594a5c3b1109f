"""S3 is told apart by method, sub-resource and header, in both spellings of a bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.permissions import Policy, Request, Role, resolve
from rehearsal.cloud.permissions.lookup import Nothing
from tests.rehearsal.permissions.world import ACCOUNT, HOST_ROLE, REGION, TRUSTS_EC2, Bench, allow, document

STORE = f"arn:aws:iam::{ACCOUNT}:role/store"
CALLS: dict[str, tuple[Callable[[Any], Any], set[tuple[str, str]]]] = {
    "head of a bucket": (lambda c: c.head_bucket(Bucket="media"), {("s3:ListBucket", "media")}),
    "head of an object": (lambda c: c.head_object(Bucket="media", Key="a/b"), {("s3:GetObject", "media/a/b")}),
    "versions": (lambda c: c.list_object_versions(Bucket="media"), {("s3:ListBucketVersions", "media")}),
    "a version": (
        lambda c: c.get_object(Bucket="media", Key="k", VersionId="v1"),
        {("s3:GetObjectVersion", "media/k")},
    ),
    "a version's end": (
        lambda c: c.delete_object(Bucket="media", Key="k", VersionId="v1"),
        {("s3:DeleteObjectVersion", "media/k")},
    ),
    "several at once": (
        lambda c: c.delete_objects(Bucket="media", Delete={"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "1"}]}),
        {("s3:DeleteObject", "media/a"), ("s3:DeleteObjectVersion", "media/b")},
    ),
    "a copy": (
        lambda c: c.copy_object(Bucket="media", Key="new", CopySource={"Bucket": "backups", "Key": "o ld"}),
        {("s3:PutObject", "media/new"), ("s3:GetObject", "backups/o ld")},
    ),
    "a tagged object": (
        lambda c: c.put_object(Bucket="media", Key="k", Tagging="a=b", Body=b""),
        {("s3:PutObject", "media/k"), ("s3:PutObjectTagging", "media/k")},
    ),
    "the start of an upload in parts": (
        lambda c: c.create_multipart_upload(Bucket="media", Key="k"),
        {("s3:PutObject", "media/k")},
    ),
    "a part": (
        lambda c: c.upload_part(Bucket="media", Key="k", UploadId="u", PartNumber=1, Body=b""),
        {("s3:PutObject", "media/k")},
    ),
    "the end of an upload": (
        lambda c: c.complete_multipart_upload(Bucket="media", Key="k", UploadId="u", MultipartUpload={"Parts": []}),
        {("s3:PutObject", "media/k")},
    ),
    "an upload given up": (
        lambda c: c.abort_multipart_upload(Bucket="media", Key="k", UploadId="u"),
        {("s3:AbortMultipartUpload", "media/k")},
    ),
    "the uploads of a bucket": (
        lambda c: c.list_multipart_uploads(Bucket="media"),
        {("s3:ListBucketMultipartUploads", "media")},
    ),
    "the parts of an upload": (
        lambda c: c.list_parts(Bucket="media", Key="k", UploadId="u"),
        {("s3:ListMultipartUploadParts", "media/k")},
    ),
    "a bucket's policy": (lambda c: c.get_bucket_policy(Bucket="media"), {("s3:GetBucketPolicy", "media")}),
    "a lifecycle's end": (
        lambda c: c.delete_bucket_lifecycle(Bucket="media"),
        {("s3:PutLifecycleConfiguration", "media")},
    ),
    "all buckets": (lambda c: c.list_buckets(), {("s3:ListAllMyBuckets", "*")}),
}


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("name", CALLS)
def test_an_s3_call_needs_its_own_permissions(bench: Bench, name: str, style: str) -> None:
    call, expected = CALLS[name]
    bench.roles[STORE] = Role(STORE, (Policy("All", document(allow("All", "s3:*", "*"))),), TRUSTS_EC2)
    client = bench.client("s3", role=STORE, config={"s3": {"addressing_style": style}})
    question = bench.passes(lambda: call(client)).question
    assert question is not None
    prefix = "arn:aws:s3:::"
    assert {(c.action, c.resource.removeprefix(prefix)) for c in question.checks} == expected


def test_every_object_of_a_batch_and_a_copys_source_must_be_allowed(bench: Bench) -> None:
    client = bench.client("s3")
    ours, others = {"Key": "pgbackrest/a"}, {"Key": "escrow/b"}
    bench.passes(lambda: client.delete_objects(Bucket="backups", Delete={"Objects": [ours]}))
    with pytest.raises(ClientError, match=r"s3:DeleteObject on resource: arn:aws:s3:::backups/escrow/b"):
        client.delete_objects(Bucket="backups", Delete={"Objects": [ours, others]})
    with pytest.raises(ClientError, match=r"s3:GetObject on resource: arn:aws:s3:::media/secret"):
        client.copy_object(Bucket="backups", Key="pgbackrest/a", CopySource="media/secret")


def test_a_buckets_policy_is_asked_too(bench: Bench) -> None:
    request = bench.signed(
        "s3", method="GET", host=f"s3.{REGION}.amazonaws.com", path="/backups/pgbackrest/backup.info"
    )
    assert bench.admit(request).allowed
    plain = Request(**{**vars(request), "scheme": "http"})
    verdict = bench.admit(plain)
    assert verdict.status == 403 and b"with an explicit deny in a resource-based policy" in verdict.body


def test_a_condition_on_the_prefix_is_kept(bench: Bench) -> None:
    listing = allow("List", "s3:ListBucket", "arn:aws:s3:::media", StringLike={"s3:prefix": ["2026/*"]})
    bench.roles[STORE] = Role(STORE, (Policy("List", document(listing)),), TRUSTS_EC2)
    client = bench.client("s3", role=STORE)
    bench.passes(lambda: client.list_objects_v2(Bucket="media", Prefix="2026/11/"))
    for more in ({"Prefix": "2025/"}, {}):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.list_objects_v2(Bucket="media", **more)


def test_who_may_write_only_where_there_is_nothing_must_ask_for_it_and_sends_parts_all_the_same(bench: Bench) -> None:
    files = "arn:aws:s3:::media/*"
    unless = allow("Once", "s3:PutObject", files, Null={"s3:if-none-match": "false"})
    parts = allow("Parts", "s3:PutObject", files, Bool={"s3:ObjectCreationOperation": "false"})
    bench.roles[STORE] = Role(STORE, (Policy("Once", document(unless, parts)),), TRUSTS_EC2)
    client, place = bench.client("s3", role=STORE), {"Bucket": "media", "Key": "k"}
    upload: dict[str, Any] = {**place, "UploadId": "u"}
    bench.passes(lambda: client.put_object(**place, IfNoneMatch="*"))
    bench.passes(lambda: client.create_multipart_upload(**place))
    bench.passes(lambda: client.upload_part(**upload, PartNumber=1, Body=b""))
    bench.passes(lambda: client.complete_multipart_upload(**upload, MultipartUpload={"Parts": []}, IfNoneMatch="*"))
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(**place)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.complete_multipart_upload(**upload, MultipartUpload={"Parts": []})


def test_the_head_of_a_forbidden_object_has_no_body(bench: Bench) -> None:
    request = bench.signed("s3", method="HEAD", host=f"media.s3.{REGION}.amazonaws.com", path="/k")
    verdict = bench.admit(request)
    assert verdict.status == 403 and verdict.body == b""


@pytest.mark.parametrize(
    ("host", "target", "resource"),
    [
        ("media.s3.us-east-1.amazonaws.com", "/a%20b/c", "media/a b/c"),
        ("media.s3.amazonaws.com", "/k", "media/k"),
        ("media.s3.dualstack.us-east-1.amazonaws.com", "/k", "media/k"),
        ("s3.us-east-1.amazonaws.com", "/media/k", "media/k"),
        ("s3.amazonaws.com", "/media/k/", "media/k/"),
        ("a.dotted.bucket.s3.us-east-1.amazonaws.com", "/k", "a.dotted.bucket/k"),
    ],
)
def test_buckets_are_found_in_hosts_and_paths(host: str, target: str, resource: str) -> None:
    request = Request.of(method="GET", host=host, target=target, headers={"host": host})
    question = resolve(request, account=ACCOUNT, region=REGION, lookup=Nothing())
    assert question.checks[0].resource == f"arn:aws:s3:::{resource}"


def test_the_hosts_role_cannot_take_the_media(bench: Bench) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        bench.client("s3", role=HOST_ROLE).get_object(Bucket="media", Key="photo.jpg")


@pytest.mark.parametrize(("account", "passes"), [(ACCOUNT, True), ("999999999999", False)])
def test_a_condition_on_whose_bucket_it_is_is_kept(bench: Bench, account: str, passes: bool) -> None:
    ours = allow("Read", "s3:GetObject", "arn:aws:s3:::med*/*", StringEquals={"aws:ResourceAccount": account})
    bench.roles[STORE] = Role(STORE, (Policy("Read", document(ours)),), TRUSTS_EC2)
    client = bench.client("s3", role=STORE)
    if passes:
        bench.passes(lambda: client.get_object(Bucket="media", Key="k"))
    else:
        with pytest.raises(ClientError, match="AccessDenied"):
            client.get_object(Bucket="media", Key="k")
