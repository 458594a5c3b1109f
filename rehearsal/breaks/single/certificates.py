"""Certificates that nobody issued, and one that is never renewed."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited, shell
from rehearsal.checks import Subject
from rehearsal.checks.single.certificates import (
    a_certificate_in_its_last_third_is_renewed,
    await_issued,
    the_certificate_was_issued_by_the_authority_and_https_verifies_against_it,
)

_LIVE = "/srv/fines/certificates"
_KEPT = "/run/fines/certificates-kept"
_METRICS = "/opt/fines/host/bin/metrics"
_SELF_SIGNED = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN={domain} "
    f"-addext subjectAltName=DNS:{{domain}} -keyout {_LIVE}/privkey.pem -out {_LIVE}/fullchain.pem 2> /dev/null"
)


@breaks(
    the_certificate_was_issued_by_the_authority_and_https_verifies_against_it, says="HTTPS does not verify", PATIENCE=5
)
def the_host_goes_on_with_the_certificate_that_it_signed_itself(subject: Subject) -> Iterator[None]:
    host = subject.host
    await_issued(subject, patience=150)  # a host that is new has none yet, and would be red by itself
    signed = _SELF_SIGNED.format(domain=subject.domain)
    shell(
        host,
        f"systemctl stop fines-certificate.timer; cp -a {_LIVE} {_KEPT}; {signed}; systemctl reload nginx; sleep 1",
    )
    try:
        yield
    finally:
        back = (
            f"cp -a {_KEPT}/. {_LIVE}/; rm -rf {_KEPT}; systemctl reload nginx; systemctl start fines-certificate.timer"
        )
        shell(host, f"{back}; sleep 1")


@breaks(
    the_certificate_was_issued_by_the_authority_and_https_verifies_against_it,
    says="points of CertificateDaysLeft, the greatest is 0",
    again=True,
)
def nobody_learns_how_long_the_certificate_lasts(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _METRICS, {'"CertificateDaysLeft"': '"CertificateDays"'}):
        yield


@breaks(a_certificate_in_its_last_third_is_renewed, says="HTTPS does not verify", again=True)
def a_certificate_is_renewed_in_its_last_hundredth(subject: Subject) -> Iterator[None]:
    shell(subject.host, "until command -v certbot > /dev/null; do sleep 1; done", timeout=150)  # who renews comes late
    with edited(subject.host, "/opt/fines/host/bin/certificate", {"startdate)) / 3)": "startdate)) / 100)"}):
        yield
