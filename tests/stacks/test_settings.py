"""Wrong settings are refused by name, all at once, with what to write instead."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Mapping

import pytest

from stacks.settings import Cpu, Settings, SettingsError, Stage, Tier
from tests.stacks.synthesis import PROJECT, context

GOOD = {"tier": "single", "domain": "fines.example.org"}
PRODUCTION = GOOD | {"domain": "multas.gob.ar", "stage": "production"}


def read(**settings: object) -> Settings:
    return Settings.from_context(GOOD | settings)


def complaints(given: Mapping[str, object]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(given)
    return str(refused.value).splitlines()


def complaint(**settings: object) -> str:
    (line,) = complaints(GOOD | settings)
    return line


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


def test_a_tier_that_is_not_built_yet_says_so() -> None:
    assert (
        complaint(tier="eks") == "tier='eks' is not built yet: use single or asg, for example: cdk deploy -c tier=asg"
    )


ZONED = {"tier": "asg", "hosted_zone_id": "Z0123456789ABCDEFGHIJ", "hosted_zone_name": "example.org"}


def test_a_tier_in_route_53_asks_for_its_hosted_zone_and_says_how_to_make_one() -> None:
    lines = complaints(GOOD | {"tier": "asg"})
    assert [line.split()[0] for line in lines] == ["hosted_zone_id", "hosted_zone_name"]
    assert all("cdk deploy --app 'python zone.py' -c hosted_zone_name=example.org" in line for line in lines)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"domain": "fines.example.net"},
            "domain='fines.example.net' is outside of hosted_zone_name='example.org': "
            "give a name in the zone, for example: -c domain=fines.example.org",
        ),
        (
            {"min_machines": 3, "max_machines": 2},
            "max_machines=2 is below min_machines=3: give a larger one, for example: -c max_machines=3",
        ),
        (
            {"database_gb": 100, "database_max_gb": 100},
            "database_max_gb=100 leaves no room to grow: RDS asks for a tenth more than database_gb=100, "
            "for example: -c database_max_gb=200",
        ),
        (
            {"backup_days": 60},
            "backup_days=60: RDS keeps backups for point-in-time recovery for at most 35 days: use -c backup_days=35",
        ),
        (
            {"database_class": "db.t1.micro"},
            "database_class='db.t1.micro': write it like this: -c database_class=db.t4g.medium",
        ),
        (
            {"database_class": "db.m5.2large"},
            "database_class='db.m5.2large': write it like this: -c database_class=db.t4g.medium",
        ),
    ],
)
def test_what_does_not_fit_together_behind_a_load_balancer_is_refused(given: dict[str, object], says: str) -> None:
    assert complaint(**(ZONED | given)) == says


def test_production_has_a_way_out_in_each_zone() -> None:
    assert read(**ZONED).nat_gateways == 1
    wanted = ZONED | {"stage": "production", "machine_image": "ami-0123456789abcdef0", "domain": "gob.ar"}
    settings = read(**(wanted | {"zones": 3, "hosted_zone_name": "gob.ar"}))
    assert (settings.nat_gateways, settings.deletion_protection) == (3, True)


def test_the_zone_of_the_domain_is_the_domain_or_above_it() -> None:
    assert read(**ZONED).hosted_zone_name == "example.org"
    assert read(**(ZONED | {"hosted_zone_name": "fines.example.org"})).domain == "fines.example.org"


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


def test_production_asks_for_an_image_that_no_deployment_changes() -> None:
    (line,) = complaints(dict(PRODUCTION))
    assert line.startswith(
        "machine_image is missing: production names its image, so that no deployment replaces a machine"
    )
    (line,) = complaints(PRODUCTION | {"machine_image": "/aws/service/debian/release/13/latest/arm64"})
    assert line.startswith("machine_image='/aws/service/debian/release/13/latest/arm64' names another image tomorrow")


@pytest.mark.parametrize("image", ["ami-0123456789abcdef0", "/aws/service/debian/release/13/20251006-2257/arm64"])
def test_production_takes_a_concrete_image_and_protects_itself(image: str) -> None:
    settings = Settings.from_context(PRODUCTION | {"machine_image": image})
    assert settings.deletion_protection
    assert settings.stack_name == "fines-production-single"


def test_production_can_be_unprotected_before_it_is_destroyed() -> None:
    given = PRODUCTION | {"machine_image": "ami-0123456789abcdef0", "deletion_protection": "false"}
    assert not Settings.from_context(given).deletion_protection


@pytest.mark.parametrize("domain", ["fines.example", "fines.example.org", "a.test"])
def test_production_does_not_take_a_name_that_nobody_can_own(domain: str) -> None:
    (line,) = complaints(PRODUCTION | {"machine_image": "ami-0123456789abcdef0", "domain": domain})
    assert line == f"domain={domain!r} is reserved for examples: production wants a name of your own, -c domain=..."


def test_the_context_of_cdk_json_is_good() -> None:
    assert Settings.from_context(context()).tier is Tier.SINGLE


def test_settings_know_nothing_of_the_cdk() -> None:
    program = "import stacks.settings, sys; sys.exit('aws_cdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0
