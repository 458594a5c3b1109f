"""The alarms, whose definitions are looked at by figures of the check's own."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.alarms import (
    each_alarm_goes_off_by_bad_figures_is_quiet_by_good_ones_and_takes_silence_as_it_should,
)

check("eks")(each_alarm_goes_off_by_bad_figures_is_quiet_by_good_ones_and_takes_silence_as_it_should)
