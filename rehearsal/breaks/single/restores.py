"""Restores that go past the mistake, and a host that begins anew beside its backups."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.restores import (
    a_lost_volume_is_refused_when_empty_and_comes_back_in_another_zone_with_its_keys,
    a_point_in_time_restore_brings_back_what_a_mistaken_delete_removed,
    come_back,
)


@breaks(a_point_in_time_restore_brings_back_what_a_mistaken_delete_removed, says="fines did not come back: ", lasting=2)
def the_database_is_restored_to_its_end_whatever_the_setting_says(subject: Subject) -> Iterator[None]:
    latest = "[[ $FINES_RESTORE == latest ]] || target"
    with changed(subject, "stacks/host/steps/database", {latest: "[[ -n $FINES_RESTORE ]] || target"}):
        yield


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
