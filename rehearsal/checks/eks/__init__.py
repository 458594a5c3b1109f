"""The checks of tier eks, in the order in which they run: what breaks pods and nodes comes late."""

# The order of these lines is the order of the checks.
from rehearsal.checks.eks import resources  # isort: skip
from rehearsal.checks.eks import front  # isort: skip
from rehearsal.checks.eks import traffic  # isort: skip
from rehearsal.checks.eks import admission  # isort: skip
from rehearsal.checks.eks import network  # isort: skip
from rehearsal.checks.eks import access  # isort: skip
from rehearsal.checks.eks import rollouts  # isort: skip
from rehearsal.checks.eks import losses  # isort: skip
from rehearsal.checks.eks import refusals  # isort: skip

__all__ = ["access", "admission", "front", "losses", "network", "refusals", "resources", "rollouts", "traffic"]
