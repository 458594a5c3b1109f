"""The data volume that a host has, and another one in its place."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.variant import project


def volume_of(subject: Subject) -> str:
    """The data volume that the present host was told of, and has attached."""
    told = present_volume(subject)
    volume = subject.tier.client("ec2").describe_volumes(VolumeIds=[told])["Volumes"][0]
    if [attachment["InstanceId"] for attachment in volume["Attachments"]] != [subject.host.id]:
        raise CheckError(f"the volume {told} hangs on {volume['Attachments']}, not on {subject.host.id}")
    return told


def present_volume(subject: Subject) -> str:
    """The id of the data volume that the present host was told of."""
    given = subject.host.run("sed", "-n", "s/^FINES_VOLUME_ID='\\(.*\\)'$/\\1/p", "/etc/fines/boot.env")
    return given.stdout.strip()


def zone_of(subject: Subject) -> str:
    """The availability zone of the present host."""
    return str(subject.instance["Placement"]["AvailabilityZone"])


def next_generation(subject: Subject) -> str:
    """The number of the data volume after the present one, as the setting `data_volume_generation` takes it."""
    return str(int(str(subject.context.get("data_volume_generation", 1))) + 1)


def come_back(subject: Subject, page: str, *, restore: str, zone: int | None = None) -> None:
    """Types a page of the runbook: a new volume that is filled from the backups; what is deployed later keeps to it.

    `zone` is what the page says besides.
    """
    generation = next_generation(subject)
    subject.context.pop("data_volume_snapshot", None)  # as the page says
    copy = project(subject, f"generation-{generation}")
    as_operator(subject, page, copy, log=f"deploy-generation-{generation}", NEXT=generation, TIME=restore)
    key = f"filled/{present_volume(subject)}"
    if not subject.tier.client("s3").list_objects_v2(Bucket=subject.backup_bucket, Prefix=key)["KeyCount"]:
        raise CheckError(f"the bucket does not say that the volume was filled: it has no {key}")
    subject.context |= {"data_volume_generation": generation, "restore": restore} | (
        {} if zone is None else {"zone": zone}
    )
