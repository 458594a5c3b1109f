"""The checks of tier asg, in the order in which they run: what breaks machines comes late."""

# The order of these lines is the order of the checks.
from rehearsal.checks.asg import resources  # isort: skip
from rehearsal.checks.asg import front  # isort: skip
from rehearsal.checks.asg import traffic  # isort: skip
from rehearsal.checks.asg import rotation  # isort: skip
from rehearsal.checks.asg import failover  # isort: skip
from rehearsal.checks.asg import fleet  # isort: skip

__all__ = ["failover", "fleet", "front", "resources", "rotation", "traffic"]
