"""A database that acknowledges what it has not written, and a boot that minds who does not listen any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited, psql, read, shell, write
from rehearsal.checks import Subject
from rehearsal.checks.single.power import (
    a_host_that_loses_power_under_load_is_replaced_and_every_acknowledged_fine_is_there_once,
    a_host_that_was_replaced_with_an_unchanged_release_signals_nothing_that_fails,
    what_a_host_could_not_send_when_it_died_leaves_once_the_next_one_has_a_database,
)

_BOOT = "/opt/fines/host/boot"
_RELEASE = "/opt/fines/host/bin/release"
_BACKUPS = "/opt/fines/host/steps/backups"
_BOOTED = "/var/log/fines-boot.log"
_SETTINGS = "/etc/postgresql/17/main/postgresql.conf"
# The officers' tokens are made first, and must outlive the loss for the check to come to its question.
_ONCE_FINES_COME = """\
before={before}
until (($(runuser -u postgres -- psql -tAXqc 'SELECT max(id) FROM infracciones_infraccion' fines) > before)); do sleep 0.05; done
echo 'fsync = off' >> {settings}
runuser -u postgres -- psql -tAXqc 'SELECT pg_reload_conf()'
"""
_DIE_AND_COME_BACK = """\
systemctl kill --signal=KILL postgresql@17-main.service
systemctl stop postgresql@17-main.service fines-boot.service
systemctl start fines-boot.service
"""


@breaks(
    a_host_that_loses_power_under_load_is_replaced_and_every_acknowledged_fine_is_there_once,
    says="is 0 times in the report",
    lasting=3,
)
def postgresql_does_not_wait_for_the_disk(subject: Subject) -> Iterator[None]:
    host = subject.host
    before = psql(host, "SELECT coalesce(max(id), 0) FROM infracciones_infraccion")
    script = _ONCE_FINES_COME.format(before=before, settings=_SETTINGS)
    shell(
        host, f"cat > /run/fines-break << 'END'\n{script}END\nsystemd-run -q --unit=break-fsync bash /run/fines-break"
    )
    yield


@breaks(
    a_host_that_was_replaced_with_an_unchanged_release_signals_nothing_that_fails,
    says="the host's boot did not end well",
    ENDS_SECONDS=5,
)
def a_signal_that_nobody_waits_for_ends_the_boot(subject: Subject) -> Iterator[None]:
    logged = 'log "the signal $1 was refused: no stack operation waits for it"'
    with _booted_with(subject, _BOOT, {logged: f"{logged}; return 1"}):
        yield


@breaks(
    a_host_that_was_replaced_with_an_unchanged_release_signals_nothing_that_fails,
    says="the host's boot did not end well",
    ENDS_SECONDS=5,
)
def a_release_that_nobody_waits_for_any_more_ends_the_boot(subject: Subject) -> Iterator[None]:
    logged = ' || log "the signal $1 was refused: nobody waits for this release any more"'
    with _booted_with(subject, _RELEASE, {logged: ""}):
        yield


@contextmanager
def _booted_with(subject: Subject, file: str, changes: Mapping[str, str]) -> Iterator[None]:
    """The host has booted anew with another file, and boots once more when that is mended."""
    host = subject.host
    before = read(host, _BOOTED)
    with edited(host, file, changes):
        write(host, _BOOTED, "")
        shell(host, "systemctl start fines-boot.service || true", timeout=300)
        yield
    write(host, _BOOTED, before)
    shell(host, "systemctl stop fines-boot.service; systemctl start fines-boot.service", timeout=300)


@breaks(
    what_a_host_could_not_send_when_it_died_leaves_once_the_next_one_has_a_database,
    says="s after its database started",
    again=True,
)
def wal_waits_for_its_twenty_seconds_after_each_start(subject: Subject) -> Iterator[None]:
    host = subject.host
    with edited(host, _BACKUPS, {"as_postgres psql -tAXq -c 'SELECT pg_switch_wal()' > /dev/null": "true"}):
        shell(host, _DIE_AND_COME_BACK, timeout=300)
        yield
    shell(host, _DIE_AND_COME_BACK, timeout=300)
