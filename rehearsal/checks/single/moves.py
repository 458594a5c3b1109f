"""The host moves to another zone, where the volume cannot follow it: a snapshot does, and the backups have the rest."""

from __future__ import annotations

import json
import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import ask
from rehearsal.checks.load import Load, missing_or_doubled
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator, no_cli
from rehearsal.checks.single.volumes import next_generation, volume_of, zone_of
from rehearsal.checks.variant import project
from rehearsal.checks.wal import wal_since

_PACE = 0.3  # seconds between an officer's fines: below the limit on a token
_LEAVES_SECONDS = 60  # within which what is written leaves the new host
LINE_SECONDS = 60  # within which a backup of the new line of history is there


@check("single", takes=no_cli)
def a_host_that_moves_to_another_zone_by_a_snapshot_of_its_volume_brings_every_acknowledged_fine(
    subject: Subject,
) -> str:
    before, old, generation = zone_of(subject), volume_of(subject), next_generation(subject)
    zone = str(1 - int(str(subject.context.get("zone", 0))))
    subject.context.pop("restore", None)  # as the page says
    people = People.make(subject, officers=4, owners=2)
    copy = project(subject, f"generation-{generation}")
    with Load(people, officers=4, pause=_PACE, patience=5) as load:
        load.await_acknowledged(10, seconds=30)
        as_operator(
            subject,
            "Move to another zone",
            copy,
            log=f"deploy-generation-{generation}",
            STACK=subject.stack,
            ZONE=zone,
            NEXT=generation,
        )
        moved = time.time()
        load.await_acknowledged(10, seconds=60)
        load.stop()
    snapshot = subject.tier.client("ec2").describe_volumes(VolumeIds=[volume_of(subject)])["Volumes"][0]["SnapshotId"]
    subject.context |= {"data_volume_generation": generation, "zone": zone, "data_volume_snapshot": snapshot}
    if volume_of(subject) == old or (now := zone_of(subject)) == before:
        raise CheckError(
            f"the host is in {zone_of(subject)} with the volume {volume_of(subject)}: it was in {before} with {old}"
        )
    after = _acknowledged_after(subject, snapshot, load)
    ask(subject, "SELECT pg_switch_wal()")
    if (
        wrong := missing_or_doubled(load.ledger, people)[:1]
        + _wal_that_stays(subject, moved)
        + _line_without_backup(subject)
    ):
        raise CheckError("; ".join(wrong))
    return (
        f"{before} to {now} by {snapshot}; {len(load.ledger.acknowledged)} fines there once, "
        f"{after} of them acknowledged by the old host after the snapshot"
    )


def _acknowledged_after(subject: Subject, snapshot: str, load: Load) -> int:
    """How many fines the old host acknowledged once the snapshot was made, which the new one has from the backups alone."""
    made = subject.tier.client("ec2").describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["StartTime"]
    moment = made.timestamp() + 2 - time.time() + time.monotonic()  # a second that is rounded off, and one for the copy
    moments = sorted(load.ledger.moments)
    handed_over = max(range(1, len(moments)), key=lambda n: moments[n] - moments[n - 1])  # after the longest silence
    count = len([each for each in moments[:handed_over] if moment < each])
    if not count:
        raise CheckError(
            f"nothing was acknowledged between {snapshot} and the end of the old host: the check proves nothing"
        )
    return count


def _wal_that_stays(subject: Subject, moment: float) -> list[str]:
    """What keeps the new host's WAL from the bucket, if anything does: the old one's lies there, and is not written over."""
    deadline = time.monotonic() + _LEAVES_SECONDS
    while not wal_since(subject, moment):
        if time.monotonic() > deadline:
            stays = ask(subject, "SELECT last_failed_wal FROM pg_stat_archiver")
            return [f"no WAL left the new host within {_LEAVES_SECONDS} s; not taken: {stays or 'none'}"]
        time.sleep(1)
    return []


def _line_without_backup(subject: Subject) -> list[str]:
    """That the newest backup is of another line of history than the database: nothing could be restored along its own then."""
    line = ask(subject, "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)")
    info = ["runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=fines", "--output=json", "info"]
    deadline = time.monotonic() + LINE_SECONDS
    while True:
        newest = json.loads(subject.host.run(*info).stdout)[0]["backup"][-1]
        if newest["archive"]["stop"].startswith(line):
            return []
        if time.monotonic() > deadline:
            return [
                f"the newest backup, {newest['label']}, is of line {newest['archive']['stop'][:8]}, the database of {line}"
            ]
        time.sleep(1)
