"""What the settings of tier asg ask of each other besides."""

from __future__ import annotations

import pytest

from tests.stacks.given import GOOD, complaint, complaints, read

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
