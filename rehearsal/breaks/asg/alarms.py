"""Alarms that nothing sets off, and ages that nobody tells."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, no_alarm, other_alarm, other_statements, refusals_expected, role_of
from rehearsal.checks import Subject
from rehearsal.checks.asg.alarms import (
    each_alarm_goes_off_by_bad_figures_is_quiet_by_good_ones_and_takes_silence_as_it_should as check,
)
from rehearsal.checks.asg.alarms import (
    each_machine_says_how_old_the_oldest_password_of_the_database_is as ages,
)


@breaks(check, says="by bad figures RotationOverdue is OK, not ALARM", again=True, PATIENCE=25)
def the_alarm_on_passwords_waits_for_a_year(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, "OldestPasswordSeconds", Threshold=365 * 86400.0):
        yield


@breaks(check, says="by silence DatabaseBusy is OK, not ALARM", again=True, PATIENCE=25)
def the_alarm_on_a_busy_database_takes_silence_for_a_good_sign(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, "CPUUtilization", TreatMissingData="notBreaching"):
        yield


@breaks(check, says="these alarms are not there: Certificate", again=True)
def nobody_is_told_that_the_certificate_ends(subject: Subject) -> Iterator[None]:
    with no_alarm(subject, "DaysToExpiry"):
        yield


@breaks(ages, says="the oldest password is", again=True)
def machines_may_not_look_at_the_secrets(subject: Subject) -> Iterator[None]:
    def narrow(statements: Statements) -> Statements:
        return [s for s in statements if s["Sid"] != "TellAgesOfPasswords"]

    with refusals_expected(subject), other_statements(subject, role_of(subject, "RolesHost"), narrow):
        yield
