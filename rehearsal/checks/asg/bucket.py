"""The dumps in the backup bucket, as the account's owner sees them."""

from __future__ import annotations

import datetime
from typing import Any

from rehearsal.checks import CheckError, Subject


def tonight() -> str:
    """The key of the night's dump; a night begins at half past two, UTC."""
    begun = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=150)
    return f"dumps/{begun:%Y-%m-%d}.dump"


def newest(subject: Subject) -> str:
    """The key of the dump that came last."""
    found = subject.tier.client("s3").list_objects_v2(Bucket=subject.backup_bucket, Prefix="dumps/").get("Contents", [])
    if not found:
        raise CheckError("the backup bucket has no dump")
    return str(max(found, key=lambda each: each["LastModified"])["Key"])


def versions(subject: Subject, key: str) -> list[dict[str, Any]]:
    """All that was ever written under a key, the newest first."""
    told = subject.tier.client("s3").list_object_versions(Bucket=subject.backup_bucket, Prefix=key)
    return [each for each in told.get("Versions", []) if each["Key"] == key]


def half_made(subject: Subject) -> list[str]:
    """The keys of uploads that nobody ended."""
    told = subject.tier.client("s3").list_multipart_uploads(Bucket=subject.backup_bucket)
    return [str(each["Key"]) for each in told.get("Uploads", [])]


def forget(subject: Subject, key: str) -> None:
    """Has the bucket say that there is nothing under a key; what was there stays, as a version."""
    subject.tier.client("s3").delete_object(Bucket=subject.backup_bucket, Key=key)
