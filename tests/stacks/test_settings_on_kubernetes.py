"""What is refused of the settings of the tier on Kubernetes, and what is said of those that are allowed and dear."""

from __future__ import annotations

import pytest

from stacks.kubernetes_versions import VERSIONS
from stacks.settings import Settings
from tests.stacks.given import complaints

GOOD: dict[str, object] = {
    "tier": "eks",
    "domain": "fines.example.org",
    "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
    "hosted_zone_name": "example.org",
    "admin_role": "arn:aws:iam::111122223333:role/administrators",
}


def complaint(**settings: object) -> str:
    (line,) = complaints(GOOD | settings)
    return line


def test_a_version_that_nobody_pinned_is_refused_with_those_that_somebody_did() -> None:
    assert complaint(kubernetes_version="1.29") == (
        "kubernetes_version='1.29': use one of 1.36, 1.35, 1.34, for which add-ons are pinned and that EKS supports, "
        "for example: -c kubernetes_version=1.36"
    )


def test_a_version_in_extended_support_is_allowed_and_says_what_it_costs() -> None:
    assert Settings.from_context(GOOD).cautions == {}
    (said,) = Settings.from_context(GOOD | {"kubernetes_version": 1.34}).cautions.values()
    assert "extended support" in said and "365 a month more" in said and "-c kubernetes_version=1.36" in said
    assert [version for version, pins in VERSIONS.items() if pins.extended] == ["1.34"]


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ("0.0.0.0/0", "nearly everybody"),
        ('["203.0.113.0/24", "0.0.0.0/1"]', "nearly everybody"),
        ("203.0.113.5/24", "host bits set"),
        ("203.0.113.0/33", "is no range of IPv4 addresses"),
        ("2001:db8::/32", "is no range of IPv4 addresses"),
        ("everybody", "is no range of IPv4 addresses"),
        ("10.0.0.0/8", "private range"),
    ],
)
def test_an_endpoint_is_open_to_named_ranges_alone(ranges: str, said: str) -> None:
    line = complaint(endpoint_public_ranges=ranges)
    assert line.startswith("endpoint_public_ranges: ") and said in line


@pytest.mark.parametrize("stage", ["dev", "production"])
def test_an_open_endpoint_is_refused_in_production_as_everywhere(stage: str) -> None:
    given = GOOD | {"stage": stage, "endpoint_public_ranges": "0.0.0.0/0", "node_release": "1.36.1-20261101"}
    if stage == "production":
        given |= {"domain": "multas.gob.ar", "hosted_zone_name": "gob.ar"}
    (line,) = complaints(given)
    assert "nearly everybody" in line


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("", "admin_role is missing"),
        ("administrators", "no ARN of a role or user of IAM"),
        ("arn:aws:iam::111122223333:root", "everybody of an account"),
        ("arn:aws:iam::111122223333:user/olga", "is a user: name a role"),
        ("arn:aws:sts::111122223333:assumed-role/administrators/olga", "a session, which ends"),
    ],
)
def test_the_administrator_is_a_role(arn: str, said: str) -> None:
    assert said in complaint(admin_role=arn)


def test_production_names_the_release_of_its_nodes() -> None:
    production = GOOD | {"stage": "production", "domain": "multas.gob.ar", "hosted_zone_name": "gob.ar"}
    (line,) = complaints(production)
    assert line.startswith("node_release is missing: production names the release of its nodes' image")
    assert Settings.from_context(production | {"node_release": "1.36.1-20261101"}).node_release


def test_a_release_of_nodes_is_of_the_clusters_version() -> None:
    assert complaint(node_release="1.35.2-20261101") == (
        "node_release='1.35.2-20261101' is of another version than kubernetes_version=1.36: give one that begins with 1.36., or none"
    )


def test_bounds_and_peaks_count_pods_and_nodes() -> None:
    assert complaint(min_pods=13) == "max_pods=12 is below min_pods=13: give a larger one, for example: -c max_pods=13"
    assert complaint(min_nodes=9) == "max_nodes=6 is below min_nodes=9: give a larger one, for example: -c max_nodes=9"
    assert "asks for more than max_pods=12" in complaint(peaks="08:00-09:00=13")
    assert "asks for fewer than min_pods=3" in complaint(peaks="08:00-09:00=2", min_pods=3)


def test_a_tier_leaves_the_settings_of_another_alone() -> None:
    asg = {key: value for key, value in GOOD.items() if key != "admin_role"} | {"tier": "asg", "min_nodes": 50}
    assert Settings.from_context(asg).min_nodes == 50
