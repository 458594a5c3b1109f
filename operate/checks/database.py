"""Whether the class of the managed database can be had, with a standby in another zone."""

from __future__ import annotations

from collections.abc import Iterator

from operate.finding import Finding, ok, stops
from operate.subject import Subject

_MAJOR = "17"


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
    else:
        zones = sorted({zone["Name"] for option in wanted for zone in option.get("AvailabilityZones", [])})
        yield ok("database", f"{name} with PostgreSQL {_MAJOR} and a standby, in {', '.join(zones) or subject.region}")
