"""The checks of tier asg, in the order in which they run: what breaks machines comes late."""

# The order of these lines is the order of the checks.
from rehearsal.checks.asg import resources  # isort: skip
from rehearsal.checks.asg import front  # isort: skip
from rehearsal.checks.asg import traffic  # isort: skip
from rehearsal.checks.asg import devices  # isort: skip
from rehearsal.checks.asg import rotation  # isort: skip
from rehearsal.checks.asg import dumps  # isort: skip
from rehearsal.checks.asg import alarms  # isort: skip
from rehearsal.checks.asg import restores  # isort: skip
from rehearsal.checks.asg import migrations  # isort: skip
from rehearsal.checks.asg import fleet  # isort: skip
from rehearsal.checks.asg import destroy  # isort: skip

__all__ = [
    "alarms",
    "destroy",
    "devices",
    "dumps",
    "fleet",
    "front",
    "migrations",
    "resources",
    "restores",
    "rotation",
    "traffic",
]
