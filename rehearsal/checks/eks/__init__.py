"""The checks of tier eks, in the order in which they run: what breaks pods and nodes comes late."""

# The order of these lines is the order of the checks.
from rehearsal.checks.eks import resources  # isort: skip
from rehearsal.checks.eks import front  # isort: skip
from rehearsal.checks.eks import traffic  # isort: skip
from rehearsal.checks.eks import admission  # isort: skip
from rehearsal.checks.eks import network  # isort: skip
from rehearsal.checks.eks import access  # isort: skip
from rehearsal.checks.eks import pages  # isort: skip
from rehearsal.checks.eks import alarms  # isort: skip
from rehearsal.checks.eks import scaling  # isort: skip
from rehearsal.checks.eks import boundary  # isort: skip
from rehearsal.checks.eks import people  # isort: skip
from rehearsal.checks.eks import permissions  # isort: skip
from rehearsal.checks.eks import desk  # isort: skip
from rehearsal.checks.eks import dashboard  # isort: skip
from rehearsal.checks.eks import clock  # isort: skip
from rehearsal.checks.eks import devices  # isort: skip
from rehearsal.checks.eks import jobs  # isort: skip
from rehearsal.checks.eks import schedule  # isort: skip
from rehearsal.checks.eks import restores  # isort: skip
from rehearsal.checks.eks import rotation  # isort: skip
from rehearsal.checks.eks import calm  # isort: skip
from rehearsal.checks.eks import rollouts  # isort: skip
from rehearsal.checks.eks import losses  # isort: skip
from rehearsal.checks.eks import failover  # isort: skip
from rehearsal.checks.eks import promotion  # isort: skip
from rehearsal.checks.eks import refusals  # isort: skip
from rehearsal.checks.eks import destroy  # isort: skip

__all__ = [
    "access",
    "admission",
    "alarms",
    "boundary",
    "calm",
    "clock",
    "dashboard",
    "desk",
    "destroy",
    "devices",
    "failover",
    "front",
    "jobs",
    "losses",
    "network",
    "pages",
    "people",
    "permissions",
    "promotion",
    "refusals",
    "resources",
    "restores",
    "rollouts",
    "rotation",
    "scaling",
    "schedule",
    "traffic",
]
