"""A front door without its rules."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited
from rehearsal.checks import Subject
from rehearsal.checks.single.front import (
    a_stranger_gets_so_many_reports_and_no_more_and_an_officer_is_not_counted_with_them,
    nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https,
    while_no_container_runs_people_get_a_page_and_programs_get_json,
)

_HEADERS, _ERRORS = "/etc/nginx/fines/headers.inc", "/etc/nginx/fines/errors.inc"


@breaks(nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https, says="stay with HTTPS", again=True)
def browsers_are_told_nothing_of_https(subject: Subject) -> Iterator[None]:
    line = 'add_header Strict-Transport-Security "max-age=31536000" always;'
    with edited(subject.host, _HEADERS, {line: ""}, then=RELOAD_NGINX):
        yield


@breaks(nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https, says="no JSON", again=True)
def nginx_shows_its_own_page_for_what_is_too_large(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _ERRORS, {"error_page 413 /_error/413;": ""}, then=RELOAD_NGINX):
        yield


@breaks(
    a_stranger_gets_so_many_reports_and_no_more_and_an_officer_is_not_counted_with_them,
    says="reports of a stranger were answered {200: 70}",
)
def strangers_are_not_counted(subject: Subject) -> Iterator[None]:
    counted = 'map $token $stranger { default ""; "" $binary_remote_addr; }'
    with edited(subject.host, NGINX, {counted: 'map $token $stranger { default ""; }'}, then=RELOAD_NGINX):
        yield


@breaks(while_no_container_runs_people_get_a_page_and_programs_get_json, says="a person was answered")
def the_page_for_people_is_not_there(subject: Subject) -> Iterator[None]:
    with edited(
        subject.host, "/etc/nginx/fines/answers.inc", {"if ($reads_pages)": "if ($arg_nobody)"}, then=RELOAD_NGINX
    ):
        yield
