"""Containers with more rights than they need."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.service import other_unit
from rehearsal.checks import Subject
from rehearsal.checks.single.confinement import (
    a_container_is_no_ones_user_without_a_capability_and_writes_nothing_that_lasts as check,
)


@breaks(check, says="its root is mounted rw")
def the_image_of_a_container_can_be_written(subject: Subject) -> Iterator[None]:
    with other_unit(subject.host, {"ReadOnly=true": "ReadOnly=false"}):
        yield


@breaks(check, says=("CapEff is ", "CapBnd is ", "its user is 0", "a program of it may gain rights"))
def containers_are_roots_with_podmans_own_capabilities(subject: Subject) -> Iterator[None]:
    with other_unit(subject.host, {"User=10001": "User=0", "DropCapability=all\n": "", "NoNewPrivileges=true\n": ""}):
        yield
