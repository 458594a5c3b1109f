"""Who deploys, and where to."""

from __future__ import annotations

from collections.abc import Iterator

from operate.finding import Finding, ok, stops
from operate.subject import Subject
from stacks.settings import Tier


def credentials(subject: Subject) -> Iterator[Finding]:
    caller = subject.account.client("sts").get_caller_identity()
    who, account = str(caller["Arn"]), str(caller["Account"])
    if who.endswith(":root"):
        yield stops(
            "credentials",
            f"you are the root user of account {account}, which cannot take the roles that the CDK deploys with",
            "make a user or a permission set of IAM Identity Center, and: aws configure sso; export AWS_PROFILE=NAME",
        )
    else:
        yield ok("credentials", f"account {account}, as {who.rpartition(':')[2]}")


def region(subject: Subject) -> Iterator[Finding]:
    """Whether the account may use the region, and the region answers."""
    name = subject.region
    answer = subject.account.client("ec2", region=_home(name)).describe_regions(
        AllRegions=True, Filters=[{"Name": "region-name", "Values": [name]}]
    )
    known = [found for found in answer["Regions"] if found["RegionName"] == name]
    if not known:
        yield stops(
            "region",
            f"AWS has no region {name}",
            "choose one of: aws ec2 describe-regions --query Regions[].RegionName",
        )
    elif known[0].get("OptInStatus") == "not-opted-in":
        yield stops(
            "region",
            f"{name} is not enabled in this account",
            f"aws account enable-region --region-name {name}, then wait some minutes",
        )
    else:
        zones = zones_of(subject)
        settings = subject.settings
        if settings.tier is not Tier.SINGLE:
            if len(zones) < settings.zones:
                yield stops(
                    "region",
                    f"{name} has {len(zones)} zones, and zones={settings.zones}",
                    subject.cdk("deploy", zones=str(len(zones))),
                )
            else:
                yield ok(
                    "region", f"{name} is enabled and answers; the zones will be {', '.join(zones[: settings.zones])}"
                )
        elif len(zones) <= subject.settings.zone:
            yield stops(
                "region",
                f"{name} has no zone number {subject.settings.zone}: {', '.join(zones) or 'none'}",
                subject.cdk("deploy", zone="0"),
            )
        else:
            yield ok("region", f"{name} is enabled and answers; the host's zone will be {zones[subject.settings.zone]}")


def zones_of(subject: Subject) -> list[str]:
    """The zones as Fn::GetAZs gives them: those with a default subnet, or all where no zone has one."""
    ec2 = subject.account.client("ec2")
    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    if preferred := sorted({str(subnet["AvailabilityZone"]) for subnet in subnets}):
        return preferred
    answer = ec2.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])
    return sorted(str(zone["ZoneName"]) for zone in answer["AvailabilityZones"] if zone["State"] == "available")


def _home(region: str) -> str:
    """A region of the same partition that is always enabled: one that is not answers nobody."""
    match region.split("-"):
        case ["cn", *_]:
            return "cn-north-1"
        case ["us", "gov", *_]:
            return "us-gov-west-1"
    return "us-east-1"
