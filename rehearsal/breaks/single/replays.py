"""Keys that nobody heeds, and pages that overlap."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import RELOAD_NGINX, edited
from rehearsal.breaks.service import changed, one_container_unknown
from rehearsal.checks import Subject
from rehearsal.checks.single.replays import (
    pages_of_a_report_neither_repeat_nor_hide_a_fine_while_others_arrive,
    twins_under_one_key_make_one_fine_and_another_fine_under_it_is_refused,
)


@breaks(twins_under_one_key_make_one_fine_and_another_fine_under_it_is_refused, says="12 of them as new", again=True)
def nginx_drops_the_key(subject: Subject) -> Iterator[None]:
    dropped = 'proxy_set_header Connection "";\nproxy_set_header Idempotency-Key "";'
    with edited(
        subject.host, "/etc/nginx/fines/proxy.inc", {'proxy_set_header Connection "";': dropped}, then=RELOAD_NGINX
    ):
        yield


@breaks(twins_under_one_key_make_one_fine_and_another_fine_under_it_is_refused, says="two containers were to decide")
def nginx_leads_all_to_one_container(subject: Subject) -> Iterator[None]:
    with one_container_unknown(subject.host):
        yield


@breaks(pages_of_a_report_neither_repeat_nor_hide_a_fine_while_others_arrive, says="are on no page, and ")
def the_cursor_forgets_the_fines_of_the_same_second(subject: Subject) -> Iterator[None]:
    again = {f"({fine}.timestamp, {fine}.id) <": f"({fine}.timestamp, {fine}.id) <=" for fine in ("n", "i")}
    with changed(subject.host, "infracciones/reports.py", again):
        yield
