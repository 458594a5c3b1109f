"""A volume whose size the template does not follow, and a file system that does not follow its volume."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import shell
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.growth import a_larger_data_volume_grows_in_place_under_load_and_nothing_is_restarted
from rehearsal.checks.variant import synth

_TAKEN = "/usr/local/sbin/resize2fs"  # which a shell finds before Debian's own


@breaks(
    a_larger_data_volume_grows_in_place_under_load_and_nothing_is_restarted,
    says="31 were asked for",
)
def the_size_of_the_volume_stands_in_the_stack(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/single.py", {"gibibytes=settings.data_volume_gb": "gibibytes=30"}):
        yield
    del subject.context["data_volume_gb"]


@breaks(
    a_larger_data_volume_grows_in_place_under_load_and_nothing_is_restarted,
    says="the file system gained 0.00 GiB",
)
def the_file_system_does_not_follow_its_volume(subject: Subject) -> Iterator[None]:
    shell(subject.host, f"ln -s /bin/true {_TAKEN}")
    yield
    shell(subject.host, f"rm {_TAKEN}")
    # what is larger stays so: breaks that come after this deploy what is there
    subject.assembly = synth(subject, subject.context, "grown")
