"""Backups that nobody can use, and drills that prove nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import BreakError, breaks
from rehearsal.breaks.host import edited, shell
from rehearsal.checks import Subject
from rehearsal.checks.load import Load
from rehearsal.checks.people import People
from rehearsal.checks.single.backups import (
    a_full_backup_lies_encrypted_in_the_bucket_and_wal_follows_it,
    await_backup,
    the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch,
)

_POSTGRESQL = "/etc/postgresql/17/main/postgresql.conf"
_RELOAD = "runuser -u postgres -- psql -tAXqc 'SELECT pg_reload_conf()' > /dev/null && sleep 1"
_PGBACKREST = "/run/fines/pgbackrest/pgbackrest.conf"
_OPEN = {
    "repo1-path=/pgbackrest": "repo1-path=/open",
    "repo1-cipher-type=aes-256-cbc": "repo1-cipher-type=none",
    "repo1-cipher-pass=": "# ",
}
_DRILL = "/opt/fines/host/bin/drill"
_METRICS = "/opt/fines/host/bin/metrics"


@breaks(a_full_backup_lies_encrypted_in_the_bucket_and_wal_follows_it, says="no WAL left the host", LEAVES_SECONDS=10)
def wal_is_thrown_away(subject: Subject) -> Iterator[None]:
    command = "archive_command = 'pgbackrest --stanza=fines archive-push %p'"
    with edited(subject.host, _POSTGRESQL, {command: "archive_command = '/bin/true'"}, then=_RELOAD):
        yield
    _begin_again(subject)


@breaks(
    a_full_backup_lies_encrypted_in_the_bucket_and_wal_follows_it,
    says="the repository's own index can be read without its passphrase",
)
def the_repository_is_not_encrypted(subject: Subject) -> Iterator[None]:
    host, s3 = subject.host, subject.tier.client("s3")
    bucket = subject.backup_bucket
    backup = "runuser -u postgres -- pgbackrest --stanza=fines"
    try:
        with edited(host, _PGBACKREST, _OPEN):
            shell(host, f"{backup} stanza-create && {backup} --type=full backup", timeout=180)
            yield
    finally:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="open/")
        for version in [v for page in pages for v in page.get("Versions", [])]:
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        _begin_again(subject)


def _begin_again(subject: Subject) -> None:
    """A backup after the WAL that is missing: what was there before it cannot be brought up to now any more."""
    shell(subject.host, "runuser -u postgres -- pgbackrest --stanza=fines --type=full backup", timeout=180)


# The next backup meets it, where it needs what is gone, or else the drill.
@breaks(the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch, says=(" failed", "missing file"))
def a_file_of_the_backup_is_gone(subject: Subject) -> Iterator[None]:
    await_backup(subject)
    s3 = subject.tier.client("s3")
    bucket = subject.backup_bucket
    found = [
        (entry["LastModified"], entry["Key"])
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="pgbackrest/backup/fines/")
        for entry in page.get("Contents", [])
        if "/bundle/" in entry["Key"]
    ]
    if not found:
        raise BreakError("no backup has a bundle of files: the break must be brought up to date")
    _, key = max(found)
    marker = s3.delete_object(Bucket=bucket, Key=key)["VersionId"]
    try:
        yield
    finally:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=marker)


@breaks(the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch, says="the drill compared too little: ")
def the_drill_compares_nothing(subject: Subject) -> Iterator[None]:
    found, compared = '> "$drill/found"\n', '> "$drill/found"\n: > "$drill/found"; : > "$drill/expected"\n'
    _hurry_metrics(subject)
    with edited(subject.host, _DRILL, {found: compared}):
        yield


@breaks(the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch, says="these tables differ")
def a_row_of_the_restored_database_is_another(subject: Subject) -> Iterator[None]:
    people = People.make(subject, officers=1, owners=1)
    with Load(people, officers=1, fines=1) as load:  # there may be none yet
        load.join()
    compared = 'PGHOST=$drill/run PGPORT=5433 python3 "$HOST_FILES/bin/table-sums" > "$drill/found"'
    sql = "UPDATE infracciones_infraccion SET comentarios = comentarios || '!' WHERE id = (SELECT min(id) FROM infracciones_infraccion)"
    spoiled = f'PGHOST=$drill/run PGPORT=5433 psql -tAXq -d fines -c "{sql}"'
    with edited(subject.host, _DRILL, {compared: f"{spoiled}\n{compared}"}):
        yield


@breaks(
    the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch,
    says="CloudWatch has no age of a proven backup below an hour, but []",
    HEARD_SECONDS=12,
)
def the_age_of_the_proven_backup_is_not_sent(subject: Subject) -> Iterator[None]:
    _hurry_metrics(subject)
    with edited(subject.host, _METRICS, {'"ProvenBackupAgeSeconds"': '"ProvenBackupAge"'}):
        yield


@breaks(
    the_restore_drill_proves_the_newest_backup_and_its_age_is_in_cloudwatch, says="what is noted as proven ended at"
)
def the_moment_of_the_drill_is_noted_and_not_that_of_the_backup(subject: Subject) -> Iterator[None]:
    _hurry_metrics(subject)
    with edited(subject.host, _DRILL, {'echo "$stopped" >': "date +%s >"}):
        yield


def _hurry_metrics(subject: Subject) -> None:
    """The host sends its metrics each five seconds from now on, not each minute: a check that hears them soon can tell soon."""
    units = "/etc/systemd/system"
    for unit, lines in (
        ("fines-metrics.timer", "[Timer]\\nOnUnitActiveSec=5s\\n"),
        ("fines-metrics.service", "[Unit]\\nStartLimitIntervalSec=0\\n"),
    ):
        folder = f"{units}/{unit}.d"
        shell(subject.host, f"mkdir -p {folder} && printf '{lines}' > {folder}/hurry.conf")
    shell(subject.host, "systemctl daemon-reload && systemctl restart fines-metrics.timer")
