"""What the account may have, what it has, and what the tier needs besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from operate.finding import Finding, ok, stops, warning
from operate.needs import needs_of
from operate.subject import Subject
from operate.trouble import code_of, explain

# Quotas of running on-demand instances, in vCPUs, by the letters an instance type begins with.
_STANDARD = "L-1216C47A"  # A, C, D, H, I, M, R, T, Z
_FAMILIES = {
    "dl": "L-6E869C2A",
    "f": "L-74FC7D96",
    "g": "L-DB2E81BA",
    "gr": "L-DB2E81BA",
    "hpc": "L-F7808C92",
    "inf": "L-1945791B",
    "p": "L-417A185B",
    "trn": "L-2C3B7624",
    "u": "L-43DA4232",
    "vt": "L-DB2E81BA",
    "x": "L-7295265B",
}
_GIB_A_TIB = 1024


@dataclass(frozen=True)
class Quota:
    """One of Service Quotas' figures, how much of it is used, and how much more will be; all in its own unit."""

    what: str
    service: str
    code: str
    needed: Callable[[Subject], float]
    used: Callable[[Subject], float]
    at_most: Callable[[Subject], float] = lambda subject: 0  # that may be needed later, when demand asks for it


def quotas(subject: Subject) -> Iterator[Finding]:
    for quota in _of(subject):
        try:
            yield _compare(subject, quota)
        except (BotoCoreError, ClientError) as error:
            yield explain(f"quota: {quota.what}", error)


def family_quota(instance_type: str) -> str:
    """The code of the quota that an instance type's vCPUs count against."""
    found = re.match(r"[a-z]+", instance_type)
    return _FAMILIES.get(found[0] if found else "", _STANDARD)


def _of(subject: Subject) -> list[Quota]:
    needs = needs_of(subject.settings)
    deployed = subject.deployed()
    # one that serves has its own already, and replaces its host in place
    first = deployed is None or not deployed.serves
    type = subject.settings.instance_type

    def at_first(figure: float) -> Callable[[Subject], float]:
        return lambda subject: figure if first else 0

    def vcpus(machines: int) -> Callable[[Subject], float]:
        return lambda subject: _vcpus(subject, [type])[type] * machines if first else 0

    def storage(subject: Subject) -> float:
        """A later deployment may make a volume of its own too, by a higher generation."""
        return needs.gp3_gib / _GIB_A_TIB

    return [
        Quota("Elastic IP addresses", "ec2", "L-0263D0A3", at_first(needs.addresses), _addresses),
        Quota("VPCs", "vpc", "L-F678F1CE", at_first(needs.networks), _networks),
        Quota("internet gateways", "vpc", "L-A4707A72", at_first(needs.networks), _gateways),
        Quota(
            f"running vCPUs like {type}",
            "ec2",
            family_quota(type),
            vcpus(needs.machines),
            _running,
            vcpus(needs.machines_at_most),
        ),
        Quota("gp3 storage, TiB", "ebs", "L-7A658B76", storage, _gp3),
        *(
            [
                Quota(
                    "application load balancers",
                    "elasticloadbalancing",
                    "L-53DA6B97",
                    at_first(needs.balancers),
                    _balancers,
                ),
                Quota("database instances", "rds", "L-7B6409FD", at_first(needs.databases), _databases),
            ]
            if needs.balancers
            else []
        ),
    ]


def _compare(subject: Subject, quota: Quota) -> Finding:
    name = f"quota: {quota.what}"
    allowed, used, needed = _allowed(subject, quota), quota.used(subject), quota.needed(subject)
    most = max(quota.at_most(subject), needed)
    seen = f"{_figure(used)} of {_figure(allowed)} in use, {_figure(needed)} more needed"
    if most > needed:
        seen += f", up to {_figure(most)} at the greatest demand"
    if used + most <= allowed:
        return ok(name, seen)
    return (stops if used + needed > allowed else warning)(
        name,
        seen,
        f"aws service-quotas request-service-quota-increase --region {subject.region} --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {_whole(used + most)}, or remove what is not used",
    )


def _allowed(subject: Subject, quota: Quota) -> float:
    client = subject.account.client("service-quotas")
    key = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        return float(client.get_service_quota(**key)["Quota"]["Value"])
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
    return float(client.get_aws_default_service_quota(**key)["Quota"]["Value"])


def _addresses(subject: Subject) -> float:
    return len(subject.account.client("ec2").describe_addresses()["Addresses"])


def _networks(subject: Subject) -> float:
    return sum(len(page["Vpcs"]) for page in subject.account.client("ec2").get_paginator("describe_vpcs").paginate())


def _gateways(subject: Subject) -> float:
    pages = subject.account.client("ec2").get_paginator("describe_internet_gateways").paginate()
    return sum(len(page["InternetGateways"]) for page in pages)


def _running(subject: Subject) -> float:
    """vCPUs of the running on-demand instances that count against the same quota."""
    pages = (
        subject.account.client("ec2")
        .get_paginator("describe_instances")
        .paginate(Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}])
    )
    quota = family_quota(subject.settings.instance_type)
    types = [
        str(instance["InstanceType"])
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if instance.get("InstanceLifecycle") != "spot" and family_quota(instance["InstanceType"]) == quota
    ]
    vcpus = _vcpus(subject, sorted(set(types)))
    return sum(vcpus[type] for type in types)


def _vcpus(subject: Subject, types: list[str]) -> dict[str, int]:
    if not types:
        return {}
    answer = subject.account.client("ec2").describe_instance_types(InstanceTypes=types)
    return {str(found["InstanceType"]): int(found["VCpuInfo"]["DefaultVCpus"]) for found in answer["InstanceTypes"]}


def _gp3(subject: Subject) -> float:
    pages = (
        subject.account.client("ec2")
        .get_paginator("describe_volumes")
        .paginate(Filters=[{"Name": "volume-type", "Values": ["gp3"]}])
    )
    return sum(int(volume["Size"]) for page in pages for volume in page["Volumes"]) / _GIB_A_TIB


def _balancers(subject: Subject) -> float:
    pages = subject.account.client("elbv2").get_paginator("describe_load_balancers").paginate()
    return len([each for page in pages for each in page["LoadBalancers"] if each["Type"] == "application"])


def _databases(subject: Subject) -> float:
    pages = subject.account.client("rds").get_paginator("describe_db_instances").paginate()
    return sum(len(page["DBInstances"]) for page in pages)


def _figure(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _whole(value: float) -> int:
    return -int(-value // 1)
