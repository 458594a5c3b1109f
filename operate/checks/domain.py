"""Who answers for the domain: what the parent says, and what the stack wants it to say."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from operate.finding import Finding, ok, stops, warning
from operate.resolver import Delegation, Ds, parse_ds
from operate.stack import Deployed
from operate.subject import Subject
from operate.trouble import code_of


def domain(subject: Subject) -> Iterator[Finding]:
    name = subject.settings.domain
    if subject.settings.domain_is_reserved:
        yield warning(
            "domain",
            f"{name} is reserved for examples: nobody can delegate it, and no authority signs for it",
            subject.cdk("deploy", domain="fines.YOUR-DOMAIN"),
        )
        return
    said = subject.resolver.delegation(name)
    deployed = subject.deployed()
    if said.missing:
        yield warning(
            "domain",
            f"{said.parent} knows no {said.missing}",
            f"register {said.missing}, or choose another name: -c domain=...",
        )
    elif deployed is None or "NameServers" not in deployed.outputs:
        yield _before(name, said)
    else:
        yield from _after(subject, deployed, said)


def _before(name: str, said: Delegation) -> Finding:
    now = f"delegated to {_list(said.servers)}" if said.servers else "not delegated yet"
    return ok(
        "domain",
        f"{said.parent} knows {name} as {now}",
        f"after the deployment enter at {said.parent}: NS ns1.{name} and ns2.{name}, their addresses (output GlueRecords), "
        "and the DS record (the parameter of output DsParameter)",
    )


def _after(subject: Subject, deployed: Deployed, said: Delegation) -> Iterator[Finding]:
    name, address = subject.settings.domain, deployed.outputs["PublicAddress"]
    yield _servers(subject, deployed, said)
    yield _ds(subject, deployed, said)
    if subject.resolver.serves(name, address):
        yield ok("name server", f"{address} answers for {name}")
    else:
        yield warning(
            "name server",
            f"{address} does not answer for {name} (or port 53 is closed from here)",
            f"dig @{address} {name} SOA; on the host: systemctl status knot",
        )


def _servers(subject: Subject, deployed: Deployed, said: Delegation) -> Finding:
    name, address = subject.settings.domain, deployed.outputs["PublicAddress"]
    wanted = frozenset(deployed.outputs["NameServers"].lower().split())
    glue = {(server, address) for server in wanted}
    enter = f"enter at {said.parent}: {deployed.outputs['GlueRecords']}, and NS {_list(wanted)}"
    if not said.servers:
        return warning("delegation", f"{said.parent} does not delegate {name} yet", enter)
    if not wanted & said.servers:
        return warning(
            "delegation", f"{said.parent} delegates {name} to {_list(said.servers)}, not to this stack", enter
        )
    strange = {(server, found) for server, found in said.glue if server in wanted and ":" not in found} - glue
    if strange:
        return stops(
            "delegation",
            f"{said.parent} sends {', '.join(f'{server} to {found}' for server, found in sorted(strange))}, the host is {address}",
            enter,
        )
    if missing := wanted - said.servers:
        return warning("delegation", f"{said.parent} does not name {_list(missing)}", enter)
    others = said.servers - wanted
    if others and not subject.settings.dns_secondaries:
        return warning(
            "delegation",
            f"{said.parent} also names {_list(others)}, and no secondary is set",
            f"take them out at {said.parent}, or name their addresses: -c dns_secondaries=...",
        )
    return ok("delegation", f"{said.parent} delegates {name} to {_list(said.servers)}")


def _ds(subject: Subject, deployed: Deployed, said: Delegation) -> Finding:
    parameter = deployed.outputs["DsParameter"]
    show = f"aws ssm get-parameter --region {subject.region} --name {parameter} --query Parameter.Value --output text"
    try:
        own = parse_ds(subject.account.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"])
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        if said.ds:
            return stops(
                "DNSSEC",
                f"{said.parent} has a DS record, and the host has made no key yet",
                f"take the DS record out at {said.parent}",
            )
        return warning("DNSSEC", f"the host has not written {parameter} yet", f"wait for its boot, then: {show}")
    if not said.ds:
        return warning(
            "DNSSEC", f"{said.parent} has no DS record: answers are not proven", f"{show}; enter it at {said.parent}"
        )
    if own not in said.ds:
        theirs = _list({str(tag) for tag, *_ in said.ds})
        return stops(
            "DNSSEC",
            f"{said.parent} has the DS of key {theirs}, the host signs with key {own[0]}: "
            "resolvers that validate refuse the domain",
            f"{show}; enter it at {said.parent} instead",
        )
    return ok("DNSSEC", _shown(own, said))


def _shown(own: Ds, said: Delegation) -> str:
    return f"{said.parent} has the DS record of the host's key {own[0]}"


def _list(names: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(names))
