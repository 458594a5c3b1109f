"""Wrong settings are refused by name, all at once, with what to write instead."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import dns.exception
import dns.zone
import pytest

from stacks.settings import Cpu, Settings, SettingsError, Stage, Tier
from tests.stacks.given import complaint, complaints, read
from tests.stacks.synthesis import PROJECT, context


def test_defaults_are_the_small_and_cheap_ones() -> None:
    settings = read()
    assert (settings.tier, settings.stage, settings.cpu) == (Tier.SINGLE, Stage.DEV, Cpu.ARM64)
    assert (settings.instance_type, settings.app_containers, settings.region) == ("t4g.small", 2, "us-east-1")
    assert settings.stack_name == "fines-dev-single"


def test_the_other_processor_brings_its_own_smallest_machine() -> None:
    assert read(cpu="x86_64").instance_type == "t3.small"


def test_texts_of_the_cli_and_numbers_of_cdk_json_mean_the_same() -> None:
    given = {
        "app_containers": 3,
        "zone": 1,
        "deletion_protection": True,
        "dns_secondaries": ["192.0.2.1", "2001:db8::1"],
    }
    from_the_cli = {
        "app_containers": "3",
        "zone": "1",
        "deletion_protection": "true",
        "dns_secondaries": '["192.0.2.1", "2001:db8::1"]',
    }
    assert read(**given) == read(**from_the_cli)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read().domain = "another.example.org"  # type: ignore[misc]


@pytest.mark.parametrize(
    "key",
    [
        "@aws-cdk/core:checkSecretUsage",
        "@aws-cdk-containers/ecs-service-extensions:enableDefaultLogDriver",
        "aws:cdk:enable-path-metadata",
        "aws-cdk:enableDiffNoFail",
        "cli-telemetry",
        "acknowledged-issue-numbers",
        "availability-zones:account=111122223333:region=us-east-1",
    ],
)
def test_keys_of_the_cdk_are_let_through(key: str) -> None:
    assert read(**{key: True}) == read()


def test_an_empty_value_of_cdk_json_is_as_if_it_were_not_there() -> None:
    assert read(alarm_email=None) == read()


def test_a_misspelt_key_is_refused_with_the_nearest_one() -> None:
    assert complaint(app_container="3") == "'app_container' is no setting: did you mean 'app_containers'?"
    assert complaint(Domain="x") == "'Domain' is no setting: did you mean 'domain'?"


def test_a_key_that_is_like_no_other_is_refused_with_all_of_them() -> None:
    line = complaint(xyzzy="3")
    assert line.startswith("'xyzzy' is no setting: the settings are tier, domain, stage, ")


def test_a_misspelt_tier_is_refused_with_an_example() -> None:
    assert complaint(tier="asgg") == ("tier='asgg': use one of single, asg, eks, for example: cdk deploy -c tier=asg")


def test_what_has_no_default_is_asked_for() -> None:
    assert complaints({}) == [
        "tier is missing: use one of single, asg, eks, for example: cdk deploy -c tier=single",
        "domain is missing: give the name where the service answers, for example: -c domain=fines.example.org",
    ]


def test_all_mistakes_are_told_at_once() -> None:
    lines = complaints({"tier": "x", "domain": "UPPER", "app_containers": "many", "zone": 2, "colour": "red"})
    assert [line.split("=")[0] for line in lines[1:]] == ["tier", "domain", "zone", "app_containers"]
    assert lines[0].startswith("'colour' is no setting: ")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("domain", "not a name", "domain='not a name': write it like this: -c domain=fines.example.org"),
        ("domain", "", "domain='': write it like this: -c domain=fines.example.org"),
        (
            "stage",
            "prod",
            "stage='prod': use one of dev, staging, production, for example: cdk deploy -c stage=production",
        ),
        ("region", "virginia", "region='virginia': write it like this: -c region=us-east-1"),
        (
            "region",
            "cn-north-1",
            "region='cn-north-1': AWS's services have other names there than amazonaws.com: use another region, like us-east-1",
        ),
        ("zone", "us-east-1a", "zone='us-east-1a': use a whole number from 0 to 1"),
        ("cpu", "arm", "cpu='arm': use one of arm64, x86_64, for example: cdk deploy -c cpu=arm64"),
        ("app_containers", 0, "app_containers='0': use a whole number from 1 to 8"),
        ("app_containers", 9, "app_containers='9': use a whole number from 1 to 8"),
        ("app_containers", True, "app_containers='True': use a whole number from 1 to 8"),
        ("app_containers", "1.5", "app_containers='1.5': use a whole number from 1 to 8"),
        ("data_volume_gb", "10GB", "data_volume_gb='10GB': use a whole number from 8 to 16384"),
        ("data_volume_generation", -1, "data_volume_generation='-1': use a whole number from 1 to 999"),
        (
            "data_volume_snapshot",
            "latest",
            "data_volume_snapshot='latest': write it like this: -c data_volume_snapshot=snap-0123456789abcdef0",
        ),
        (
            "machine_image",
            "debian-13",
            "machine_image='debian-13': write it like this: -c machine_image=ami-0123456789abcdef0",
        ),
        ("deletion_protection", "yes", "deletion_protection='yes': use true or false"),
        ("alarm_email", "me", "alarm_email='me': write it like this: -c alarm_email=operator@example.org"),
        (
            "acme_directory",
            "http://acme.example",
            "acme_directory='http://acme.example': write it like this: -c acme_directory=https://acme-v02.api.letsencrypt.org/directory",
        ),
        (
            "timezone",
            "America/Bogotá",
            "timezone='America/Bogotá': "
            "use a name of the IANA time zone database, for example: -c timezone=America/Bogota",
        ),
        (
            "restore",
            "2026-01-31 12:00",
            "restore='2026-01-31 12:00': use latest, none, or a time with its offset, "
            "for example: -c restore=2026-01-31T12:00:00+00:00",
        ),
        (
            "dns_secondaries",
            "ns.example.org",
            "dns_secondaries: 'ns.example.org' is no IP address: write it like 192.0.2.53",
        ),
        (
            "dns_secondaries",
            {"a": 1},
            "dns_secondaries={'a': 1}: give a JSON list of texts, for example: -c dns_secondaries='[\"192.0.2.53\"]'",
        ),
        (
            "extra_records",
            "www CNAM x.",
            "extra_records: 'www CNAM x.' is no line of a zone file: "
            "write it like 'www 300 IN CNAME fines.example.org.'",
        ),
        (
            "extra_records",
            ["@ TXT " + "x" * 5000],
            "extra_records is too long: its records may have 4096 characters in all",
        ),
        ("log_days", 5000, "log_days='5000': use a whole number from 1 to 3653"),
    ],
)
def test_a_wrong_value_is_refused_with_a_right_one(name: str, value: object, says: str) -> None:
    assert complaint(**{name: value}) == says


@pytest.mark.parametrize(
    "line", ["www 300 IN CNAME fines.example.org.", "@ MX 10 mail.example.org.", '@ TXT "it\'s; so"']
)
def test_lines_of_a_zone_file_are_taken_as_they_are(line: str) -> None:
    assert read(extra_records=[line]).extra_records == (line,)
    assert read(extra_records=line).extra_records == (line,)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("www 300 IN A 999.1.1.1", "'999.1.1.1' is no IPv4 address"),
        ("www AAAA 192.0.2.1", "'192.0.2.1' is no IPv6 address"),
        ('@ TXT "x', "a quotation mark is not closed"),
        ("@ MX mail.example.org.", "a record of type MX has 2 words after it, not 1"),
        ("@ MX ten mail.example.org.", "a record of type MX begins with numbers below 65536"),
        ("_sip._tcp SRV 1 2 99999 sip.example.org.", "a record of type SRV begins with numbers below 65536"),
        ("www CNAME a.example.org. b.example.org.", "a record of type CNAME has 1 words after it, not 2"),
        (f'key TXT "{"k" * 300}"', 'a text has at most 255 characters: write a longer one as several, "…" "…"'),
    ],
)
def test_a_record_that_a_name_server_would_refuse_is_refused_before_a_host_is_replaced(line: str, says: str) -> None:
    assert complaint(extra_records=[line]) == f"extra_records: {line!r}: {says}"
    with pytest.raises(dns.exception.DNSException):
        zone_with(line)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["@ CNAME a.example.org."], "the domain itself has other records, beside which no CNAME may stand"),
        (["a A 192.0.2.1", "A CNAME b.example.org."], "beside a CNAME its name has no other record: leave one of them"),
        (
            ["a CNAME c.example.org.", "a 60 CNAME b.example.org."],
            "beside a CNAME its name has no other record: leave one of them",
        ),
        (["@ AAAA 2001:db8::9"], "the domain itself leads to this host: name another one otherwise"),
        (["ns1 A 192.0.2.9"], "ns1 is a name server of the zone: choose another name"),
        (["ns2.fines.example.org. AAAA 2001:db8::1"], "ns2 is a name server of the zone: choose another name"),
        (
            ["www.other.example. A 192.0.2.9"],
            "the name is outside of fines.example.org: write one of the domain, like www",
        ),
    ],
)
def test_records_that_do_not_go_together_are_refused_before_a_host_is_replaced(lines: list[str], says: str) -> None:
    assert complaints({"tier": "single", "domain": "fines.example.org", "extra_records": lines})[-1] == (
        f"extra_records: {lines[-1]!r}: {says}"
    )


def test_records_of_one_name_that_go_together_are_taken() -> None:
    lines = [
        "www A 192.0.2.1",
        "www A 192.0.2.2",
        "@ TXT x",
        "fines.example.org. MX 1 a.example.org.",
        "a CNAME b.example.org.",
    ]
    read(domain="fines.example.org", extra_records=lines)


@pytest.mark.parametrize(
    "line",
    [
        "www 300 IN A 192.0.2.1",
        "www AAAA 2001:db8::1",
        f'key TXT "{"k" * 200}" "{"k" * 100}"',
        '@ CAA 0 issue "letsencrypt.org"',
        "_sip._tcp SRV 1 2 5060 sip.example.org.",
        '@ TXT "he said \\"no\\""',
    ],
)
def test_a_record_that_is_good_is_taken(line: str) -> None:
    assert read(extra_records=[line]).extra_records == (line,)
    assert len(list(zone_with(line).iterate_rdatas())) == 3


def zone_with(line: str) -> dns.zone.Zone:
    """A zone with the line, as dnspython reads it."""
    lines = ("$TTL 300", "@ SOA ns1 hostmaster 1 60 60 60 60", "@ NS ns1", line, "")
    return dns.zone.from_text("\n".join(lines), origin="fines.example.")


def test_a_wrong_processor_is_one_error_and_no_word_of_the_machine() -> None:
    assert complaint(cpu="arm", instance_type="t3.small") == complaint(cpu="arm")


def test_digits_of_other_scripts_are_no_numbers() -> None:
    assert complaint(app_containers="\uff18").startswith("app_containers='\uff18': use a whole number")


def test_a_record_cannot_bring_a_second_line_with_it() -> None:
    assert "is no line of a zone file" in complaint(extra_records=["www A 192.0.2.1\n@ A 192.0.2.2"])


@pytest.mark.parametrize(
    ("instance_type", "cpu"),
    [("t3.small", "arm64"), ("t4g.small", "x86_64"), ("g4dn.xlarge", "arm64"), ("a1.large", "x86_64")],
)
def test_a_machine_of_the_other_processor_is_refused(instance_type: str, cpu: str) -> None:
    line = complaint(instance_type=instance_type, cpu=cpu)
    assert line.startswith(f"instance_type='{instance_type}' does not have the processor cpu='{cpu}': change one")


@pytest.mark.parametrize(
    ("instance_type", "cpu"),
    [("c7gn.medium", "arm64"), ("m7i-flex.large", "x86_64"), ("g5g.xlarge", "arm64"), ("c5.metal-24xl", "x86_64")],
)
def test_a_machine_of_the_right_processor_is_taken(instance_type: str, cpu: str) -> None:
    assert read(instance_type=instance_type, cpu=cpu).instance_type == instance_type


def test_a_snapshot_and_a_restore_exclude_each_other() -> None:
    line = complaint(data_volume_snapshot="snap-0123456789abcdef0", restore="latest")
    assert line.startswith("data_volume_snapshot and restore exclude each other: ")


def test_the_context_of_cdk_json_lacks_the_domain_alone() -> None:
    assert Settings.from_context(context()).tier is Tier.SINGLE
    given = {key: value for key, value in context().items() if key != "domain"}
    with pytest.raises(SettingsError, match=r"^domain is missing: [^\n]*$"):
        Settings.from_context(given)


def test_settings_know_nothing_of_the_cdk() -> None:
    program = "import stacks.settings, sys; sys.exit('aws_cdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0
