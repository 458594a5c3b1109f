"""Containers with more rights than they need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.breaks.service import ports, start
from rehearsal.checks import Subject
from rehearsal.checks.single.confinement import (
    a_container_is_no_ones_user_without_a_capability_and_writes_nothing_that_lasts as check,
)

_UNIT = "/etc/containers/systemd/fines-web@.container"


@breaks(check, says="its root is mounted rw")
def the_image_of_a_container_can_be_written(subject: Subject) -> Iterator[None]:
    with _restarted(subject, {"ReadOnly=true": "ReadOnly=false"}):
        yield


@breaks(check, says=("CapEff is ", "CapBnd is ", "its user is 0", "a program of it may gain rights"))
def containers_are_roots_with_podmans_own_capabilities(subject: Subject) -> Iterator[None]:
    with _restarted(subject, {"User=10001": "User=0", "DropCapability=all\n": "", "NoNewPrivileges=true\n": ""}):
        yield


@contextmanager
def _restarted(subject: Subject, changes: dict[str, str]) -> Iterator[None]:
    """All containers run with other lines in their unit."""
    host, running = subject.host, ports(subject.host)
    try:
        with edited(host, _UNIT, changes, then="systemctl daemon-reload"):
            start(host, running, verb="restart")
            yield
    finally:
        start(host, running, verb="restart")
