"""The database starts anew without a boot, as a security fix has it at night: its WAL goes on leaving."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import ask, started
from rehearsal.checks.wal import wal_since

LEAVES_SECONDS = 45  # within which WAL leaves after a start: the checkpointer's thirty, and some for the way


@check("single")
def what_is_written_after_a_restart_of_the_database_alone_leaves_within_a_minute(subject: Subject) -> str:
    restarted = ""
    if started(subject) < _booted(subject):  # an upgrade of its package comes before this, in a whole rehearsal
        subject.host.run("systemctl", "restart", "postgresql@17-main.service", timeout=60)
        restarted = ", which this check asked for"
    began = started(subject)
    ask(subject, "CREATE TABLE IF NOT EXISTS w (); DROP TABLE w", database="postgres")
    # A stop sends what there is, and S3 keeps whole seconds: what is a second younger than the start was written after it.
    while not (sent := wal_since(subject, began + 1)):
        if time.time() > began + LEAVES_SECONDS:
            raise CheckError(f"no WAL left the host in the {time.time() - began:.0f} s since the database's restart")
        time.sleep(1)
    after = min(sent) - began
    if after > LEAVES_SECONDS:
        raise CheckError(f"the first WAL left the host {after:.0f} s after the database's restart")
    return f"the first WAL left {after:.0f} s after the restart{restarted}"


def _booted(subject: Subject) -> float:
    """When the boot's own work at the database was over."""
    return float(subject.host.run("stat", "--format=%.Y", "/run/fines/boot/database.done").stdout)
