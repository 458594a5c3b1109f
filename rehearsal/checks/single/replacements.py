"""Deployments that replace the host: given up when the new one does not boot, and losing nothing when it does."""

from __future__ import annotations

import time
from pathlib import Path

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.single.certificates import await_issued
from rehearsal.checks.single.volumes import volume_of
from rehearsal.checks.variant import project
from rehearsal.cloud.events import LAUNCHED, SIGNALLED
from rehearsal.machines.machine import Machine

_FAULT = "this step does not work"
_NEW_IMAGE = "ami-0deb1a00000000014"  # another of the same root file system: the rehearsal has one
# Another boot of this rehearsal, with what machines differ by: less than a program waits for somebody who does not answer.
_MOST_TIMES, _MOST_MORE = 1.25, 25.0
_ASKS_SECONDS = 90
_LET_GO = "PostgreSQL is stopped, the volume is unmounted and let go"


@check("single")
def host_files_that_do_not_boot_fail_the_deployment_and_the_old_ones_come_back(subject: Subject) -> str:
    def change(copy: Path) -> None:
        step = copy / "stacks/host/steps/address"
        step.write_text(f"#!/bin/bash\necho {_FAULT}\nexit 1\n")

    people, before, image = People.make(subject, officers=2, owners=2), subject.host, subject.instance["ImageId"]
    with Load(people, officers=2, fines=20) as load:
        load.join()
    copy = project(subject, "no-boot", change)
    began = time.monotonic()
    try:
        as_operator(subject, "A new machine image", copy, log="deploy-no-boot", IMAGE=_NEW_IMAGE)
    except CdkError:
        seconds = time.monotonic() - began
    else:
        raise CheckError("the deployment of host files that do not boot said that it succeeded")
    host = subject.host
    if host.id == before.id:
        raise CheckError(f"{before.id} was not replaced: the new host files were never tried")
    if _FAULT in host.run("cat", "/opt/fines/host/steps/address").stdout:
        raise CheckError("the host has the files that do not boot")
    failed, said = _last_failure(subject)
    tried, back = _image(subject, failed), _image(subject, host.id)
    if (tried, back) != (_NEW_IMAGE, image):
        raise CheckError(f"{failed} was made of {tried} and {host.id} of {back}, not of {_NEW_IMAGE} and {image} again")
    must_be_there_once(load.ledger, people, subject)
    if _FAULT not in said:
        raise CheckError(f"no machine kept the reason where an operator looks: {said[-300:]}")
    return f"failed and rolled back in {seconds:.0f} s; {host.id} serves with the old files and the old machine image"


@check("single")
def a_larger_instance_type_keeps_the_data_although_the_authority_is_away(subject: Subject) -> str:
    volume = volume_of(subject)
    people, before = People.make(subject, officers=4, owners=3), subject.host
    with Load(people, officers=4, fines=40) as load:
        load.join()
    subject.context["report_needs_token"] = True  # a value of the host's env file, which a new host alone follows
    larger, copy = _larger(_type(subject)), project(subject, "larger")
    # Without a certificate the new host asks for one at once, of an authority that takes the call and never answers.
    # The old host must not ask any more: a try that ends with it would let the new one wait for a quarter of an hour.
    _ask_no_more(before)
    before.run("rm", "-rf", "/srv/fines/certificates", "/srv/fines/letsencrypt")
    with subject.tier.acme.away() as asked:
        began = time.monotonic()
        as_operator(subject, "Scale up", copy, log="deploy-larger", TYPE=larger)
        seconds = time.monotonic() - began
        subject.context["instance_type"] = larger
        host = subject.host
        boot, usual = (subject.tier.events.seconds(id, LAUNCHED, SIGNALLED) for id in (host.id, before.id))
        if boot > _MOST_TIMES * usual + _MOST_MORE:
            raise CheckError(
                f"{host.id} took {boot:.0f} s to boot while the authority was away, {before.id} {usual:.0f} s"
            )
        _serves_while_it_asks(host, people)
    if host.id == before.id or _type(subject) != larger:
        raise CheckError(f"{host.id} is a {_type(subject)}, {before.id} was to be replaced by a {larger}")
    if _LET_GO not in (said := before.journal(lines=400, unit="fines-terminate.service")):
        raise CheckError(f"{before.id} did not say «{_LET_GO}» before it ended: {said[-300:]}")
    now, holder = volume_of(subject), address_holder(subject)
    if now != volume or holder != host.id:
        raise CheckError(f"{host.id} has the volume {now}, it was {volume}; the address is of {holder}")
    must_be_there_once(load.ledger, people, subject)
    subject.kept.append((people, load.ledger))
    _must_ask_for_a_token(people)
    _asked_after_serving(subject, asked)
    host.run("systemctl", "is-active", "fines-certificate.timer")
    # The try that never ended would keep the next one waiting for a quarter of an hour; its timer would see to that within a minute.
    _ask_no_more(host)
    host.run("rm", "-f", "/srv/fines/letsencrypt/tried")
    host.run("systemctl", "start", "--no-block", "fines-certificate.timer", "fines-certificate.service")
    await_issued(subject)
    return (
        f"{before.id} to {host.id}, a {_type(subject)}, whose reports ask for a token, in {seconds:.0f} s; it booted in {boot:.0f} s, "
        f"the other in {usual:.0f} s; it served while it asked an authority that did not answer, and the certificate came once that was back"
    )


