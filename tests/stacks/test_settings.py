"""Wrong settings are refused by name, all at once, with what to write instead."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

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
            'fe80::1%"; x',
            "dns_secondaries: 'fe80::1%\"; x' is no IP address: write it like 192.0.2.53",
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


def test_a_wrong_processor_is_one_error_and_no_word_of_the_machine() -> None:
    assert complaint(cpu="arm", instance_type="t3.small") == complaint(cpu="arm")


def test_digits_of_other_scripts_are_no_numbers() -> None:
    assert complaint(app_containers="\uff18").startswith("app_containers='\uff18': use a whole number")


@pytest.mark.parametrize(
    ("instance_type", "cpu"),
    [("t3.small", "arm64"), ("t4g.small", "x86_64"), ("g4dn.xlarge", "arm64"), ("a1.large", "x86_64")],
)
def test_a_machine_of_the_other_processor_is_refused(instance_type: str, cpu: str) -> None:
    line = complaint(instance_type=instance_type, cpu=cpu)
    assert line.startswith(f"instance_type='{instance_type}' does not have the processor cpu='{cpu}': change one")


@pytest.mark.parametrize(
    ("image", "cpu", "other"),
    [
        ("/aws/service/debian/release/13/latest/arm64", "x86_64", "arm64"),
        ("/aws/service/debian/release/13/latest/amd64", "arm64", "x86_64"),
    ],
)
def test_a_parameter_of_an_image_of_another_processor_is_refused(image: str, cpu: str, other: str) -> None:
    line = complaint(machine_image=image, cpu=cpu)
    assert line.startswith(f"machine_image={image!r} is of another processor than cpu='{cpu}': change one")
    assert line.endswith(f"-c cpu={other}")
    assert read(machine_image=image, cpu=other).machine_image == image


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
