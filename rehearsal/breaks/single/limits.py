"""A front door that counts nobody, or counts too generously."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.limits import (
    a_stranger_gets_so_many_reports_and_no_more_and_an_officer_is_not_counted_with_them,
    a_token_used_too_often_and_somebody_who_guesses_passwords_are_told_to_wait,
)


@breaks(
    a_stranger_gets_so_many_reports_and_no_more_and_an_officer_is_not_counted_with_them,
    says="reports of a stranger were answered {200: 120}",
)
def strangers_are_not_counted(subject: Subject) -> Iterator[None]:
    counted = 'map $token $stranger { default ""; "" $binary_remote_addr; }'
    with edited(subject.host, NGINX, {counted: 'map $token $stranger { default ""; }'}, then=RELOAD_NGINX):
        yield


@breaks(
    a_token_used_too_often_and_somebody_who_guesses_passwords_are_told_to_wait,
    says="calls with one token in ",
)
def tokens_are_not_counted(subject: Subject) -> Iterator[None]:
    counted = 'map $token $caller { default $token; "" $binary_remote_addr; }'
    with edited(subject.host, NGINX, {counted: 'map $token $caller { default ""; }'}, then=RELOAD_NGINX):
        yield


@breaks(
    a_token_used_too_often_and_somebody_who_guesses_passwords_are_told_to_wait,
    says="calls with one token in ",
)
def more_comes_back_than_the_setting_says(subject: Subject) -> Iterator[None]:
    rate = "zone=callers:8m rate=300r/m"
    with edited(subject.host, NGINX, {rate: rate.replace("300", "1000")}, then=RELOAD_NGINX):
        yield


@breaks(
    a_token_used_too_often_and_somebody_who_guesses_passwords_are_told_to_wait,
    says="'locked': 15}",
)
def guesses_are_not_counted(subject: Subject) -> Iterator[None]:
    counted = '"~^POST /admin/login" $binary_remote_addr;'
    with edited(subject.host, NGINX, {counted: ""}, then=RELOAD_NGINX):
        yield


@breaks(
    a_token_used_too_often_and_somebody_who_guesses_passwords_are_told_to_wait,
    says="guesses of a password were answered so",
)
def a_name_is_not_locked_whatever_is_guessed(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "fines/settings.py", {"AXES_FAILURE_LIMIT = 10": "AXES_FAILURE_LIMIT = 10_000"}):
        yield
