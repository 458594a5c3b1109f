"""Nights on which nothing happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited, shell
from rehearsal.checks import Subject
from rehearsal.checks.single.calendar import (
    backups_drills_and_security_upgrades_are_due_within_a_day,
    figures_certificates_and_credentials_are_seen_to_all_day_without_anybody_asking,
)


@breaks(backups_drills_and_security_upgrades_are_due_within_a_day, says="fines-backup.timer will not run", again=True)
def the_backup_waits_for_another_century(subject: Subject) -> Iterator[None]:
    timer = "/etc/systemd/system/fines-backup.timer"
    again = "systemctl daemon-reload && systemctl restart fines-backup.timer"
    with edited(subject.host, timer, {"OnCalendar=*-*-* 02:30:00 UTC": "OnCalendar=2199-01-01"}, then=again):
        yield


@breaks(
    figures_certificates_and_credentials_are_seen_to_all_day_without_anybody_asking,
    says="fines-metrics.timer will not run as often",
    again=True,
)
def figures_are_sent_once_in_ten_weeks(subject: Subject) -> Iterator[None]:
    # a later word than that of whoever hurries the timer for another check
    last = "/run/systemd/system/fines-metrics.timer.d/zz-seldom.conf"
    seldom = "[Timer]\\nOnActiveSec=\\nOnUnitActiveSec=\\nOnActiveSec=10w\\nOnUnitActiveSec=10w\\n"
    again = "systemctl daemon-reload && systemctl restart fines-metrics.timer"
    try:
        shell(subject.host, f"mkdir -p {last.rpartition('/')[0]}; printf '{seldom}' > {last}; {again}")
        yield
    finally:
        shell(subject.host, f"rm -f {last}; {again}; sleep 12")


@breaks(
    figures_certificates_and_credentials_are_seen_to_all_day_without_anybody_asking,
    says="CloudWatch heard of none",
    again=True,
)
def the_figures_program_runs_and_sends_nothing(subject: Subject) -> Iterator[None]:
    # ten seconds after its start the timer goes off
    again = "sleep 5; systemctl restart fines-metrics.timer; sleep 12"
    with edited(
        subject.host,
        "/opt/fines/host/bin/metrics",
        {"    subprocess.run(command, check=True, timeout=50, stdout=subprocess.DEVNULL)\n": ""},
        then=again,
    ):
        yield


@breaks(backups_drills_and_security_upgrades_are_due_within_a_day, says="apt-daily.timer will not run", again=True)
def nobody_looks_what_debian_mended(subject: Subject) -> Iterator[None]:
    try:
        shell(subject.host, "systemctl stop apt-daily.timer")
        yield
    finally:
        shell(subject.host, "systemctl start apt-daily.timer")


@breaks(backups_drills_and_security_upgrades_are_due_within_a_day, says="upgrades are not asked for", again=True)
def upgrades_are_switched_off(subject: Subject) -> Iterator[None]:
    with _apt_is_told(subject, 'APT::Periodic::Unattended-Upgrade "0";'):
        yield


@breaks(backups_drills_and_security_upgrades_are_due_within_a_day, says="no origin's are taken", again=True)
def no_origins_upgrades_are_taken(subject: Subject) -> Iterator[None]:
    with _apt_is_told(subject, "#clear Unattended-Upgrade::Origins-Pattern;"):
        yield


@contextmanager
def _apt_is_told(subject: Subject, line: str) -> Iterator[None]:
    """The host's apt has a line after all others."""
    last = "/etc/apt/apt.conf.d/99last"
    try:
        shell(subject.host, f"echo '{line}' > {last}")
        yield
    finally:
        shell(subject.host, f"rm -f {last}")
