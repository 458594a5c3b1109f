"""A front door without its rules."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.front import (
    browsers_are_told_to_frame_sniff_and_script_nothing_and_a_form_without_its_token_is_refused,
    nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https,
    nothing_older_than_tls_1_2_is_spoken,
    the_number_of_a_request_is_in_its_answer_in_the_log_of_nginx_and_in_that_of_the_service,
    while_no_container_runs_people_get_a_page_and_programs_get_json,
)

_HEADERS, _ERRORS = "/etc/nginx/fines/headers.inc", "/etc/nginx/fines/errors.inc"


@breaks(nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https, says="stay with HTTPS", again=True)
def browsers_are_told_nothing_of_https(subject: Subject) -> Iterator[None]:
    line = 'add_header Strict-Transport-Security "max-age=31536000" always;'
    with edited(subject.host, _HEADERS, {line: ""}, then=RELOAD_NGINX):
        yield


@breaks(nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https, says="two idempotency keys was answered")
def two_keys_are_taken_for_one(subject: Subject) -> Iterator[None]:
    seen = "proxy_set_header X-Idempotency-Seen $http_idempotency_key;"
    with edited(subject.host, "/etc/nginx/fines/proxy.inc", {seen: ""}, then=RELOAD_NGINX):
        yield


@breaks(
    the_number_of_a_request_is_in_its_answer_in_the_log_of_nginx_and_in_that_of_the_service,
    says="the log of the service does not have the request",
    again=True,
)
def nginx_keeps_the_number_of_a_request_to_itself(subject: Subject) -> Iterator[None]:
    passed = "proxy_set_header X-Request-Id $request_id;"
    with edited(subject.host, "/etc/nginx/fines/proxy.inc", {passed: ""}, then=RELOAD_NGINX):
        yield


@breaks(
    the_number_of_a_request_is_in_its_answer_in_the_log_of_nginx_and_in_that_of_the_service,
    says="a log has the officer's token",
)
def nginx_writes_down_what_callers_show(subject: Subject) -> Iterator[None]:
    written = '"request_id":"$request_id","address"'
    shown = '"request_id":"$request_id","shown":"$http_authorization","address"'
    with edited(subject.host, NGINX, {written: shown}, then=RELOAD_NGINX):
        yield


@breaks(nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https, says="is in NGINX's log as", again=True)
def nginx_writes_down_where_it_led_what_it_refused(subject: Subject) -> Iterator[None]:
    with edited(subject.host, NGINX, {'"uri":"$asked_path"': '"uri":"$uri"'}, then=RELOAD_NGINX):
        yield


@breaks(nginx_answers_by_itself_in_json_and_tells_browsers_to_stay_with_https, says="no JSON", again=True)
def nginx_shows_its_own_page_for_what_is_too_large(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _ERRORS, {"error_page 413 /_error/413;": ""}, then=RELOAD_NGINX):
        yield


@breaks(
    browsers_are_told_to_frame_sniff_and_script_nothing_and_a_form_without_its_token_is_refused,
    says="does not tell browsers what it should of Referrer-Policy",
)
def other_sites_learn_which_page_led_to_them(subject: Subject) -> Iterator[None]:
    told = 'SECURE_REFERRER_POLICY = "same-origin"'
    with changed(subject.host, "fines/settings.py", {told: told.replace("same-origin", "unsafe-url")}):
        yield


@breaks(
    browsers_are_told_to_frame_sniff_and_script_nothing_and_a_form_without_its_token_is_refused,
    says="these cookies go anywhere",
)
def cookies_go_over_plain_http(subject: Subject) -> Iterator[None]:
    secure = 'SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")'
    with changed(subject.host, "fines/settings.py", {secure: "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False"}):
        yield


@breaks(while_no_container_runs_people_get_a_page_and_programs_get_json, says="have the address of the person")
def the_error_log_has_the_words_of_failed_requests(subject: Subject) -> Iterator[None]:
    quiet = "error_log /var/log/nginx/error.log crit;"
    with edited(subject.host, NGINX, {quiet: "error_log /var/log/nginx/error.log error;"}, then=RELOAD_NGINX):
        yield


@breaks(nothing_older_than_tls_1_2_is_spoken, says="these are spoken: ['TLSv1_1', 'TLSv1_2', 'TLSv1_3']", again=True)
def nginx_speaks_tls_1_1(subject: Subject) -> Iterator[None]:
    older = {
        "ssl_protocols TLSv1.2 TLSv1.3;": "ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3;",
        "ssl_ciphers ECDHE": "ssl_ciphers @SECLEVEL=0:ECDHE-ECDSA-AES128-SHA:ECDHE",
    }
    with edited(subject.host, NGINX, older, then=RELOAD_NGINX):
        yield


@breaks(while_no_container_runs_people_get_a_page_and_programs_get_json, says="a person was answered")
def the_page_for_people_is_not_there(subject: Subject) -> Iterator[None]:
    with edited(
        subject.host, "/etc/nginx/fines/answers.inc", {"if ($reads_pages)": "if ($arg_nobody)"}, then=RELOAD_NGINX
    ):
        yield
