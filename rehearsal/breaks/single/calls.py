"""A call that does not go through."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited
from rehearsal.checks import Subject
from rehearsal.checks.single.calls import each_line_of_curl_that_make_up_prints_is_answered_well


@breaks(each_line_of_curl_that_make_up_prints_is_answered_well, says="A photo of it: curl ended with 22")
def photos_may_hardly_be_larger_than_nothing(subject: Subject) -> Iterator[None]:
    with edited(
        subject.host, NGINX, {"client_max_body_size 11m; # ten": "client_max_body_size 1k; # ten"}, then=RELOAD_NGINX
    ):
        yield
