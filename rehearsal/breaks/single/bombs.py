"""Files that are unpacked as far as they go."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.bombs import a_file_that_grows_to_ten_gibibytes_is_refused_and_nobody_waits_for_it


@breaks(a_file_that_grows_to_ten_gibibytes_is_refused_and_nobody_waits_for_it, says="not 413")
def nothing_minds_how_much_a_file_holds(subject: Subject) -> Iterator[None]:
    minds = "            if given > self._most:\n                raise TooLarge\n"
    with changed(subject.host, "infracciones/uploads/bodies.py", {minds: ""}):
        yield


@breaks(a_file_that_grows_to_ten_gibibytes_is_refused_and_nobody_waits_for_it, says="beside it")
def a_container_that_unpacks_a_file_does_nothing_else(subject: Subject) -> Iterator[None]:
    given = "            if given > self._most:\n"
    holds = f"{given}                sum(range(5 * 10**8))  # in one step, so that no other thread runs meanwhile\n"
    with changed(subject.host, "infracciones/uploads/bodies.py", {given: holds}):
        yield
