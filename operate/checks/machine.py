"""Whether the machine that the settings name can be had: its type in its zone, and its image for its processor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from operate.checks.credentials import zones_of
from operate.finding import Finding, ok, stops, warning
from operate.images import latest_parameter
from operate.needs import ROOT_DISK_GIB
from operate.subject import Subject
from operate.trouble import code_of
from stacks.settings import Tier

_ROOT_DEVICE = "/dev/xvda"  # what the launch template sizes and encrypts


def instance_type(subject: Subject) -> Iterator[Finding]:
    name, cpu = subject.settings.instance_type, subject.settings.cpu
    ec2 = subject.account.client("ec2")
    try:
        (found,) = ec2.describe_instance_types(InstanceTypes=[name])["InstanceTypes"]
    except ClientError as error:
        if code_of(error) not in ("InvalidInstanceType", "InvalidParameterValue"):
            raise
        yield stops(
            "instance type",
            f"{subject.region} has no {name}",
            f"aws ec2 describe-instance-types --region {subject.region} --filters Name=processor-info.supported-architecture,"
            f"Values={cpu} --query InstanceTypes[].InstanceType; then -c instance_type=TYPE",
        )
        return
    architectures = found["ProcessorInfo"]["SupportedArchitectures"]
    if cpu not in architectures:
        yield stops(
            "instance type",
            f"{name} is {', '.join(architectures)}, and cpu={cpu}",
            subject.cdk("deploy", cpu="arm64" if "arm64" in architectures else "x86_64"),
        )
        return
    offers = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": [name]}]
    )["InstanceTypeOfferings"]
    offering = sorted(str(offer["Location"]) for offer in offers)
    zones = zones_of(subject)
    if subject.settings.tier is not Tier.SINGLE:
        wanted = zones[: subject.settings.zones]
        if lacking := [each for each in wanted if each not in offering]:
            yield stops(
                "instance type",
                f"{', '.join(lacking)} has no {name}; there is one in {', '.join(offering) or 'no zone'}",
                "choose another: -c instance_type=TYPE",
            )
        else:
            yield ok("instance type", f"{name} ({cpu}) is to be had in {', '.join(wanted)}")
        return
    zone = zones[subject.settings.zone] if subject.settings.zone < len(zones) else f"number {subject.settings.zone}"
    if zone not in offering:
        others = [str(number) for number, other in enumerate(zones[:2]) if other in offering]
        yield stops(
            "instance type",
            f"the zone {zone} has no {name}; there is one in {', '.join(offering) or 'no zone'}",
            subject.cdk("deploy", zone=others[0]) if others else "choose another: -c instance_type=TYPE",
        )
    else:
        yield ok("instance type", f"{name} ({cpu}) is to be had in {zone}")


def machine_image(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    named = settings.machine_image or latest_parameter(settings.cpu)
    image_id = named
    if named.startswith("/"):
        try:
            image_id = str(subject.account.client("ssm").get_parameter(Name=named)["Parameter"]["Value"])
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise
            yield stops("machine image", f"the parameter {named} does not exist in {subject.region}", _OFFERS)
            return
    image = _image(subject, image_id)
    if image is None:
        yield stops("machine image", f"{subject.region} has no image {image_id} for this account", _OFFERS)
        return
    label = f"{image_id} ({image.get('Name', 'no name')})"
    root = image.get("RootDeviceName", "")
    sizes = [
        int(mapping["Ebs"].get("VolumeSize", 0))
        for mapping in image.get("BlockDeviceMappings", [])
        if mapping.get("DeviceName") == root and "Ebs" in mapping
    ]
    if image.get("State") != "available":
        yield stops("machine image", f"{label} is {image.get('State')}", _OFFERS)
    elif image["Architecture"] != settings.cpu:
        yield stops(
            "machine image",
            f"{label} is for {image['Architecture']}, and cpu={settings.cpu}",
            f"{_OFFERS}, or -c cpu={image['Architecture']}",
        )
    elif root != _ROOT_DEVICE or max(sizes, default=0) > ROOT_DISK_GIB:
        yield stops(
            "machine image",
            f"{label} has a root disk {root} of {max(sizes, default=0)} GiB: the host wants {_ROOT_DEVICE} of at most {ROOT_DISK_GIB}",
            f"{_OFFERS} of Debian's own",
        )
    elif (end := image.get("DeprecationTime")) and datetime.fromisoformat(end.replace("Z", "+00:00")) < datetime.now(
        UTC
    ):
        yield warning("machine image", f"{label} was given up by its makers on {end[:10]}", _OFFERS)
    else:
        yield ok(
            "machine image",
            label if settings.machine_image else f"{label}, today's newest; each deployment may find a newer one",
        )


_OFFERS = "choose one that make upgrade-check offers"


def _image(subject: Subject, image_id: str) -> dict[str, Any] | None:
    try:
        images = subject.account.client("ec2").describe_images(ImageIds=[image_id], IncludeDeprecated=True)["Images"]
    except ClientError as error:
        if code_of(error) in ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidAMIID.Malformed"):
            return None
        raise
    return images[0] if images else None
