"""Deployments that replace the host: given up when the new one does not boot, and losing nothing when it does."""

from __future__ import annotations

import json
import time
from pathlib import Path

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.single.certificates import await_issued
from rehearsal.checks.variant import deploy, project, variant
from rehearsal.cloud.events import SIGNALLED

_FAULT = "this step does not work"


def _no_boot(subject: Subject) -> Path:
    def change(copy: Path) -> None:
        step = copy / "stacks/host/steps/address"
        step.write_text(f"#!/bin/bash\necho {_FAULT}\nexit 1\n")

    return variant(subject, "no-boot", change)


@check("single", ahead=_no_boot)
def host_files_that_do_not_boot_fail_the_deployment_and_the_old_ones_come_back(subject: Subject) -> str:
    assembly = subject.made(_no_boot)
    people, before = People.make(subject, officers=2, owners=2), subject.host
    with Load(people, officers=2, fines=20) as load:
        load.join()
    began = time.monotonic()
    try:
        deploy(subject, assembly, log="deploy-no-boot")
    except CdkError:
        seconds = time.monotonic() - began
    else:
        raise CheckError("the deployment of host files that do not boot said that it succeeded")
    host = subject.host
    if host.id == before.id:
        raise CheckError(f"{before.id} was not replaced: the new host files were never tried")
    if _FAULT in host.run("cat", "/opt/fines/host/steps/address").stdout:
        raise CheckError("the host has the files that do not boot")
    must_be_there_once(load.ledger, people, subject)
    said = _last_failure(subject)
    if _FAULT not in said:
        raise CheckError(f"no machine kept the reason where an operator looks: {said[-300:]}")
    return f"failed and rolled back in {seconds:.0f} s; {host.id} serves with the old files"


@check("single")
def a_larger_instance_type_keeps_the_data_although_the_authority_is_away(subject: Subject) -> str:
    volume = volume_of(subject)
    people, before = People.make(subject, officers=4, owners=3), subject.host
    with Load(people, officers=4, fines=40) as load:
        load.join()
    larger, copy = _larger(_type(subject)), project(subject, "larger")
    # Without a certificate the new host asks for one at once, of an authority that takes the call and never answers.
    # The old host must not ask any more: a try that ends with it would let the new one wait for a quarter of an hour.
    before.run("systemctl", "stop", "fines-certificate.timer", "fines-certificate.service")
    before.run("rm", "-rf", "/srv/fines/certificates", "/srv/fines/letsencrypt")
    with subject.tier.acme.away():
        began = time.monotonic()
        as_operator(subject, "Scale up", copy, log="deploy-larger", TYPE=larger)
        seconds = time.monotonic() - began
    subject.context["instance_type"] = larger
    host = subject.host
    if host.id == before.id or _type(subject) != larger:
        raise CheckError(f"{host.id} is a {_type(subject)}, {before.id} was to be replaced by a {larger}")
    if (now := volume_of(subject)) != volume or (holder := address_holder(subject)) != host.id:
        raise CheckError(f"{host.id} has the volume {now}, it was {volume}; the address is of {holder}")
    must_be_there_once(load.ledger, people, subject)
    _asked_after_serving(subject)
    host.run("systemctl", "is-active", "fines-certificate.timer")
    host.run(
        "systemctl", "start", "--no-block", "fines-certificate.service"
    )  # its timer would see to it within a minute
    await_issued(subject)
    return f"{before.id} to {host.id}, a {_type(subject)}, in {seconds:.0f} s; the certificate came once the authority was back"


def _asked_after_serving(subject: Subject) -> None:
    """The host says that it serves before it asks for a certificate: an authority that is away delays nobody."""
    host = subject.host
    served = subject.tier.events.moment(host.id, SIGNALLED)
    lines = host.run("journalctl", "--quiet", "--output", "json", "--unit", "fines-certificate.service").stdout
    asked = [int(json.loads(line)["__REALTIME_TIMESTAMP"]) / 1e6 for line in lines.splitlines()]
    if asked and asked[0] < served:
        raise CheckError(f"the host asked for a certificate {served - asked[0]:.0f} s before it said that it serves")


def _last_failure(subject: Subject) -> str:
    """The message of the day of the machine that was launched before the present one."""
    machines = sorted(subject.tier.run.machines.glob("i-*"), key=lambda home: (home / "machine.json").stat().st_mtime)
    motd = machines[-2] / "upper/etc/motd"
    return motd.read_text() if motd.exists() else ""


def _type(subject: Subject) -> str:
    return str(subject.instance["InstanceType"])


def _larger(type: str) -> str:
    family, _, size = type.partition(".")
    sizes = ["nano", "micro", "small", "medium", "large", "xlarge"]
    return f"{family}.{sizes[sizes.index(size) + 1]}"


def address_holder(subject: Subject) -> str:
    """The instance that EC2 says has the stack's address."""
    (found,) = subject.tier.client("ec2").describe_addresses(PublicIps=[subject.address])["Addresses"]
    return str(found.get("InstanceId", "nobody"))


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
