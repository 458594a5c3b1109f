"""A power loss is counted without the time to notice and the hook, and needs a recovery that really happened."""

from __future__ import annotations

import pytest

from bench import power

CRASHED = """\
2026-01-31 10:00:03.100 UTC [71] LOG:  starting PostgreSQL 17.12 (Debian 17.12-0+deb13u1) on x86_64-pc-linux-gnu
2026-01-31 10:00:03.120 UTC [74] LOG:  database system was interrupted; last known up at 2026-01-31 09:58:00 UTC
2026-01-31 10:00:03.300 UTC [74] LOG:  database system was not properly shut down; automatic recovery in progress
2026-01-31 10:00:03.310 UTC [74] LOG:  redo starts at 0/2F36AD0
2026-01-31 10:00:03.700 UTC [71] LOG:  database system is ready to accept connections
"""
CLEAN = """\
2026-01-31 10:00:03.100 UTC [71] LOG:  starting PostgreSQL 17.12
2026-01-31 10:00:03.120 UTC [74] LOG:  database system was shut down at 2026-01-31 09:58:00 UTC
2026-01-31 10:00:03.700 UTC [71] LOG:  database system is ready to accept connections
"""


def test_the_recovery_is_from_the_start_to_readiness() -> None:
    assert power.crash_recovery(CRASHED) == pytest.approx(0.6)


@pytest.mark.parametrize("log", [CLEAN, "", CLEAN + CRASHED])
def test_a_start_without_a_recovery_is_an_error(log: str) -> None:
    with pytest.raises(power.PowerError, match="no recovery"):
        power.crash_recovery(log)


def test_the_time_to_notice_and_the_hook_are_not_counted_and_are_told() -> None:
    ratio = power.ratio_of(power.Loss(silence=131.0, notice=6.0, hook=60.0, recovery=0.5, boot=63.0), boot=64.5)
    assert ratio.value == pytest.approx(1.0)
    assert ratio.holds
    assert "6.0 s to notice and 60.0 s of the hook" in ratio.detail


def test_a_host_that_comes_back_slowly_falls_short() -> None:
    assert not power.ratio_of(
        power.Loss(silence=170.0, notice=6.0, hook=60.0, recovery=0.5, boot=100.0), boot=64.5
    ).holds


def test_answers_that_were_under_way_when_the_power_went_are_not_the_new_hosts() -> None:
    assert power.first_after([10.0, 11.0, 90.0, 91.0], 70.0) == 90.0
    with pytest.raises(power.PowerError, match="new host"):
        power.first_after([10.0], 70.0)
