"""A machine that booted from something else, and fines that do not come through."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from rehearsal.breaks import BreakError, breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited, read, shell, write
from rehearsal.checks import Subject
from rehearsal.checks.people import People
from rehearsal.checks.single.boot import (
    a_fine_posted_through_nginx_is_in_the_report_of_its_owner,
    the_machine_booted_from_the_user_data_of_the_template,
)

_CACHE = """
    proxy_cache reports_kept;
    proxy_cache_valid 200 10m;
    proxy_ignore_headers Cache-Control Expires Vary Set-Cookie;
"""


@breaks(the_machine_booted_from_the_user_data_of_the_template, says="cloud-init ran other user data")
def the_machine_is_older_than_its_template(subject: Subject) -> Iterator[None]:
    ran = "/var/lib/cloud/instance/user-data.txt"
    with edited(subject.host, ran, {"FINES_STAGE='dev'": "FINES_STAGE='staging'"}):
        yield


@breaks(the_machine_booted_from_the_user_data_of_the_template, says="cloud-init did not end well", again=True)
def a_stage_of_cloud_init_failed(subject: Subject) -> Iterator[None]:
    host, status = subject.host, "/run/cloud-init/status.json"
    before = read(host, status)
    failed = "d['v1']['modules-final']['errors'].append('scripts-user failed')"
    shell(
        host,
        f"""python3 -c "import json; d = json.load(open('{status}')); {failed}; json.dump(d, open('{status}', 'w'))" """,
    )
    try:
        yield
    finally:
        write(host, status, before)


@breaks(a_fine_posted_through_nginx_is_in_the_report_of_its_owner, says="the fine was answered with 413")
def bodies_may_hardly_be_larger_than_nothing(subject: Subject) -> Iterator[None]:
    with edited(subject.host, NGINX, {"client_max_body_size 64k;": "client_max_body_size 64;"}, then=RELOAD_NGINX):
        yield


@breaks(a_fine_posted_through_nginx_is_in_the_report_of_its_owner, says="the report has it 0 times", again=True)
def nginx_keeps_reports_for_ten_minutes(subject: Subject) -> Iterator[None]:
    host, place = subject.host, "  location /generar_informe {\n"
    people = People.make(subject, officers=1, owners=1)
    declared = "proxy_cache_path /var/cache/nginx/reports keys_zone=reports_kept:1m;\n"
    shell(host, "install -d -o www-data /var/cache/nginx/reports")
    kept = {place: place + _CACHE, "log_format fines": declared + "log_format fines"}
    with edited(host, NGINX, kept, then=RELOAD_NGINX):
        with people.client() as client:
            answer = client.get("/generar_informe", params={"correo": people.owners[0]})
        if answer.status_code != httpx.codes.OK:
            raise BreakError(f"the report was answered with {answer.status_code}")
        yield
    shell(host, f"{RELOAD_NGINX}; rm -rf /var/cache/nginx/reports")
