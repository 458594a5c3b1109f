"""Tier single's data keeps its identity. No other test names logical ids."""

from __future__ import annotations

import pytest

from tests.stacks.synthesis import resources, synthesize, the_only


def test_what_holds_data_keeps_its_logical_id() -> None:
    template = synthesize()
    kinds = ("AWS::S3::Bucket", "AWS::EC2::Volume", "AWS::SecretsManager::Secret", "AWS::EC2::EIP")
    assert {id: kind for kind in kinds for id in resources(template, kind)} == {
        "BucketsBackups18324FCD": "AWS::S3::Bucket",
        "BucketsLogsF3E46FAF": "AWS::S3::Bucket",
        "BucketsMedia5BAFF3AF": "AWS::S3::Bucket",
        "DataGeneration1C12FA782": "AWS::EC2::Volume",
        "NetworkAddressFA8F1C7D": "AWS::EC2::EIP",
        "SecretA29EB826": "AWS::SecretsManager::Secret",
    }


def test_the_secrets_generator_never_changes() -> None:
    """Any other value here makes CloudFormation generate anew: no backup could be read again."""
    assert the_only(synthesize(), "AWS::SecretsManager::Secret")["Properties"]["GenerateSecretString"] == {
        "ExcludePunctuation": True,
        "GenerateStringKey": "root",
        "PasswordLength": 64,
        "SecretStringTemplate": "{}",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "other.example"},
        {"app_containers": 5},
        {"cpu": "x86_64"},
        {"backup_days": 7},
        {"machine_image": "ami-0123456789abcdef0"},
        {"log_days": 1},
    ],
    ids=str,
)
def test_no_setting_but_their_own_touches_volume_and_secret(change: dict[str, object]) -> None:
    before, after = synthesize(), synthesize(**change)
    for kind in ("AWS::EC2::Volume", "AWS::SecretsManager::Secret"):
        assert resources(before, kind) == resources(after, kind)


def test_a_new_generation_is_another_volume_and_the_old_one_is_kept() -> None:
    before = resources(synthesize(), "AWS::EC2::Volume")
    after = resources(
        synthesize(data_volume_generation=2, data_volume_snapshot="snap-0123456789abcdef0"), "AWS::EC2::Volume"
    )
    assert not set(before) & set(after)
    (old,), (new,) = before.values(), after.values()
    assert old["DeletionPolicy"] == "Retain"
    assert new["Properties"]["SnapshotId"] == "snap-0123456789abcdef0"


def test_a_larger_volume_is_the_same_volume() -> None:
    before, after = (resources(synthesize(data_volume_gb=size), "AWS::EC2::Volume") for size in (30, 60))
    assert set(before) == set(after)


def test_the_volume_has_a_snapshot_each_day() -> None:
    template = synthesize()
    details = the_only(template, "AWS::DLM::LifecyclePolicy")["Properties"]["PolicyDetails"]
    (volume,) = resources(template, "AWS::EC2::Volume").values()
    assert details["TargetTags"][0] in volume["Properties"]["Tags"]
    assert details["Schedules"][0]["CreateRule"] == {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["04:00"]}
