"""A certificate is issued once the record that proves the name is seen where the domain is delegated to, and not before."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.services import acm, route53
from ministack.services.cloudformation import provisioners

from rehearsal.cloud import certificates
from rehearsal.cloud.authority import Authority
from tests.operate.nameserver import NameServer, zone

DOMAIN = "multas.example"
REGION = "us-east-1"
KIND = "AWS::CertificateManager::Certificate"


@pytest.fixture
def delegations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a resolver's delegations, with certificates played by it."""
    monkeypatch.setattr(acm, "_request_certificate", acm._request_certificate)  # put back afterwards
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, KIND, dict(provisioners._RESOURCE_HANDLERS[KIND]))
    monkeypatch.setattr(certificates, "_PACE", 0.05)
    file = tmp_path / "delegations.conf"
    authority = Authority(tmp_path / "authority.pem")
    certificates.play(authority, region=REGION, name_server=certificates.delegations(file))
    return file


def asked() -> dict[str, Any]:
    """A certificate that was asked for just now."""
    status, _, body = acm._request_certificate({"DomainName": DOMAIN, "ValidationMethod": "DNS"})
    assert status == 200
    found: dict[str, Any] = acm._certificates[json.loads(body)["CertificateArn"]]
    return found


@pytest.fixture
def server() -> Iterator[NameServer]:
    """The server of the domain, which tells the record that proves it."""
    record = acm._validation_options(DOMAIN, "DNS")["ResourceRecord"]
    server = NameServer([zone(f"{DOMAIN}.", f"{record['Name']} CNAME {record['Value']}\n")])
    yield server
    server.close()


@pytest.fixture
def mute() -> Iterator[NameServer]:
    """A server of the domain that does not tell the record."""
    server = NameServer([zone(f"{DOMAIN}.")])
    yield server
    server.close()


def becomes(record: dict[str, Any], status: str, *, seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while record["Status"] != status:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_record_of_the_server_that_the_domain_is_delegated_to_proves_it(
    delegations: Path, server: NameServer
) -> None:
    record = asked()
    assert record["Status"] == "PENDING_VALIDATION" and "BEGIN" not in record["_private_key"]
    delegations.write_text(f"server=/{DOMAIN}/127.0.0.1#{server.port}\n")
    assert becomes(record, "ISSUED") and "BEGIN" in record["_private_key"]
    assert record["DomainValidationOptions"][0]["ValidationStatus"] == "SUCCESS"


def test_a_record_of_a_hosted_zone_that_nobody_is_led_to_proves_nothing(
    delegations: Path, mute: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegations.write_text(f"server=/{DOMAIN}/127.0.0.1#{mute.port}\n")
    record = asked()
    validation = record["DomainValidationOptions"][0]["ResourceRecord"]
    told = {"Name": validation["Name"], "Type": "CNAME", "ResourceRecords": [validation["Value"]]}
    monkeypatch.setitem(route53._zones, "Z1", {"Name": f"{DOMAIN}."})
    monkeypatch.setitem(route53._records, "Z1", [told])
    assert not becomes(record, "ISSUED", seconds=0.5)
    delegations.write_text("")
    assert becomes(record, "ISSUED")


def test_a_template_whose_certificate_could_not_be_proven_fails(
    delegations: Path, mute: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegations.write_text(f"server=/{DOMAIN}/127.0.0.1#{mute.port}\n")
    monkeypatch.setitem(route53._zones, "Z1", {"Name": f"{DOMAIN}."})
    monkeypatch.setitem(route53._records, "Z1", [])
    options = [{"DomainName": DOMAIN, "HostedZoneId": "Z1"}]
    properties = {"DomainName": DOMAIN, "ValidationMethod": "DNS", "DomainValidationOptions": options}
    create = provisioners._RESOURCE_HANDLERS[KIND]["create"]
    with pytest.raises(ValueError, match="not seen where the domain is delegated to"):
        create("Certificate", properties, "stack")
    delegations.write_text("")
    arn, _ = create("Certificate", properties, "stack")
    assert acm._certificates[arn]["Status"] == "ISSUED" and "BEGIN" in acm._certificates[arn]["_private_key"]


@pytest.mark.parametrize(
    ("name", "server"),
    [("multas.example.", "192.0.2.1"), ("_a.multas.example.", "192.0.2.1"), ("xmultas.example.", ""), ("example.", "")],
)
def test_a_delegation_holds_for_the_domain_and_what_is_below(tmp_path: Path, name: str, server: str) -> None:
    (tmp_path / "file").write_text("server=/multas.example/192.0.2.1\n")
    assert certificates.delegations(tmp_path / "file")(name) == server
