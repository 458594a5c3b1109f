"""The checks of tier asg, in the order in which they run: what breaks machines comes late."""

# The order of these lines is the order of the checks.
from rehearsal.checks.asg import resources  # isort: skip
from rehearsal.checks.asg import front  # isort: skip
from rehearsal.checks.asg import static_files  # isort: skip
from rehearsal.checks.asg import traffic  # isort: skip
from rehearsal.checks.asg import alarms  # isort: skip
from rehearsal.checks.asg import boundary  # isort: skip
from rehearsal.checks.asg import people  # isort: skip
from rehearsal.checks.asg import permissions  # isort: skip
from rehearsal.checks.asg import deployer  # isort: skip
from rehearsal.checks.asg import desk  # isort: skip
from rehearsal.checks.asg import dashboard  # isort: skip
from rehearsal.checks.asg import devices  # isort: skip
from rehearsal.checks.asg import dumps  # isort: skip
from rehearsal.checks.asg import calendar  # isort: skip
from rehearsal.checks.asg import rotation  # isort: skip
from rehearsal.checks.asg import dump_alarms  # isort: skip
from rehearsal.checks.asg import restores  # isort: skip
from rehearsal.checks.asg import migrations  # isort: skip
from rehearsal.checks.asg import fleet  # isort: skip
from rehearsal.checks.asg import peaks  # isort: skip
from rehearsal.checks.asg import rollout  # isort: skip
from rehearsal.checks.asg import failover  # isort: skip
from rehearsal.checks.asg import release  # isort: skip
from rehearsal.checks.asg import names  # isort: skip
from rehearsal.checks.asg import promotion  # isort: skip
from rehearsal.checks.asg import refusals  # isort: skip
from rehearsal.checks.asg import destroy  # isort: skip

__all__ = [
    "alarms",
    "boundary",
    "calendar",
    "dashboard",
    "deployer",
    "desk",
    "destroy",
    "devices",
    "dump_alarms",
    "dumps",
    "failover",
    "fleet",
    "front",
    "migrations",
    "names",
    "peaks",
    "people",
    "permissions",
    "promotion",
    "refusals",
    "release",
    "resources",
    "restores",
    "rollout",
    "rotation",
    "static_files",
    "traffic",
]
