"""A host that begins anew beside its backups, and one that comes back with too little."""

from __future__ import annotations

import time
from collections.abc import Iterator
from unittest import mock

from rehearsal.breaks import BreakError, breaks
from rehearsal.breaks.host import edited, psql, shell
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.load import Load
from rehearsal.checks.people import People
from rehearsal.checks.single.loss import (
    a_lost_volume_is_refused_when_empty_and_comes_back_in_another_zone_with_its_keys,
)
from rehearsal.checks.single.volumes import come_back
from rehearsal.checks.wal import wal_since

_SETTINGS = "/etc/postgresql/17/main/postgresql.conf"


@breaks(
    a_lost_volume_is_refused_when_empty_and_comes_back_in_another_zone_with_its_keys,
    says="the host began anew beside its backups",
    lasting=1,
)
def the_host_looks_for_backups_where_there_are_none(subject: Subject) -> Iterator[None]:
    asked = "keys pgbackrest/"
    with edited(subject.host, "/opt/fines/host/steps/data", {asked: "keys backups/"}):
        yield
    # The database that began anew is given up for the one that was backed up.
    come_back(subject, "The data volume is lost", restore="latest")


@breaks(
    a_lost_volume_is_refused_when_empty_and_comes_back_in_another_zone_with_its_keys,
    says=(
        "HTTPS does not verify",
        "the zone is signed with other keys than before",
        "acknowledged fines are missing, the oldest of",
    ),
    lasting=1,
)
def wal_leaves_once_in_ten_minutes_and_nothing_comes_out_of_escrow(subject: Subject) -> Iterator[None]:
    # Who asks for the reports must come back, or nobody would learn of what did not.
    people = People.make(subject, officers=4, owners=3)
    with Load(people, officers=4, fines=4) as load:
        load.join()
    began = time.time()
    psql(subject.host, "SELECT pg_switch_wal()")
    _await_wal(subject, began)
    shell(subject.host, f"sed -i 's/^archive_timeout = 20s$/archive_timeout = 10min/' {_SETTINGS}")
    psql(subject.host, "SELECT pg_reload_conf()")
    if (now := psql(subject.host, "SHOW archive_timeout")) != "10min":
        raise BreakError(f"WAL leaves each {now} still")
    there = 'if ! call s3 get-object "${object[@]}"'
    nowhere = f"object[1]=Key=escrow/nothing; {there}"
    with (
        changed(subject, "stacks/host/bin/escrow", {there: nowhere}),
        mock.patch.object(subject, "kept", [(people, load.ledger)]),
    ):
        yield


def _await_wal(subject: Subject, moment: float, patience: float = 20) -> None:
    deadline = time.monotonic() + patience
    while not wal_since(subject, moment):
        if time.monotonic() > deadline:
            raise BreakError(f"no WAL left the host within {patience:.0f} s")
        time.sleep(0.5)
