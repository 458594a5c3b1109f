"""The hosted zone that a tier behind a load balancer takes its name from, and the certificate that the zone proves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from operate.finding import Finding, ok, stops, warning
from operate.subject import Subject
from operate.trouble import code_of

_MAKE = "cdk deploy --app 'python zone.py' -c hosted_zone_name={name} makes one, and prints its id"


def hosted_zone(subject: Subject) -> Iterator[Finding]:
    """Whether there is such a zone, whether its name leads to it, and whether the service's name is free in it."""
    settings = subject.settings
    zone = _zone(subject)
    if zone is None:
        yield stops(
            "hosted zone",
            f"this account has no hosted zone {settings.hosted_zone_id}",
            f"aws route53 list-hosted-zones; {_MAKE.format(name=settings.hosted_zone_name)}",
        )
        return
    name = zone["HostedZone"]["Name"].rstrip(".")
    if name != settings.hosted_zone_name:
        yield stops(
            "hosted zone",
            f"{settings.hosted_zone_id} is the zone of {name}, and hosted_zone_name={settings.hosted_zone_name}",
            subject.cdk("deploy", hosted_zone_name=name),
        )
        return
    if zone["HostedZone"].get("Config", {}).get("PrivateZone"):
        yield stops("hosted zone", f"the zone {name} is private: nobody outside finds it", _MAKE.format(name=name))
        return
    yield _delegation(
        subject, name, frozenset(each.lower().rstrip(".") for each in zone["DelegationSet"]["NameServers"])
    )
    yield _record(subject)


def certificate(subject: Subject) -> Iterator[Finding]:
    """Whether the certificate that is named can be shown to who asks for the domain."""
    arn, domain = subject.settings.certificate_arn, subject.settings.domain
    if not arn:
        yield ok("certificate", "a new one, which the hosted zone proves")
        return
    home = arn.split(":")[3]
    if home != subject.region:
        yield stops(
            "certificate",
            f"it is of {home}, and a load balancer of {subject.region} takes its own region's alone",
            f"aws acm request-certificate --region {subject.region} --domain-name {domain} --validation-method DNS",
        )
        return
    try:
        found = subject.account.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if code_of(error) not in ("ResourceNotFoundException", "InvalidArnException"):
            raise
        yield stops("certificate", f"there is no {arn}", f"aws acm list-certificates --region {subject.region}")
        return
    names = [found["DomainName"], *found.get("SubjectAlternativeNames", [])]
    if not any(_covers(name, domain) for name in names):
        yield stops(
            "certificate",
            f"it is for {', '.join(dict.fromkeys(names))}, not for {domain}",
            f"aws acm request-certificate --region {subject.region} --domain-name {domain} --validation-method DNS",
        )
    elif found["Status"] != "ISSUED":
        yield stops(
            "certificate",
            f"it is {found['Status']}",
            f"aws acm describe-certificate --region {subject.region} --certificate-arn {arn}: enter its validation record where the "
            "name is served",
        )
    else:
        yield ok("certificate", f"{found['DomainName']}, issued")


def _zone(subject: Subject) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = subject.account.client("route53").get_hosted_zone(Id=subject.settings.hosted_zone_id)
    except ClientError as error:
        if code_of(error) != "NoSuchHostedZone":
            raise
        return None
    return found


def _delegation(subject: Subject, name: str, wanted: frozenset[str]) -> Finding:
    """A certificate that the zone is to prove waits for as long as nobody finds the zone; one that is there does not."""
    if subject.settings.domain_is_reserved:
        return warning(
            "hosted zone",
            f"{name} is reserved for examples: nobody can delegate it, and no certificate is issued for it",
            subject.cdk("deploy", hosted_zone_name="YOUR-DOMAIN", domain="fines.YOUR-DOMAIN"),
        )
    said = subject.resolver.delegation(name)
    enter = f"enter at {said.parent}: {name} NS {', '.join(sorted(wanted))}"
    tell = warning if subject.settings.certificate_arn or subject.deployed() else stops
    if said.missing:
        return tell("hosted zone", f"{said.parent} knows no {said.missing}", f"register {said.missing}; then {enter}")
    if not said.servers:
        return tell("hosted zone", f"{said.parent} does not delegate {name} yet: no certificate can be proved", enter)
    if not said.servers & wanted:
        return tell(
            "hosted zone",
            f"{said.parent} delegates {name} to {', '.join(sorted(said.servers))}, not to this zone",
            f"{enter}; while another tier answers there, give the certificate by -c certificate_arn=...",
        )
    if strange := said.servers - wanted:
        return warning("hosted zone", f"{said.parent} also names {', '.join(sorted(strange))}", enter)
    return ok("hosted zone", f"{said.parent} delegates {name} to {', '.join(sorted(said.servers & wanted))}")


def _record(subject: Subject) -> Finding:
    """CloudFormation makes no weighted record beside a plain one, nor a second one of the tier's own name."""
    domain, tier = f"{subject.settings.domain}.", str(subject.settings.tier)
    records = subject.account.client("route53").list_resource_record_sets(
        HostedZoneId=subject.settings.hosted_zone_id, StartRecordName=domain, StartRecordType="A"
    )["ResourceRecordSets"]
    own = [each for each in records if each["Name"] == domain and each["Type"] in ("A", "CNAME")]
    remove = f"aws route53 change-resource-record-sets --hosted-zone-id {subject.settings.hosted_zone_id} with DELETE"
    for record in own:
        if "SetIdentifier" not in record:
            return stops(
                "name",
                f"{domain[:-1]} has a plain {record['Type']} record already",
                f"{remove}, or make it a weighted one",
            )
        if record["SetIdentifier"] == tier and subject.deployed() is None:
            return stops("name", f"{domain[:-1]} has a record of tier {tier} already, of no stack of that name", remove)
    others = sorted(record["SetIdentifier"] for record in own if record["SetIdentifier"] != tier)
    beside = f", beside {', '.join(others)}" if others else ""
    return ok("name", f"{domain[:-1]} will have weight {subject.settings.dns_weight}{beside}")


def _covers(name: str, domain: str) -> bool:
    """Whether a certificate's name is the domain's, or a wildcard's one label above it."""
    return name == domain or (name.startswith("*.") and domain.partition(".")[2] == name[2:])
