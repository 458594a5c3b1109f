"""The database's write-ahead log, as it comes into the bucket of backups."""

from __future__ import annotations

from rehearsal.checks import Subject


def wal_since(subject: Subject, moment: float) -> list[float]:
    """When each piece of WAL came into the bucket that came after a moment, in seconds since 1970."""
    pages = subject.tier.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=subject.backup_bucket, Prefix="pgbackrest/archive/fines/17-")
    times = [entry["LastModified"].timestamp() for page in found for entry in page.get("Contents", [])]
    return [each for each in times if each >= int(moment)]  # S3 keeps whole seconds
