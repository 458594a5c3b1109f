"""Uploads that are taken twice, or half, and front doors that let a stranger's file in."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.slow import two_hundred_connections_that_send_a_byte_a_second_harm_nobody
from rehearsal.checks.single.uploads import (
    a_file_of_a_stranger_or_of_a_gibibyte_is_refused_before_it_is_read,
    an_offline_upload_cut_off_repeated_and_sent_three_times_at_once_takes_each_row_once,
)

_FILES = "/etc/nginx/fines/files.inc"


@breaks(an_offline_upload_cut_off_repeated_and_sent_three_times_at_once_takes_each_row_once, says="the answer says")
def the_service_takes_rows_under_ids_of_its_own(subject: Subject) -> Iterator[None]:
    own = {
        "SELECT vehiculo, $1, timestamp, comentarios, dispositivo_id,": "SELECT vehiculo, $1, timestamp, comentarios, gen_random_uuid(),"
    }
    with changed(subject.host, "infracciones/uploads/intake.py", own):
        yield


@breaks(
    an_offline_upload_cut_off_repeated_and_sent_three_times_at_once_takes_each_row_once,
    says="are not in the reports as they were written",
)
def the_service_writes_the_moment_of_the_upload_for_that_of_the_fine(subject: Subject) -> Iterator[None]:
    own = {
        "row.plate, row.moment, row.comment, mark,": "row.plate, datetime.now(row.moment.tzinfo), row.comment, mark,"
    }
    with changed(subject.host, "infracciones/uploads/intake.py", own):
        yield


@breaks(
    an_offline_upload_cut_off_repeated_and_sent_three_times_at_once_takes_each_row_once,
    says="files that were cut off left 10 fines",
)
def files_are_passed_on_as_they_come_and_nobody_minds_their_length(subject: Subject) -> Iterator[None]:
    minds = 'raise BodyError("El archivo llegó incompleto: envíelo otra vez.")'
    place = "location @upload {"
    with (
        changed(subject.host, "infracciones/uploads/bodies.py", {minds: "break"}),
        edited(subject.host, NGINX, {place: f"{place} proxy_request_buffering off;"}, then=RELOAD_NGINX),
    ):
        yield


@breaks(a_file_of_a_stranger_or_of_a_gibibyte_is_refused_before_it_is_read, says="a stranger's token: ")
def nginx_reads_a_file_before_it_asks_whose_it_is(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _FILES, {"auth_request /_officer;": ""}, then=RELOAD_NGINX):
        yield


@breaks(two_hundred_connections_that_send_a_byte_a_second_harm_nobody, says="beside them the uploads")
def nginx_lets_an_officer_send_any_number_of_files_at_a_time(subject: Subject) -> Iterator[None]:
    with edited(subject.host, NGINX, {"limit_conn uploads_officer 4;": ""}, then=RELOAD_NGINX):
        yield


@breaks(two_hundred_connections_that_send_a_byte_a_second_harm_nobody, says="and of one who is not: [429, 429, 429]")
def files_of_strangers_are_counted_with_those_of_officers(subject: Subject) -> Iterator[None]:
    asked = "    try_files /_nowhere @upload;\n"
    with edited(subject.host, NGINX, {asked: f"    limit_conn small_address 30;\n{asked}"}, then=RELOAD_NGINX):
        yield


@breaks(two_hundred_connections_that_send_a_byte_a_second_harm_nobody, says="and of one who is not: [429, 429, 429]")
def six_slow_devices_fill_a_station(subject: Subject) -> Iterator[None]:
    with edited(
        subject.host, NGINX, {"limit_conn small_address 240;": "limit_conn small_address 24;"}, then=RELOAD_NGINX
    ):
        yield


@breaks(two_hundred_connections_that_send_a_byte_a_second_harm_nobody, says="beside them")
def nginx_hands_slow_bodies_on_as_they_come(subject: Subject) -> Iterator[None]:
    with edited(
        subject.host, NGINX, {"client_body_buffer_size 64k;": "proxy_request_buffering off;"}, then=RELOAD_NGINX
    ):
        yield


@breaks(
    an_offline_upload_cut_off_repeated_and_sent_three_times_at_once_takes_each_row_once,
    says="files that followed each other came to ['127.0.0.1:",
)
def containers_take_turns(subject: Subject) -> Iterator[None]:
    with edited(subject.host, "/etc/nginx/fines/upstream.conf", {"  random two;\n": ""}, then=RELOAD_NGINX):
        yield