def _must_ask_for_a_token(people: People) -> None:
    """The setting that was changed beside the type holds: who shows no token gets no report."""
    with people.client() as client:
        words = {"correo": people.owners[0]}
        stranger = client.get("/generar_informe", params=words).status_code
        officer = client.get("/generar_informe", params=words, headers=people.reader).status_code
    if (stranger, officer) != (401, 200):
        raise CheckError(f"with report_needs_token a stranger's report was answered {stranger}, an officer's {officer}")


def _serves_while_it_asks(host: Machine, people: People) -> None:
    """Waits until the host has asked for a certificate, as its timer has it do each minute; it serves meanwhile."""
    deadline = time.monotonic() + _ASKS_SECONDS
    while "asking" not in host.run("journalctl", "--quiet", "--unit", "fines-certificate.service").stdout:
        if time.monotonic() > deadline:
            raise CheckError(f"{host.id} asked nobody for a certificate within {_ASKS_SECONDS} s")
        host.run("systemctl", "start", "--no-block", "fines-certificate.service")
        time.sleep(1)
    host.run("pgrep", "--full", "certbot certonly")  # which waits for its answer
    with people.client() as client:
        if (status := client.get("/readyz").status_code) != 200:
            raise CheckError(f"while it waits for its certificate {host.id} answers {status}")


def _ask_no_more(host: Machine) -> None:
    """The timer first: what it starts would cancel the end of its service."""
    for unit in ("fines-certificate.timer", "fines-certificate.service"):
        host.run("systemctl", "stop", unit)


def _asked_after_serving(subject: Subject, asked: list[float]) -> None:
    """The host says that it serves before it asks the authority anything: one that is away delays nobody."""
    host = subject.host
    served = subject.tier.events.moment(host.id, SIGNALLED)
    if not asked:
        raise CheckError("nobody was seen to ask the authority, which the host did: the check proves nothing")
    if asked[0] < served:
        raise CheckError(f"the authority was asked {served - asked[0]:.0f} s before {host.id} said that it serves")


def _last_failure(subject: Subject) -> tuple[str, str]:
    """The machine that was launched before the present one, and its message of the day."""
    machines = sorted(subject.tier.run.machines.glob("i-*"), key=lambda home: (home / "machine.json").stat().st_mtime)
    motd = machines[-2] / "upper/etc/motd"
    return machines[-2].name, motd.read_text() if motd.exists() else ""


def _image(subject: Subject, machine: str) -> str:
    """The machine image that EC2 made a machine of, which may have ended since."""
    reservations = subject.tier.client("ec2").describe_instances(InstanceIds=[machine])["Reservations"]
    return str(reservations[0]["Instances"][0]["ImageId"])


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
