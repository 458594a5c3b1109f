"""The backups: a full one in the bucket, encrypted, and WAL that leaves the host."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import ask
from rehearsal.checks.figures import proven_age
from rehearsal.checks.runbook import on_the_host

LEAVES_SECONDS = 60  # within which WAL must have left the host
HEARD_SECONDS = 150  # within which CloudWatch must have heard of a drill; the host sends its metrics each minute


@check("single")
def a_full_backup_lies_encrypted_in_the_bucket_and_wal_follows_it(subject: Subject) -> str:
    backups = await_backup(subject)
    bucket = subject.backup_bucket
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
    ask(subject, "CREATE TABLE IF NOT EXISTS w (); DROP TABLE w; SELECT pg_switch_wal()", database="postgres")
    deadline = time.monotonic() + LEAVES_SECONDS
    while _wal(subject) == before:
        if time.monotonic() > deadline:
            raise CheckError(f"no WAL left the host within {LEAVES_SECONDS} s; the newest in the bucket is {before}")
        time.sleep(1)
    return f"{backups[0]['label']} of {backups[0]['info']['size'] // 2**20} MiB, {len(keys)} objects, WAL up to {_wal(subject)}"


def await_backup(subject: Subject) -> list[dict[str, Any]]:
    """The backups of the repository, once the first one is there: a new host begins it when it serves."""
    deadline = time.monotonic() + 120
    while not (backups := _info(subject)["backup"]):
        if time.monotonic() > deadline:
            raise CheckError("two minutes after the boot there is no backup in the repository")
        time.sleep(2)
    found: list[dict[str, Any]] = backups
    return found


def _info(subject: Subject) -> dict[str, Any]:
    shown = subject.host.run(
        "runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=fines", "--output=json", "info"
    ).stdout
    found: dict[str, Any] = json.loads(shown)[0]
    return found


def _another_backup(subject: Subject) -> None:
    before = subject.host.run("date", "+%Y-%m-%d %H:%M:%S").stdout.strip()
    try:
        on_the_host(subject, "Make a backup now")
    except CheckError as error:
        asked = ("journalctl", "--unit", "fines-backup.service", "--since", before, "--output", "cat", "--no-pager")
        raise CheckError(f"the backup failed: {subject.host.run(*asked).stdout[-600:]}") from error


def _wal(subject: Subject) -> str:
    return str(_info(subject)["archive"][-1]["max"])


@check("single", beside=True)
def the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch(subject: Subject) -> str:
    await_backup(subject)
    _another_backup(subject)  # so that the newest is not the only one
    backup = _info(subject)["backup"][-1]
    newest, ended_at = backup["label"], backup["timestamp"]["stop"]
    fines = int(ask(subject, "SELECT count(*) FROM infracciones_infraccion"))
    before = subject.host.run("date", "+%Y-%m-%d %H:%M:%S").stdout.strip()
    asked = ["journalctl", "--unit", "fines-drill.service", "--since", before, "--output", "cat", "--no-pager"]
    try:
        on_the_host(subject, "Prove the newest backup now")
    except CheckError as error:
        raise CheckError(f"the drill failed: {subject.host.run(*asked).stdout[-600:]}") from error
    ended = time.time()
    said = subject.host.run(*asked).stdout
    proven = proven_age(subject, "backup", since=ended, unit="fines-metrics", within=HEARD_SECONDS)
    # The timer counts from the last run, whoever asked for it: so that it goes off by itself again before others look for that.
    subject.host.run("systemctl", "restart", "fines-metrics.timer")
    told = [line.removeprefix("restore drill: ") for line in said.splitlines() if " is proven up to " in line]
    if not told:
        raise CheckError(f"the drill does not say what it proved: {said[-600:]}")
    if newest not in told[-1]:
        raise CheckError(f"the newest backup is {newest}, the drill proved another: {told[-1]}")
    if (noted := float(subject.host.run("cat", "/srv/fines/backups/proven").stdout)) != ended_at:
        raise CheckError(f"{newest} ended at {ended_at}, and what is noted as proven ended at {noted:.0f}")
    rows = re.search(r", (\d+) rows are the same", told[-1])
    if rows is None or int(rows[1]) <= fines:  # there are people, migrations and more besides
        raise CheckError(f"the drill compared too little: {told[-1]}; before it there were {fines} fines")
    return f"{told[-1]}; {proven:.0f} s old"
