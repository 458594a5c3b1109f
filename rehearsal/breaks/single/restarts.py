"""A database that, after a restart of its own, keeps its WAL to itself for minutes."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.single.restarts import (
    what_is_written_after_a_restart_of_the_database_alone_leaves_within_a_minute,
)

_POSTGRESQL = "/etc/postgresql/17/main/postgresql.conf"
_RESTART = "systemctl restart postgresql@17-main.service"


@breaks(
    what_is_written_after_a_restart_of_the_database_alone_leaves_within_a_minute,
    says="s since the database's restart",
    again=True,
)
def the_checkpointer_sleeps_for_its_usual_five_minutes(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _POSTGRESQL, {"checkpoint_timeout = 30s": "checkpoint_timeout = 5min"}, then=_RESTART):
        yield
