"""A bucket that is shut or open, files that are lost or damaged, and a release that publishes none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, host_role, other_statements
from rehearsal.checks import Subject
from rehearsal.checks.asg.static_files import (
    a_static_file_that_was_lost_is_published_again_by_the_runbook,
    each_static_file_that_a_page_names_comes_from_the_bucket_through_the_distribution,
    the_bucket_of_static_files_refuses_everybody_but_its_own_distribution,
)
from rehearsal.checks.roles import roles_of
from rehearsal.checks.static_files import PAGES, Distribution, page


@contextmanager
def other_policy(subject: Subject, change: Callable[[Statements], Statements]) -> Iterator[None]:
    """The bucket of static files with other statements in its policy than the template's, and nothing kept of before."""
    s3, files = subject.tier.client("s3"), Distribution(subject)
    before = s3.get_bucket_policy(Bucket=files.bucket)["Policy"]
    document = json.loads(before)
    document["Statement"] = change(document["Statement"])
    try:
        s3.put_bucket_policy(Bucket=files.bucket, Policy=json.dumps(document))
        files.forget()
        yield
    finally:
        s3.put_bucket_policy(Bucket=files.bucket, Policy=before)
        files.forget()


def without_the_distribution(statements: Statements) -> Statements:
    """Statements that let nobody read."""
    return [each for each in statements if each["Effect"] == "Deny"]


def _key(subject: Subject) -> str:
    """The key of a file that the first page names."""
    files = Distribution(subject)
    return files.path(page(subject, PAGES[0]).files[0]).removeprefix("/")


@breaks(
    each_static_file_that_a_page_names_comes_from_the_bucket_through_the_distribution,
    says=" was answered 403",
    again=True,
)
def the_bucket_lets_the_distribution_read_nothing(subject: Subject) -> Iterator[None]:
    with other_policy(subject, without_the_distribution):
        yield


@breaks(
    each_static_file_that_a_page_names_comes_from_the_bucket_through_the_distribution,
    says="is not in the bucket",
    again=True,
)
def a_file_is_deleted(subject: Subject) -> Iterator[None]:
    s3, bucket, key = subject.tier.client("s3"), Distribution(subject).bucket, _key(subject)
    marker = s3.delete_object(Bucket=bucket, Key=key)["VersionId"]
    try:
        yield
    finally:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=marker)


@breaks(
    each_static_file_that_a_page_names_comes_from_the_bucket_through_the_distribution,
    says="is not what its name says",
    again=True,
)
def a_file_is_overwritten_with_another(subject: Subject) -> Iterator[None]:
    s3, bucket, key = subject.tier.client("s3"), Distribution(subject).bucket, _key(subject)
    written = s3.put_object(Bucket=bucket, Key=key, Body=b"another", ContentType="text/css; charset=utf-8")["VersionId"]
    try:
        yield
    finally:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=written)


@breaks(
    the_bucket_of_static_files_refuses_everybody_but_its_own_distribution,
    says="{'another distribution': '200'}",
    again=True,
)
def every_distribution_may_read(subject: Subject) -> Iterator[None]:
    def without_a_condition(statements: Statements) -> Statements:
        return [
            {key: value for key, value in each.items() if key != "Condition" or each["Effect"] == "Deny"}
            for each in statements
        ]

    with other_policy(subject, without_a_condition):
        yield


@breaks(
    the_bucket_of_static_files_refuses_everybody_but_its_own_distribution,
    says="'anybody who would read': '200'",
    again=True,
)
def the_bucket_is_public(subject: Subject) -> Iterator[None]:
    s3, bucket = subject.tier.client("s3"), Distribution(subject).bucket
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.delete_public_access_block(Bucket=bucket)
    try:
        with other_policy(subject, lambda statements: [*statements, anybody]):
            yield
    finally:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)


@breaks(
    the_bucket_of_static_files_refuses_everybody_but_its_own_distribution,
    says="{'a machine that would read': 'allowed'}",
    again=True,
)
def a_machine_may_read_every_bucket(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} if s["Sid"] == "FetchTheHostFiles" else s for s in statements]

    with other_statements(subject, host_role(subject), widen):
        yield


@breaks(
    a_static_file_that_was_lost_is_published_again_by_the_runbook,
    says="is still missing after the runbook's command: 403",
    again=True,
)
def the_publisher_may_not_write(subject: Subject) -> Iterator[None]:
    (role,) = [role for role in roles_of(subject) if "PublicationPublisher" in role.name]
    with other_statements(subject, role, lambda statements: [s for s in statements if s["Sid"] != "Publish"]):
        yield
    # the check has deleted a file that nothing brought back
    files = Distribution(subject)
    subject.tier.client("lambda").invoke(FunctionName=subject.outputs["Publisher"], Payload=b"{}")
    files.forget()
