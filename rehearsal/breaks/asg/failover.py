"""A standby that lags behind what was acknowledged, and a page of the runbook that fails over nothing."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator

from rehearsal.breaks import BreakError, breaks
from rehearsal.breaks.project import changed_runbook
from rehearsal.checks import Subject
from rehearsal.checks.asg.failover import (
    a_failover_asked_for_by_the_runbook_loses_no_fine_and_the_old_primary_takes_no_write,
    the_database_loses_power_under_load_and_no_acknowledged_fine_is_lost_and_nothing_that_serves_is_replaced,
)
from rehearsal.checks.rds import await_standby, primary, psql
from rehearsal.machines.machine import Machine

_FINES_FIRST = 20  # that still reach the standby: of the load, so that its people are there on both
_TABLE = "lag"


@breaks(
    the_database_loses_power_under_load_and_no_acknowledged_fine_is_lost_and_nothing_that_serves_is_replaced,
    says="acknowledged fines are not there exactly once",
    again=True,
)
def commits_do_not_wait_for_a_standby_that_lags_behind(subject: Subject) -> Iterator[None]:
    standby, writer = await_standby(subject), primary(subject)
    # A sender that does not mind is what makes it lag unseen: else what is not received is noticed after five seconds.
    for setting in ("synchronous_commit = local", "wal_sender_timeout = '5min'"):
        psql(writer, f"ALTER SYSTEM SET {setting}")
    psql(writer, "SELECT pg_reload_conf()")
    over, lags = threading.Event(), threading.Event()
    lag = threading.Thread(target=_lag, args=(subject, writer, standby, over, lags), name="lag")
    lag.start()
    try:
        yield
    finally:
        over.set()
        lag.join()
        _nft(subject, f"table ip {_TABLE}\ndelete table ip {_TABLE}")
    if not lags.is_set():
        raise BreakError("nothing held the standby back")


@breaks(
    a_failover_asked_for_by_the_runbook_loses_no_fine_and_the_old_primary_takes_no_write,
    says="the standby was not promoted within",
    PROMOTED_SECONDS=10,
)
def the_page_restarts_the_database_where_it_is(subject: Subject) -> Iterator[None]:
    await_standby(subject)
    with changed_runbook(subject, {" --force-failover": " --no-force-failover"}):
        yield


def _lag(subject: Subject, writer: Machine, standby: Machine, over: threading.Event, lags: threading.Event) -> None:
    """Holds back what the primary sends to its standby, once the load's first fines are there."""
    count = "SELECT count(*) FROM infracciones_infraccion"
    goal = int(psql(writer, count)) + _FINES_FIRST
    while not over.wait(0.1):
        with contextlib.suppress(OSError, subprocess.SubprocessError):  # it has lost its power meanwhile
            if int(psql(writer, count)) >= goal:
                rule = f"ip saddr {writer.address} ip daddr {standby.address} drop"
                hook = "type filter hook forward priority filter - 1; policy accept;"
                _nft(subject, f"table ip {_TABLE} {{\nchain forward {{\n{hook}\n{rule}\n}}\n}}")
                lags.set()
                return


def _nft(subject: Subject, rules: str) -> None:
    command = subject.tier.network.inside("nft", "-f", "-")
    done = subprocess.run(command, check=False, input=rules, capture_output=True, text=True)
    if done.returncode:
        raise BreakError(f"nft refused {rules!r}: {done.stderr.strip()}")
