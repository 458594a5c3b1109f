"""What the parent says of the domain is held against what the stack wants it to say; the name servers are real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from operate.finding import Finding, State
from operate.resolver import Delegation, Resolver, parse_ds
from operate.subject import Subject
from tests.operate.nameserver import NameServer, zone
from tests.operate.world import NOBODY, World, look, one, subject_of

DOMAIN = "multas.gob.ar"
HOST = "127.0.0.2"
PARAMETER = "/fines/fines-dev-single/ds-record"
DIGEST = "a1b2" * 16
DS = f"2371 13 2 {DIGEST}"
DELEGATED = f"multas NS ns1.multas\nmultas NS ns2.multas\nns1.multas A {HOST}\nns2.multas A {HOST}\n"
SIGNED = f"multas DS {DS}\n"


class Parent(Protocol):
    """Starts the name servers of gob.ar, which know these lines of it, and gives who asks them."""

    def __call__(self, lines: str = "", /) -> Resolver: ...


@pytest.fixture
def parent() -> Iterator[Parent]:
    with ExitStack() as stack:

        def start(lines: str = "", /) -> Resolver:
            server = NameServer([zone("ar.", "gob NS ns.gob\nns.gob A 127.0.0.1\n"), zone("gob.ar.", lines)])
            stack.callback(server.close)
            return Resolver(recursive=["127.0.0.1"], port=server.port, patience=0.5)

        yield start


@pytest.fixture
def host(parent: Parent) -> Iterator[Parent]:
    """As `parent`, and the host of the stack answers for its own zone."""
    with ExitStack() as stack:

        def start(lines: str = "", /) -> Resolver:
            resolver = parent(lines)
            stack.callback(NameServer([zone(f"{DOMAIN}.")], address=HOST, port=resolver.port).close)
            return resolver

        yield start


@pytest.fixture
def deployed(world: World) -> World:
    """An account with a stack that serves the domain and has written its DS record."""
    outputs = {
        "NameServers": f"ns1.{DOMAIN} ns2.{DOMAIN}",
        "GlueRecords": f"ns1.{DOMAIN} A {HOST}, ns2.{DOMAIN} A {HOST}",
        "PublicAddress": HOST,
        "DsParameter": PARAMETER,
    }
    world.deploy({"Topic": {"Type": "AWS::SNS::Topic"}}, outputs=outputs)
    # as keymgr prints it
    world("ssm").put_parameter(Name=PARAMETER, Value=f"{DOMAIN}. DS 2371 13 2 {DIGEST.upper()}", Type="String")
    return world


def subject_with(resolver: Resolver, *words: str) -> Subject:
    return subject_of([f"domain={DOMAIN}", *words], resolver=resolver)


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_what_the_parent_says_is_read_from_its_own_name_servers(parent: Parent) -> None:
    said = parent(DELEGATED + SIGNED).delegation(DOMAIN)
    servers = frozenset({f"ns1.{DOMAIN}", f"ns2.{DOMAIN}"})
    assert said == Delegation(
        parent="gob.ar",
        servers=servers,
        glue=frozenset((server, HOST) for server in servers),
        ds=frozenset({(2371, 13, 2, DIGEST)}),
    )


def test_a_ds_record_is_read_with_and_without_its_owner() -> None:
    assert parse_ds(f"{DOMAIN}. 300 IN DS 2371 13 2 {DIGEST[:32]} {DIGEST[32:]}") == parse_ds(DS.upper())
    with pytest.raises(ValueError, match="is no DS record"):
        parse_ds("nothing")


def test_a_name_for_examples_is_told(world: World) -> None:
    found = one("domain", subject_of([]))
    assert found.state is State.WARNING and "reserved" in found.seen and "-c domain=" in found.do


def test_before_the_first_deployment_it_is_told_what_will_have_to_be_entered(world: World, parent: Parent) -> None:
    found = one("domain", subject_with(parent()))
    assert found.state is State.OK and "not delegated yet" in found.seen
    assert f"ns1.{DOMAIN}" in found.do and "GlueRecords" in found.do and "DsParameter" in found.do
    elsewhere = one("domain", subject_with(parent("multas NS ns.hosting.example.\n")))
    assert elsewhere.state is State.OK and "ns.hosting.example" in elsewhere.seen


def test_a_domain_that_nobody_has_registered_is_told(world: World, parent: Parent) -> None:
    found = one("domain", subject_of(["domain=multas.ciudad.gob.ar"], resolver=parent()))
    assert found.state is State.WARNING and "gob.ar knows no ciudad.gob.ar" in found.seen
    assert "register ciudad.gob.ar" in found.do


def test_all_is_well_when_the_parent_has_the_name_servers_their_addresses_and_the_key(
    deployed: World, host: Parent
) -> None:
    found = look("domain", subject_with(host(DELEGATED + SIGNED)))
    assert [(finding.name, finding.state) for finding in found] == [
        ("delegation", State.OK),
        ("DNSSEC", State.OK),
        ("name server", State.OK),
    ]


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        ("", State.WARNING, "does not delegate"),
        ("multas NS ns.hosting.example.\n", State.WARNING, "to ns.hosting.example, not to this stack"),
        (DELEGATED.replace(HOST, "127.0.0.9"), State.STOPS, "127.0.0.9, the host is 127.0.0.2"),
        (DELEGATED.replace("multas NS ns2.multas\n", ""), State.WARNING, "does not name ns2.multas.gob.ar"),
        (DELEGATED + "multas NS ns.hosting.example.\n", State.WARNING, "also names ns.hosting.example"),
    ],
)
def test_a_wrong_delegation_is_told_with_what_to_enter(
    deployed: World, host: Parent, lines: str, state: State, words: str
) -> None:
    found = by_name(look("domain", subject_with(host(lines))))["delegation"]
    assert found.state is state and words in found.seen
    assert f"ns1.{DOMAIN} A {HOST}" in found.do or "dns_secondaries" in found.do


def test_another_name_server_is_good_when_a_secondary_is_set(deployed: World, host: Parent) -> None:
    subject = subject_with(host(DELEGATED + "multas NS ns.hosting.example.\n"), "dns_secondaries=192.0.2.53")
    assert by_name(look("domain", subject))["delegation"].state is State.OK


def test_a_key_that_the_parent_lacks_warns_and_a_wrong_one_stops(deployed: World, host: Parent) -> None:
    none = by_name(look("domain", subject_with(host(DELEGATED))))["DNSSEC"]
    assert none.state is State.WARNING and "no DS record" in none.seen and PARAMETER in none.do
    wrong = by_name(look("domain", subject_with(host(f"{DELEGATED}multas DS 4242 13 2 {DIGEST}\n"))))["DNSSEC"]
    assert wrong.state is State.STOPS and "4242" in wrong.seen and "2371" in wrong.seen
    deployed("ssm").delete_parameter(Name=PARAMETER)
    early = by_name(look("domain", subject_with(host(DELEGATED))))["DNSSEC"]
    assert early.state is State.WARNING and "has not written" in early.seen
    stale = by_name(look("domain", subject_with(host(DELEGATED + SIGNED))))["DNSSEC"]
    assert stale.state is State.STOPS and "made no key" in stale.seen


def test_a_host_that_does_not_answer_is_told(deployed: World, parent: Parent) -> None:
    found = by_name(look("domain", subject_with(parent(DELEGATED + SIGNED))))["name server"]
    assert found.state is State.WARNING and f"dig @{HOST} {DOMAIN} SOA" in found.do


def test_name_servers_that_nobody_reaches_are_a_warning(world: World) -> None:
    found = one("domain", subject_with(NOBODY))
    assert found.state is State.WARNING and "port 53" in found.do


def test_a_parent_whose_servers_refuse_is_named(world: World) -> None:
    server = NameServer([zone("gob.ar.")], lame=True)
    try:
        found = one("domain", subject_with(Resolver(recursive=["127.0.0.1"], port=server.port)))
        assert found.state is State.WARNING and "ns.gob.ar (127.0.0.1): REFUSED" in found.seen
    finally:
        server.close()
