"""The checks of tier single, in the order in which they run: what breaks the host comes late."""

# The order of these lines is the order of the checks. The outage waits for the first backup: others come before it.
from rehearsal.checks.single import boot  # isort: skip
from rehearsal.checks.single import front  # isort: skip
from rehearsal.checks.single import limits  # isort: skip
from rehearsal.checks.single import exposure  # isort: skip
from rehearsal.checks.single import resources  # isort: skip
from rehearsal.checks.single import deployment  # isort: skip
from rehearsal.checks.single import permissions  # isort: skip
from rehearsal.checks.single import confinement  # isort: skip
from rehearsal.checks.single import outage  # isort: skip
from rehearsal.checks.single import dns  # isort: skip
from rehearsal.checks.single import traffic  # isort: skip
from rehearsal.checks.single import replays  # isort: skip
from rehearsal.checks.single import uploads  # isort: skip
from rehearsal.checks.single import bombs  # isort: skip
from rehearsal.checks.single import hostile  # isort: skip
from rehearsal.checks.single import evidence  # isort: skip
from rehearsal.checks.single import calls  # isort: skip
from rehearsal.checks.single import metrics  # isort: skip
from rehearsal.checks.single import backups  # isort: skip
from rehearsal.checks.single import desk  # isort: skip
from rehearsal.checks.single import tokens  # isort: skip
from rehearsal.checks.single import contract  # isort: skip
from rehearsal.checks.single import slow  # isort: skip
from rehearsal.checks.single import growth  # isort: skip
from rehearsal.checks.single import calendar  # isort: skip
from rehearsal.checks.single import alarms  # isort: skip
from rehearsal.checks.single import certificates  # isort: skip
from rehearsal.checks.single import pages  # isort: skip
from rehearsal.checks.single import upgrades  # isort: skip
from rehearsal.checks.single import releases  # isort: skip
from rehearsal.checks.single import restarts  # isort: skip
from rehearsal.checks.single import reboot  # isort: skip
from rehearsal.checks.single import replacements  # isort: skip
from rehearsal.checks.single import power  # isort: skip
from rehearsal.checks.single import loss  # isort: skip
from rehearsal.checks.single import scaling  # isort: skip
from rehearsal.checks.single import restores  # isort: skip
from rehearsal.checks.single import moves  # isort: skip
from rehearsal.checks.single import refusals  # isort: skip
from rehearsal.checks.single import destroy  # isort: skip

__all__ = [
    "alarms",
    "backups",
    "bombs",
    "boot",
    "calendar",
    "calls",
    "certificates",
    "confinement",
    "contract",
    "deployment",
    "desk",
    "destroy",
    "dns",
    "evidence",
    "exposure",
    "front",
    "growth",
    "hostile",
    "limits",
    "loss",
    "metrics",
    "moves",
    "outage",
    "pages",
    "permissions",
    "power",
    "reboot",
    "refusals",
    "releases",
    "replacements",
    "replays",
    "resources",
    "restarts",
    "restores",
    "scaling",
    "slow",
    "tokens",
    "traffic",
    "upgrades",
    "uploads",
]
