"""The backups: a full one in the bucket, encrypted, and WAL that leaves the host."""

from __future__ import annotations

import json
import time
from typing import Any

from rehearsal.checks import CheckError, Subject, check


@check("single")
def a_full_backup_lies_encrypted_in_the_bucket_and_wal_follows_it(subject: Subject) -> str:
    deadline = time.monotonic() + 120
    while not (backups := _info(subject)["backup"]):
        if time.monotonic() > deadline:
            raise CheckError("two minutes after the boot there is no backup in the repository")
        time.sleep(2)
    bucket = subject.outputs["BackupLocation"].removeprefix("s3://").partition("/")[0]
    s3 = subject.tier.client("s3")
    keys = [
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    ]
    info = s3.get_object(Bucket=bucket, Key=next(key for key in keys if key.endswith("backup.info")))["Body"].read()
    if b"[backup:current]" in info or not info.startswith(b"Salted__"):
        raise CheckError("the repository's own index can be read without its passphrase")
    before = _wal(subject)
    subject.host.run(
        "runuser",
        "-u",
        "postgres",
        "--",
        "psql",
        "-qtAX",
        "-c",
        "CREATE TABLE IF NOT EXISTS w (); DROP TABLE w; SELECT pg_switch_wal()",
    )
    deadline = time.monotonic() + 60
    while _wal(subject) == before:
        if time.monotonic() > deadline:
            raise CheckError(f"no WAL left the host within 60 s; the newest in the bucket is {before}")
        time.sleep(1)
    return f"{backups[0]['label']} of {backups[0]['info']['size'] // 2**20} MiB, {len(keys)} objects, WAL up to {_wal(subject)}"


def _info(subject: Subject) -> dict[str, Any]:
    shown = subject.host.run(
        "runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=fines", "--output=json", "info"
    ).stdout
    found: dict[str, Any] = json.loads(shown)[0]
    return found


def _wal(subject: Subject) -> str:
    return str(_info(subject)["archive"][-1]["max"])


@check("single")
def the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch(subject: Subject) -> str:
    began = time.time()
    done = subject.host.run("systemctl", "start", "fines-drill.service", check=False, timeout=300)
    said = subject.host.run(
        "journalctl", "-u", "fines-drill.service", "-o", "cat", "-n", "3", "--no-pager"
    ).stdout.strip()
    if done.returncode:
        raise CheckError(f"the drill failed: {said[-600:]}")
    proven = _metric(subject, "ProvenBackupAgeSeconds", since=began)
    if not 0 <= proven < 3600:
        raise CheckError(f"the proven backup is said to be {proven:.0f} s old")
    told = [line.removeprefix("restore drill: ") for line in said.splitlines() if " is proven up to " in line]
    if not told:
        raise CheckError(f"the drill does not say what it proved: {said[-600:]}")
    return f"{told[-1]}; {proven:.0f} s old"


def _metric(subject: Subject, name: str, *, since: float) -> float:
    """The newest value of one of the host's metrics, waited for."""
    cloudwatch = subject.tier.client("cloudwatch")
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        points = cloudwatch.get_metric_statistics(
            Namespace=f"Fines/{subject.stack}",
            MetricName=name,
            StartTime=since - 60,
            EndTime=time.time() + 60,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        if points:
            return float(max(points, key=lambda point: point["Timestamp"])["Maximum"])
        time.sleep(2)
    raise CheckError(f"the metric {name} did not reach CloudWatch within 90 s")
