"""What tier single's machine is told, and where it lives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stacks.parts import machine
from tests.stacks.single import GROUP, boot_env, user_data
from tests.stacks.synthesis import ON_MACHINES, resources, synthesize, the_only

# The names that host files rely on; the file that user data writes has these and no other.
BOOT_ENV = {
    "FINES_STACK",
    "FINES_STAGE",
    "FINES_TIER",
    "FINES_REGION",
    "AWS_DEFAULT_REGION",
    "FINES_DOMAIN",
    "FINES_TIMEZONE",
    "FINES_HOST_ASSET",
    "FINES_VOLUME_ID",
    "FINES_ADDRESS_ALLOCATION",
    "FINES_ADDRESS",
    "FINES_RELEASE_PARAMETER",
    "FINES_SECRET_ARN",
    "FINES_BACKUP_BUCKET",
    "FINES_MEDIA_BUCKET",
    "FINES_APP_ROLE_ARN",
    "FINES_GROUP_LOGICAL_ID",
    "FINES_GROUP_NAME",
    "FINES_HOOK_NAME",
    "FINES_DS_PARAMETER",
    "FINES_BACKUP_DAYS",
    "FINES_RESTORE",
    "FINES_EXTRA_RECORDS",
    "FINES_DNS_SECONDARIES",
    "FINES_ACME_DIRECTORY",
    "FINES_ALARM_EMAIL",
    "FINES_LOG_GROUP_PREFIX",
    "FINES_METRIC_NAMESPACE",
    "FINES_RATE_TOKEN_PER_MINUTE",
    "FINES_RATE_ADDRESS_PER_MINUTE",
    "FINES_RATE_REPORT_PER_MINUTE",
    "FINES_RATE_LOGIN_PER_MINUTE",
    "FINES_REPORT_NEEDS_TOKEN",
    "FINES_TOKEN_DAYS",
}


def test_the_machine_is_told_what_its_files_ask_for(tmp_path: Path) -> None:
    told = boot_env(synthesize(), tmp_path)
    assert set(told) == BOOT_ENV
    assert told["FINES_GROUP_LOGICAL_ID"] == next(iter(resources(synthesize(), GROUP)))
    assert told["FINES_GROUP_NAME"] == the_only(synthesize(), GROUP)["Properties"]["AutoScalingGroupName"]
    assert told["FINES_METRIC_NAMESPACE"] == "Fines/fines-dev-single"
    assert told["FINES_LOG_GROUP_PREFIX"] == "/fines/dev/single"
    assert told["FINES_ACME_DIRECTORY"] == "https://acme-v02.api.letsencrypt.org/directory"


def test_every_name_that_host_files_read_is_in_what_some_tier_tells_them(tmp_path: Path) -> None:
    texts = [file.read_text() for file in machine.HOST_FILES.rglob("*") if file.is_file() and file.suffix != ".md"]
    read = {name for text in texts for name in re.findall(r"\bFINES_[A-Z_]+\b", text)}
    assigned = {name for text in texts for name in re.findall(r"\b(FINES_[A-Z_]+)=", text)}
    assert read
    told = {name for tier in ON_MACHINES for name in boot_env(synthesize(tier=tier), tmp_path)}
    assert told >= BOOT_ENV
    assert read - assigned - told == set()


def test_quotes_of_zone_records_survive_the_shell(tmp_path: Path) -> None:
    records = ['@ TXT "it\'s; $HOME `id` \\ so"', "www 300 IN CNAME fines.example."]
    told = boot_env(synthesize(extra_records=records), tmp_path)
    assert json.loads(told["FINES_EXTRA_RECORDS"]) == records


def test_a_value_that_would_end_its_line_is_refused() -> None:
    for value in ("it's", "two\nlines"):
        with pytest.raises(ValueError, match="FINES_X has a quote or a line end"):
            machine.user_data({"FINES_X": value})


def test_user_data_is_the_host_files_script_behind_its_settings() -> None:
    rendered = user_data(synthesize())
    assert rendered.startswith("#!/bin/bash\n")
    assert rendered.endswith((machine.HOST_FILES / "user-data.sh").read_text())


def test_user_data_stays_within_what_ec2_takes() -> None:
    records = ["@ 300 IN TXT" + f' "{"x" * 250}"' * 4] * 3
    assert len(user_data(synthesize(extra_records=records))) < 16_000


def test_the_machine_lives_in_the_chosen_zone_with_its_volume() -> None:
    for index in (0, 1):
        template = synthesize(zone=index)
        wanted = {"Fn::Select": [index, {"Fn::GetAZs": ""}]}
        assert the_only(template, "AWS::EC2::Subnet")["Properties"]["AvailabilityZone"] == wanted
        assert the_only(template, "AWS::EC2::Volume")["Properties"]["AvailabilityZone"] == wanted


def test_the_subnet_of_another_zone_has_another_range() -> None:
    """CloudFormation makes it while the first one is still there."""

    def ranges(zone: int) -> str:
        return str(the_only(synthesize(zone=zone), "AWS::EC2::Subnet")["Properties"]["CidrBlock"])

    assert (ranges(0), ranges(1)) == ("10.20.0.0/24", "10.20.1.0/24")
