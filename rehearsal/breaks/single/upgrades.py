"""A database that stays down after an upgrade."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.single.upgrades import a_database_whose_package_is_upgraded_starts_again_by_itself

_HOOK = "/etc/apt/apt.conf.d/60fines-database"
_START = "systemctl start postgresql@17-main.service"


@breaks(
    a_database_whose_package_is_upgraded_starts_again_by_itself,
    says="after its package was installed the database does not run",
    again=True,
)
def nobody_starts_the_database_after_its_upgrade(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _HOOK, {"DPkg::Post-Invoke": "Fines::Nobody"}, then=_START):
        yield
