"""A service that takes a file's rows anew each time that it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from rehearsal.breaks import breaks
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.devices import (
    a_days_fines_of_two_hundred_devices_in_three_peaks_half_of_them_cut_and_repeated_are_each_there_once,
)

_OWN_IDS = {
    "SELECT vehiculo, $1, timestamp, comentarios, dispositivo_id,": "SELECT vehiculo, $1, timestamp, comentarios, gen_random_uuid(),"
}


@breaks(
    a_days_fines_of_two_hundred_devices_in_three_peaks_half_of_them_cut_and_repeated_are_each_there_once,
    says="of them new; 2000 were sent",
    tier="asg",
    FINES=2000,
    PEAK_SECONDS=8.0,
)
def the_service_takes_rows_under_ids_of_its_own(subject: Subject) -> Iterator[None]:
    with ExitStack() as stack:
        for host in subject.hosts:
            stack.enter_context(changed(host, "infracciones/uploads/intake.py", _OWN_IDS))
        yield
