"""Deployments that say too much, and a setting that nothing follows."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import BreakError, breaks
from rehearsal.breaks.cloud import first_deployment_again
from rehearsal.breaks.host import read, shell
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.replacements import (
    a_larger_instance_type_keeps_the_data_although_the_authority_is_away,
    host_files_that_do_not_boot_fail_the_deployment_and_the_old_ones_come_back,
)


@breaks(
    host_files_that_do_not_boot_fail_the_deployment_and_the_old_ones_come_back,
    says="the deployment of host files that do not boot said that it succeeded",
)
def the_group_keeps_to_the_first_version_of_its_template(subject: Subject) -> Iterator[None]:
    version = "version=template.latest_version_number"
    with (
        first_deployment_again(subject),
        changed(subject, "stacks/parts/machine.py", {version: 'version="1"'}),
    ):
        yield


@breaks(
    a_larger_instance_type_keeps_the_data_although_the_authority_is_away,
    says="the volume is unmounted and let go» before it ended",
    lasting=1,
)
def the_host_ends_without_letting_go_of_its_volume(subject: Subject) -> Iterator[None]:
    shell(subject.host, "sed -i 's/^  if systemctl stop fines-data.service/  if false/' /opt/fines/host/bin/terminate")
    if "  if false &&" not in read(subject.host, "/opt/fines/host/bin/terminate"):
        raise BreakError("the host's end lets go of its volume still: the break must be brought up to date")
    yield  # the host that comes has the files as they were


@breaks(
    a_larger_instance_type_keeps_the_data_although_the_authority_is_away,
    says="was to be replaced by a",
)
def the_instance_type_is_written_into_the_stack(subject: Subject) -> Iterator[None]:
    host, setting = subject.host, "instance_type=settings.instance_type"
    reservations = subject.tier.client("ec2").describe_instances(InstanceIds=[host.id])["Reservations"]
    type = reservations[0]["Instances"][0]["InstanceType"]
    with changed(subject, "stacks/single.py", {setting: f"instance_type={type!r}"}):
        yield
    subject.context.pop("instance_type", None)
    # the check took the certificate away, to see it come back on another host
    shell(
        subject.host,
        "/opt/fines/host/steps/web && systemctl start fines-certificate.timer fines-certificate.service",
        timeout=120,
    )


@breaks(
    a_larger_instance_type_keeps_the_data_although_the_authority_is_away,
    says="has the volume",
    lasting=2,  # the fines of before lie on the volume that the host had
)
def a_larger_host_begins_with_a_volume_of_its_own(subject: Subject) -> Iterator[None]:
    kept = "generation=settings.data_volume_generation,"
    anew = kept.replace("settings.data_volume_generation", "settings.data_volume_generation + 1")
    subject.context["restore"] = "latest"
    with changed(subject, "stacks/single.py", {kept: anew}):
        yield
    subject.context["data_volume_generation"] = str(int(str(subject.context.get("data_volume_generation", 1))) + 1)


@breaks(
    a_larger_instance_type_keeps_the_data_although_the_authority_is_away,
    says="the authority was asked",
    lasting=1,  # the host keeps these files, and the next deployment would replace it
)
def the_boot_asks_the_authority_for_two_seconds_before_it_serves(subject: Subject) -> Iterator[None]:
    line = '"$HOST_FILES/bin/release" apply'
    first = f'curl --silent --output /dev/null --max-time 2 "$FINES_ACME_DIRECTORY" || true\n{line}'
    with changed(subject, "stacks/host/steps/release", {line: first}):
        yield
    shell(subject.host, "systemctl start fines-certificate.timer", timeout=120)
