"""Whether the class of the managed database can be had, with a standby in another zone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from operate.finding import Finding, ok, stops, warning
from operate.subject import Subject
from stacks.choices import POSTGRESQL

_MAJOR = POSTGRESQL.partition(".")[0]


def database(subject: Subject) -> Iterator[Finding]:
    name = subject.settings.database_class
    pages = (
        subject.account.client("rds")
        .get_paginator("describe_orderable_db_instance_options")
        .paginate(Engine="postgres", DBInstanceClass=name, Vpc=True)
    )
    options = [
        option
        for page in pages
        for option in page["OrderableDBInstanceOptions"]
        if option["EngineVersion"].split(".")[0] == _MAJOR
    ]
    wanted = [option for option in options if option["MultiAZCapable"] and option["StorageType"] == "gp3"]
    offers = (
        f"aws rds describe-orderable-db-instance-options --region {subject.region} --engine postgres --vpc "
        "--query 'OrderableDBInstanceOptions[?MultiAZCapable].DBInstanceClass'; then -c database_class=CLASS"
    )
    if not options:
        yield stops("database", f"{subject.region} has no {name} for PostgreSQL {_MAJOR}", offers)
    elif not wanted:
        yield stops("database", f"{subject.region} has {name}, but not with a standby on gp3 storage", offers)
    elif not (exact := [option for option in wanted if option["EngineVersion"] == POSTGRESQL]):
        newest = max((option["EngineVersion"] for option in wanted), key=_numbers)
        yield warning(
            "database",
            f"{subject.region} makes no new database of PostgreSQL {POSTGRESQL} any more: one that runs stays, a first deployment would fail",
            f'write POSTGRESQL = "{newest}" into stacks/choices.py, and read the snapshots\' diff (make snapshots)',
        )
    else:
        zones = sorted({zone["Name"] for option in exact for zone in option.get("AvailabilityZones", [])})
        yield ok(
            "database", f"{name} with PostgreSQL {POSTGRESQL} and a standby, in {', '.join(zones) or subject.region}"
        )


def _numbers(version: str) -> list[int]:
    """What versions are ordered by; RDS has some with words between the numbers."""
    return [int(number) for number in re.findall(r"\d+", version)]
