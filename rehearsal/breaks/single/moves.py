"""A host that goes on from a snapshot as if nothing had come after it."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.moves import (
    a_host_that_moves_to_another_zone_by_a_snapshot_of_its_volume_brings_every_acknowledged_fine,
)


@breaks(
    a_host_that_moves_to_another_zone_by_a_snapshot_of_its_volume_brings_every_acknowledged_fine,
    says=("is 0 times in the report", "no WAL left the new host"),
    lasting=5,
)
def the_database_of_a_snapshot_goes_on_without_the_backups(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/host/bin/go-on", {"if is_a_copy; then": "if false; then"}):
        yield


@breaks(
    a_host_that_moves_to_another_zone_by_a_snapshot_of_its_volume_brings_every_acknowledged_fine,
    says="is of line ",
    lasting=4,
)
def the_backups_end_before_the_line_that_the_database_is_on(subject: Subject) -> Iterator[None]:
    asked = '|| [[ $backed_up != "$present" ]]'
    with changed(subject, "stacks/host/bin/afterwards", {asked: ""}):
        yield
