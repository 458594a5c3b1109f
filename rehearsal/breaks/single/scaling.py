"""A release that counts wrong, and a count that replaces the host."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import first_deployment_again
from rehearsal.breaks.host import edited
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.scaling import raising_app_containers_from_two_to_four_scales_out_without_a_new_host

_RELEASE = "/opt/fines/host/bin/release"


@breaks(raising_app_containers_from_two_to_four_scales_out_without_a_new_host, says="['8101', '8102', '8103'] run on")
def the_release_starts_one_container_too_few(subject: Subject) -> Iterator[None]:
    scaled = 'count=$(field app_containers "$value")'
    with (
        first_deployment_again(subject),
        edited(subject.host, _RELEASE, {scaled: f"{scaled}; ((count < 4)) || count=3"}),
    ):
        yield


@breaks(raising_app_containers_from_two_to_four_scales_out_without_a_new_host, says="four were wanted on")
def the_count_is_among_the_settings_of_the_host(subject: Subject) -> Iterator[None]:
    known = '                "FINES_DOMAIN": settings.domain,\n'
    more = f'{known}                "FINES_APP_CONTAINERS": str(settings.app_containers),\n'
    with first_deployment_again(subject), changed(subject, "stacks/single.py", {known: more}):
        yield
