"""The database's standby takes over, and pods find it."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.failover import (
    a_failover_asked_for_by_the_runbook_loses_no_fine_and_the_old_primary_takes_no_write as asked_for,
)
from rehearsal.checks.asg.failover import (
    the_database_loses_power_under_load_and_no_acknowledged_fine_is_lost_and_nothing_that_serves_is_replaced as power,
)
from rehearsal.checks.runbook import no_cli

check("eks")(power)
check("eks", takes=no_cli)(asked_for)
