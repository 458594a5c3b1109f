"""Releases that lie, and that serve nobody meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import first_deployment_again
from rehearsal.breaks.host import edited, psql, read, shell
from rehearsal.breaks.service import other_unit
from rehearsal.checks import Subject
from rehearsal.checks.single.releases import (
    a_new_image_and_the_way_back_fail_no_request_under_load_and_its_migration_runs_once,
    an_image_that_never_becomes_ready_is_given_up_with_the_reason_and_the_old_one_serves_on,
    an_image_whose_migration_fails_is_given_up_with_the_reason_and_the_old_one_serves_on,
)
from rehearsal.machines.machine import Machine

_RELEASE = "/opt/fines/host/bin/release"
_ROLLS = "  mapfile -t old < <(running)\n  [[ ${#old[@]} -eq 0"
_STOPS_FIRST = {_ROLLS: _ROLLS.replace("\n", '\n  stop "${old[@]}"\n', 1)}
_SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON django_migrations FOR EACH ROW EXECUTE FUNCTION slow();
"""


def _forget(host: Machine) -> None:
    """No image's migrations are known to be done: one that was cut off with its release leaves the name of the image before."""
    psql(host, "DELETE FROM django_migrations WHERE name LIKE '%_rehearsal'")
    shell(host, "rm --force /srv/fines/release/migrated")


@breaks(
    a_new_image_and_the_way_back_fail_no_request_under_load_and_its_migration_runs_once,
    says="requests failed, the first: 503",
)
def the_release_stops_all_containers_before_it_starts_new_ones(subject: Subject) -> Iterator[None]:
    with first_deployment_again(subject), edited(subject.host, _RELEASE, _STOPS_FIRST):
        yield
    _forget(subject.host)


@breaks(
    a_new_image_and_the_way_back_fail_no_request_under_load_and_its_migration_runs_once,
    says="requests without a key were broken off",
)
def containers_are_killed_with_what_they_have_in_hand(subject: Subject) -> Iterator[None]:
    host = subject.host
    with (
        first_deployment_again(subject),
        edited(host, _RELEASE, {'  eventually 10 gone "${before[@]}" || true\n': ""}),
        other_unit(host, {"--stop-timeout=45": "--stop-signal=KILL --stop-timeout=45"}),
    ):
        yield
    _forget(host)


@breaks(
    a_new_image_and_the_way_back_fail_no_request_under_load_and_its_migration_runs_once,
    says="the new migration is recorded 2 times",
)
def each_of_two_containers_migrates_as_it_starts(subject: Subject) -> Iterator[None]:
    host, once = subject.host, '    migrate "$image" || why='
    twice = '    { migrate "$image" & migrate "$image"; wait $!; } || why='
    psql(host, _SLOW)  # so that the one has not committed when the other looks
    with first_deployment_again(subject), edited(host, _RELEASE, {once: twice}):
        yield
    psql(host, "DROP FUNCTION slow CASCADE")
    _forget(host)


@breaks(
    a_new_image_and_the_way_back_fail_no_request_under_load_and_its_migration_runs_once,
    says="before its migration was over",
)
def containers_begin_while_the_migration_is_under_way(subject: Subject) -> Iterator[None]:
    host, first = subject.host, '    migrate "$image" || why='
    meanwhile = first.replace('migrate "$image"', '{ { sleep 2; migrate "$image"; } & }')
    with first_deployment_again(subject), edited(host, _RELEASE, {first: meanwhile}):
        yield
    _forget(host)


@breaks(
    a_new_image_and_the_way_back_fail_no_request_under_load_and_its_migration_runs_once,
    says="runs after the way back, it was",
)
def a_host_keeps_to_the_newest_image_that_it_knows(subject: Subject) -> Iterator[None]:
    host, asked = subject.host, '  image=$(field image "$value")\n'
    first = read(host, "/srv/fines/release/image").strip()
    newest = f'{asked}  [[ $image != "{first}" || $(remembered image) == "{first}" ]] || image=$(remembered image)\n'
    with first_deployment_again(subject):
        with edited(host, _RELEASE, {asked: newest}):
            yield
        shell(host, f"{_RELEASE} apply", timeout=180)  # the stack names the first image already
    _forget(host)


@breaks(
    an_image_whose_migration_fails_is_given_up_with_the_reason_and_the_old_one_serves_on,
    says="the deployment said that it succeeded",
)
def the_release_signals_success_whatever_happens(subject: Subject) -> Iterator[None]:
    with first_deployment_again(subject), edited(subject.host, _RELEASE, {"tell FAILURE": "tell SUCCESS"}):
        yield


@breaks(
    an_image_whose_migration_fails_is_given_up_with_the_reason_and_the_old_one_serves_on,
    says="the deployment failed without the reason 'migration failed'",
)
def the_release_keeps_the_reason_to_itself(subject: Subject) -> Iterator[None]:
    told = 'tell FAILURE "$why" "$value"'
    with first_deployment_again(subject), edited(subject.host, _RELEASE, {told: 'tell FAILURE "it failed" "$value"'}):
        yield


@breaks(
    an_image_whose_migration_fails_is_given_up_with_the_reason_and_the_old_one_serves_on,
    says="CloudWatch heard nothing of it",
    _HEARD=3.0,
)
def no_figure_tells_of_a_release_that_is_given_up(subject: Subject) -> Iterator[None]:
    with first_deployment_again(subject), edited(subject.host, _RELEASE, {"  metric ReleaseFailed 1\n": ""}):
        yield


@breaks(
    an_image_that_never_becomes_ready_is_given_up_with_the_reason_and_the_old_one_serves_on,
    says=" requests failed: [",
)
def old_containers_stop_before_a_new_one_is_ready(subject: Subject) -> Iterator[None]:
    with first_deployment_again(subject), edited(subject.host, _RELEASE, _STOPS_FIRST):
        yield


@breaks(
    an_image_that_never_becomes_ready_is_given_up_with_the_reason_and_the_old_one_serves_on,
    says="the deployment said that it succeeded",
)
def the_release_takes_a_healthy_container_for_a_ready_one(subject: Subject) -> Iterator[None]:
    asked = 'until answers "$1" readyz; do'
    with first_deployment_again(subject), edited(subject.host, _RELEASE, {asked: asked.replace("readyz", "healthz")}):
        yield
