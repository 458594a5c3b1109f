"""A volume whose size the template does not follow, and an operator who restarts what served."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed, changed_runbook
from rehearsal.checks import Subject
from rehearsal.checks.single.growth import a_larger_data_volume_grows_in_place_under_load_and_nothing_is_restarted


@breaks(
    a_larger_data_volume_grows_in_place_under_load_and_nothing_is_restarted,
    says="31 were asked for",
)
def the_size_of_the_volume_stands_in_the_stack(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/single.py", {"gibibytes=settings.data_volume_gb": "gibibytes=30"}):
        yield
    subject.context.pop("data_volume_gb", None)


@breaks(
    a_larger_data_volume_grows_in_place_under_load_and_nothing_is_restarted,
    says="the database began",
)
def who_grows_the_volume_restarts_the_containers(subject: Subject) -> Iterator[None]:
    typed = '. /etc/fines/device.env\nresize2fs "$FINES_DEVICE"\n'
    with changed_runbook(subject, {typed: f"{typed}systemctl restart 'fines-web@*'\n"}):
        yield
