"""A day's fines, uploaded by devices in its three peaks, to pods."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.devices import (
    a_days_fines_of_two_hundred_devices_in_three_peaks_half_of_them_cut_and_repeated_are_each_there_once,
)

check("eks", beside=True)(
    a_days_fines_of_two_hundred_devices_in_three_peaks_half_of_them_cut_and_repeated_are_each_there_once
)
