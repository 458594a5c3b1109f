"""A host that does not come back by itself, or not with all that it had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import read, shell, write
from rehearsal.breaks.texts import replaced
from rehearsal.checks import Subject
from rehearsal.checks.single.reboot import a_host_that_is_rebooted_serves_again_as_it_was


@breaks(a_host_that_is_rebooted_serves_again_as_it_was, says="was rebooted it does not serve", SERVES_SECONDS=45.0)
def boot_does_not_start_with_the_machine(subject: Subject) -> Iterator[None]:
    shell(subject.host, "systemctl -q disable fines-boot.service")
    yield
    shell(subject.host, "systemctl -q enable fines-boot.service; systemctl start fines-boot.service", timeout=180)


@breaks(
    a_host_that_is_rebooted_serves_again_as_it_was,
    says="these units are not active: ['fines-metrics.timer']",
    SERVES_SECONDS=45.0,
)
def boot_forgets_a_timer(subject: Subject) -> Iterator[None]:
    with _otherwise(subject, "/opt/fines/host/steps/watches", {"fines-*.timer": "fines-[!m]*.timer"}):
        yield
    shell(subject.host, "systemctl start fines-metrics.timer")


@contextmanager
def _otherwise(subject: Subject, file: str, changes: dict[str, str]) -> Iterator[None]:
    """A file with texts replaced by others, across a reboot, after which the machine is another process."""
    before = read(subject.host, file)
    write(subject.host, file, replaced(before, changes, file))
    try:
        yield
    finally:
        write(subject.host, file, before)
