"""A power loss is counted without the time to notice and what the hook outlasts a boot; it needs a recovery that really happened."""

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


def test_the_time_to_notice_and_what_the_hook_outlasts_a_boot_are_not_counted_and_are_told() -> None:
    ratio = power.ratio_of(power.Loss(silence=45.5, notice=6.0, hook=30.0, recovery=0.5, boot=33.0), boot=25.0)
    assert ratio.value == pytest.approx(34.5 / 25.5)
    assert ratio.holds
    assert "6.0 s to notice" in ratio.detail and "5.0 s for which the hook's heartbeat of 30.0 s" in ratio.detail


def test_a_hook_beside_which_a_boot_goes_on_is_counted() -> None:
    ratio = power.ratio_of(power.Loss(silence=71.0, notice=6.0, hook=60.0, recovery=0.5, boot=63.0), boot=64.5)
    assert ratio.value == pytest.approx(1.0)


def test_a_host_that_comes_back_slowly_falls_short() -> None:
    slow = power.Loss(
        silence=72.0, notice=3.0, hook=30.0, recovery=0.2, boot=66.0
    )  # of a boot that took half a minute more
    assert not power.ratio_of(slow, boot=26.0).holds


def test_answers_that_were_under_way_when_the_power_went_are_not_the_new_hosts() -> None:
    assert power.first_after([10.0, 11.0, 90.0, 91.0], 70.0) == 90.0
    with pytest.raises(power.PowerError, match="new host"):
        power.first_after([10.0], 70.0)
