"""Before a deployment of tier asg: its zone, its certificate, its database and its room; the name servers are real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from operate.account import Account
from operate.finding import Finding, State
from operate.preflight import checks_of, preflight, run_check
from operate.resolver import Resolver
from operate.stack import Deployed
from operate.subject import Subject
from stacks.settings import Tier
from tests.operate.nameserver import NameServer, zone
from tests.operate.world import NOBODY, QUOTAS, World, service_quotas, subject_of

NAME = "multas.gob.ar"
NO_ZONE = "Z0123456789ABCDEFGHIJ"


def subject_with(id: str = NO_ZONE, *words: str, resolver: Resolver = NOBODY, **clients: Any) -> Subject:
    given = ["tier=asg", f"domain={NAME}", f"hosted_zone_name={NAME}", f"hosted_zone_id={id}", *words]
    return subject_of(given, resolver=resolver, account=Account("us-east-1", clients=clients))


def look(name: str, subject: Subject) -> list[Finding]:
    return run_check(name, checks_of(Tier.ASG)[name], subject)


def one(name: str, subject: Subject) -> Finding:
    (finding,) = look(name, subject)
    return finding


@pytest.fixture
def hosted(world: World) -> tuple[str, list[str]]:
    """A hosted zone of the name: its id, and its name servers."""
    made = world("route53").create_hosted_zone(Name=NAME, CallerReference="once")
    return made["HostedZone"]["Id"].rpartition("/")[2], made["DelegationSet"]["NameServers"]


@pytest.fixture
def parent() -> Iterator[Any]:
    """Starts the name servers of gob.ar, which delegate the name to these."""
    with ExitStack() as stack:

        def start(*servers: str) -> Resolver:
            lines = "".join(f"multas NS {server.rstrip('.')}.\n" for server in servers)
            server = NameServer([zone("ar.", "gob NS ns.gob\nns.gob A 127.0.0.1\n"), zone("gob.ar.", lines)])
            stack.callback(server.close)
            return Resolver(recursive=["127.0.0.1"], port=server.port, patience=0.5)

        yield start


def weighted(world: World, id: str, *, tier: str | None) -> None:
    """A record of the name: a plain one, or a tier's."""
    record: dict[str, Any] = {"Name": NAME, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    record |= {"SetIdentifier": tier, "Weight": 1} if tier else {}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    world("route53").change_resource_record_sets(HostedZoneId=id, ChangeBatch=changes)


def test_a_zone_that_the_parent_leads_to_is_good(world: World, hosted: tuple[str, list[str]], parent: Any) -> None:
    id, servers = hosted
    found = look("hosted zone", subject_with(id, resolver=parent(*servers)))
    assert [(each.name, each.state) for each in found] == [("hosted zone", State.OK), ("name", State.OK)]
    assert found[1].seen == f"{NAME} will have weight 100"


def test_a_zone_that_nobody_finds_stops_unless_the_certificate_is_there(
    world: World, hosted: tuple[str, list[str]], parent: Any
) -> None:
    id, servers = hosted
    resolver = parent()
    found = look("hosted zone", subject_with(id, resolver=resolver))[0]
    assert found.state is State.STOPS and "does not delegate" in found.seen
    assert all(server.lower().rstrip(".") in found.do for server in servers)
    arn = f"arn:aws:acm:us-east-1:{world.number}:certificate/01234567-89ab-cdef-0123-456789abcdef"
    assert look("hosted zone", subject_with(id, f"certificate_arn={arn}", resolver=resolver))[0].state is State.WARNING


def test_a_name_that_leads_elsewhere_stops(world: World, hosted: tuple[str, list[str]], parent: Any) -> None:
    found = look("hosted zone", subject_with(hosted[0], resolver=parent("ns1.multas.gob.ar", "ns2.multas.gob.ar")))[0]
    assert found.state is State.STOPS and "ns1.multas.gob.ar, ns2.multas.gob.ar, not to this zone" in found.seen
    assert "certificate_arn" in found.do


def test_a_zone_that_is_not_there_or_of_another_name_stops(world: World, hosted: tuple[str, list[str]]) -> None:
    absent = one("hosted zone", subject_with())
    assert absent.state is State.STOPS and "zone.py" in absent.do
    given = ["tier=asg", "domain=fines.example.org", "hosted_zone_name=example.org", f"hosted_zone_id={hosted[0]}"]
    other = one("hosted zone", subject_of(given, account=Account("us-east-1")))
    assert other.state is State.STOPS and f"is the zone of {NAME}" in other.seen


@pytest.mark.parametrize(
    ("tier", "state", "words"),
    [
        (None, State.STOPS, "a plain A record"),
        ("asg", State.STOPS, "of no stack"),
        ("eks", State.OK, "will have weight 100, beside eks"),
    ],
)
def test_a_record_in_the_way_stops_and_one_of_another_tier_does_not(
    world: World, hosted: tuple[str, list[str]], parent: Any, tier: str | None, state: State, words: str
) -> None:
    id, servers = hosted
    weighted(world, id, tier=tier)
    found = look("hosted zone", subject_with(id, resolver=parent(*servers)))[1]
    assert found.state is state and words in found.seen


def test_a_certificate_that_is_none_of_the_domain_or_the_region_stops(world: World) -> None:
    acm = world("acm")
    other = acm.request_certificate(DomainName="example.org", ValidationMethod="DNS")["CertificateArn"]
    assert "it is for example.org" in one("certificate", subject_with(NO_ZONE, f"certificate_arn={other}")).seen
    far = other.replace(":us-east-1:", ":sa-east-1:")
    assert "it is of sa-east-1" in one("certificate", subject_with(NO_ZONE, f"certificate_arn={far}")).seen
    absent = other[:-4] + "ffff"
    assert one("certificate", subject_with(NO_ZONE, f"certificate_arn={absent}")).state is State.STOPS
    assert one("certificate", subject_with()).state is State.OK


@pytest.mark.parametrize("name", [NAME, "*.gob.ar"])
@pytest.mark.parametrize(("status", "state"), [("ISSUED", State.OK), ("PENDING_VALIDATION", State.STOPS)])
def test_a_certificate_of_the_name_is_good_once_it_is_issued(
    world: World, name: str, status: str, state: State
) -> None:
    arn = f"arn:aws:acm:us-east-1:{world.number}:certificate/01234567-89ab-cdef-0123-456789abcdef"
    acm = boto3.client("acm", region_name="us-east-1", aws_access_key_id="stub", aws_secret_access_key="stub")
    stubber = Stubber(acm)
    told = {"Certificate": {"DomainName": name, "Status": status, "CertificateArn": arn}}
    stubber.add_response("describe_certificate", told, {"CertificateArn": arn})
    stubber.activate()
    assert one("certificate", subject_with(NO_ZONE, f"certificate_arn={arn}", acm=acm)).state is state


@pytest.mark.parametrize(
    ("options", "state", "words"),
    [
        ([], State.STOPS, "has no db.t4g.medium"),
        ([{"EngineVersion": "16.4", "MultiAZCapable": True, "StorageType": "gp3"}], State.STOPS, "has no"),
        ([{"EngineVersion": "17.6", "MultiAZCapable": False, "StorageType": "gp3"}], State.STOPS, "not with a standby"),
        (
            [
                {
                    "EngineVersion": "17.6",
                    "MultiAZCapable": True,
                    "StorageType": "gp3",
                    "AvailabilityZones": [{"Name": "us-east-1a"}, {"Name": "us-east-1b"}],
                }
            ],
            State.OK,
            "in us-east-1a, us-east-1b",
        ),
        (
            [
                {"EngineVersion": version, "MultiAZCapable": True, "StorageType": "gp3"}
                for version in ("17.9", "17.10", "16.99")
            ],
            State.WARNING,
            "makes no new database of PostgreSQL 17.6 any more",
        ),
    ],
)
def test_a_class_is_to_be_had_with_a_standby(
    world: World, options: list[dict[str, Any]], state: State, words: str
) -> None:
    rds = boto3.client("rds", region_name="us-east-1", aws_access_key_id="stub", aws_secret_access_key="stub")
    stubber = Stubber(rds)
    stubber.add_response("describe_orderable_db_instance_options", {"OrderableDBInstanceOptions": options})
    stubber.activate()
    found = one("database", subject_with(NO_ZONE, rds=rds))
    assert found.state is state and words in found.seen
    assert state is not State.WARNING or '"17.10"' in found.do


def test_room_for_the_greatest_demand_is_a_warning_and_for_the_first_machines_a_stop(world: World) -> None:
    def seen(**allowed: float) -> Finding:
        quotas = service_quotas(behind_a_balancer=True, allowed=allowed)
        found = look("quotas", subject_with(NO_ZONE, **{"service-quotas": quotas}))
        assert len(found) == len(QUOTAS) + 2
        return next(each for each in found if "vCPUs" in each.name)

    assert seen(L_1216C47A=16.0).state is State.OK
    assert seen(L_1216C47A=15.0).state is State.WARNING
    assert "--desired-value 16" in seen(L_1216C47A=5.0).do
    assert seen(L_1216C47A=3.0).state is State.STOPS


def test_a_type_that_a_zone_lacks_stops(world: World) -> None:
    assert one("instance type", subject_with()).seen.endswith("us-east-1a, us-east-1b")
    found = one("instance type", subject_with(NO_ZONE, "instance_type=m7g.large"))
    assert found.state is State.STOPS and found.seen.startswith("us-east-1a has no m7g.large")


def test_a_database_of_an_earlier_stack_is_told_of(world: World) -> None:
    rds = world("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="fines-dev-asg",
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        MasterUsername="master",
        MasterUserPassword="not-a-secret",
        AllocatedStorage=20,
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="final", DBInstanceIdentifier="fines-dev-asg")
    rds.delete_db_instance(DBInstanceIdentifier="fines-dev-asg", SkipFinalSnapshot=True)
    found = one("leftovers", subject_with())
    assert found.state is State.WARNING and "snapshot final" in found.seen


def test_only_looks_are_asked_for(world: World, hosted: tuple[str, list[str]], parent: Any) -> None:
    id, servers = hosted
    subject = subject_with(id, resolver=parent(*servers))
    preflight(subject)
    assert {call.split(":")[0] for call in subject.account.calls} >= {"route53", "rds", "autoscaling"}


def test_a_database_and_names_of_all_regions_that_an_earlier_stack_left_stop_with_their_commands(world: World) -> None:
    name, edge = "fines-dev-asg", "fines-dev-asg-us-east-1-static"
    world("rds").create_db_instance(
        DBInstanceIdentifier=name, DBInstanceClass="db.t4g.medium", Engine="postgres", DeletionProtection=True
    )
    control = {
        "Name": edge,
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    id = world("cloudfront").create_origin_access_control(OriginAccessControlConfig=control)["OriginAccessControl"][
        "Id"
    ]
    other = control | {"Name": "another"}
    world("cloudfront").create_origin_access_control(OriginAccessControlConfig=other)
    database, found = look("leftovers", subject_with())
    assert [database.state, found.state] == [State.STOPS] * 2
    assert "--no-deletion-protection; aws rds delete-db-instance" in database.do
    assert f"delete-origin-access-control --id {id}" in found.do


@pytest.mark.parametrize(
    ("status", "protected"), [("ROLLBACK_FAILED", True), ("DELETE_FAILED", True), ("ROLLBACK_COMPLETE", False)]
)
def test_what_its_own_protection_kept_from_being_rolled_back_is_unprotected_first(
    world: World, status: str, protected: bool
) -> None:
    subject = subject_with()
    subject._found.append(Deployed(name="fines-dev-asg", status=status, protected=True))
    words = one("stack", subject).do
    assert ("--no-deletion-protection" in words) is protected
    assert ("deletion_protection.enabled,Value=false" in words) is protected
    assert words.index("--no-enable-termination-protection") < words.index("delete-stack")
    assert not protected or words.index("modify-load-balancer-attributes") < words.index("delete-stack")
