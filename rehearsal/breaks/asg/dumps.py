"""Dumps that two machines make, that a dead machine keeps to itself, or that lack what the database has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import other_statements
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.asg.bucket import newest, versions
from rehearsal.checks.asg.dumps import (
    a_machine_adds_dumps_and_can_neither_write_over_one_nor_delete_one,
    a_machine_that_dies_half_way_through_the_dump_leaves_it_to_another,
    the_dump_of_the_night_is_made_by_one_machine_though_all_begin_at_the_same_moment,
    the_newest_dump_is_restored_elsewhere_and_compared_and_the_age_of_the_proven_one_is_in_cloudwatch,
)
from rehearsal.checks.roles import roles_of

_SEND = "/opt/fines/host/bin/send-dump"
_DRILL = "/opt/fines/host/bin/dump-drill"
_AGES = "/opt/fines/host/bin/backup-ages"
_LOCK = {'session.ask(f"SELECT pg_advisory_lock({LOCK})")': 'session.ask("SELECT 1")'}


def _on_all(subject: Subject, stack: ExitStack, changes: dict[str, str]) -> None:
    for host in subject.hosts:
        stack.enter_context(edited(host, _SEND, changes))


@breaks(
    the_dump_of_the_night_is_made_by_one_machine_though_all_begin_at_the_same_moment,
    says="2 of 2 machines made the dump of the night",
    again=True,
)
def nothing_keeps_the_machines_from_dumping_together(subject: Subject) -> Iterator[None]:
    with ExitStack() as stack:
        _on_all(subject, stack, _LOCK)
        yield


@breaks(
    a_machine_that_dies_half_way_through_the_dump_leaves_it_to_another,
    says="had not taken over",
    TAKEN_OVER_SECONDS=45,
)
def the_database_waits_for_a_dead_machine_as_long_as_its_system_does(subject: Subject) -> Iterator[None]:
    with ExitStack() as stack:
        _on_all(
            subject, stack, {'IMPATIENT = "-c tcp_keepalives_idle=10 -c': 'IMPATIENT = "-c tcp_keepalives_idle=7200 -c'}
        )
        yield


@breaks(
    a_machine_adds_dumps_and_can_neither_write_over_one_nor_delete_one,
    says="a machine was not refused to write over it: ",
    again=True,
)
def the_role_of_the_dumps_may_write_without_a_condition(subject: Subject) -> Iterator[None]:
    (role,) = [role for role in roles_of(subject) if "DumpsRole" in role.name]

    def without(statements: list[dict[str, object]]) -> list[dict[str, object]]:
        return [{key: value for key, value in each.items() if key != "Condition"} for each in statements]

    key, s3 = newest(subject), subject.tier.client("s3")
    before = {each["VersionId"] for each in versions(subject, key)}
    with other_statements(subject, role, without):
        yield
    for id in {each["VersionId"] for each in versions(subject, key)} - before:
        s3.delete_object(Bucket=subject.backup_bucket, Key=key, VersionId=id)


@breaks(
    the_newest_dump_is_restored_elsewhere_and_compared_and_the_age_of_the_proven_one_is_in_cloudwatch,
    says="these tables differ",
)
def the_dump_leaves_the_fines_out(subject: Subject) -> Iterator[None]:
    with edited(
        subject.host,
        _SEND,
        {'"--format=custom", ': '"--format=custom", "--exclude-table-data=infracciones_infraccion", '},
    ):
        yield


@breaks(
    the_newest_dump_is_restored_elsewhere_and_compared_and_the_age_of_the_proven_one_is_in_cloudwatch,
    says="could not be restored",
)
def a_dump_that_ended_early_passes_for_a_whole_one(subject: Subject) -> Iterator[None]:
    early = {
        "while block := stream.read(PART):": "while (block := stream.read(5000)) and not number:",
        "if dump.returncode:": "if False:",
    }
    with edited(subject.host, _SEND, early):
        yield


@breaks(
    the_newest_dump_is_restored_elsewhere_and_compared_and_the_age_of_the_proven_one_is_in_cloudwatch,
    says="the drill compared too little: ",
)
def the_drill_compares_nothing(subject: Subject) -> Iterator[None]:
    found, compared = '> "$drill/found"\n', '> "$drill/found"\n: > "$drill/found"; : > "$drill/expected"\n'
    with edited(subject.host, _DRILL, {found: compared}):
        yield


@breaks(
    the_newest_dump_is_restored_elsewhere_and_compared_and_the_age_of_the_proven_one_is_in_cloudwatch,
    says="CloudWatch has no age of a proven dump below an hour, but []",
    HEARD_SECONDS=12,
)
def the_age_of_the_proven_dump_is_not_sent(subject: Subject) -> Iterator[None]:
    with ExitStack() as stack:
        for host in subject.hosts:
            stack.enter_context(edited(host, _AGES, {"age ProvenBackupAgeSeconds": "age ProvenBackupAge"}))
        yield
