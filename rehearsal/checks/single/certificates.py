"""The certificate: issued by the authority for the domain, verified as a browser does, and renewed in its last third."""

from __future__ import annotations

import datetime
import socket
import ssl
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.figures import sent_now

PATIENCE = 150  # seconds: the host asks each minute, once certbot is installed
_LIVE = "/srv/fines/certificates"


@check("single")
def the_certificate_was_issued_by_the_authority_and_https_verifies_against_it(subject: Subject) -> str:
    found = await_issued(subject)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if names.get_values_for_type(x509.DNSName) != [subject.domain]:
        raise CheckError(f"the certificate is for {names}, the domain is {subject.domain}")
    days = _days_left_by_cloudwatch(subject)
    return (
        f"by {found.issuer.rfc4514_string()}, until {found.not_valid_after_utc:%F}; CloudWatch has {days:.0f} days left"
    )


@check("single")
def a_certificate_in_its_last_third_is_renewed(subject: Subject) -> str:
    old, key = _ends_soon(subject.domain)
    host = subject.host
    host.run("tee", f"{_LIVE}/fullchain.pem", input=old.public_bytes(serialization.Encoding.PEM).decode())
    host.run("tee", f"{_LIVE}/privkey.pem", input=key)
    host.run("systemctl", "reload", "nginx")
    _await_shown(subject, old)
    done = host.run("systemctl", "start", "fines-certificate.service", check=False, timeout=120)
    if done.returncode:
        raise CheckError(f"the renewal failed: {host.journal(unit='fines-certificate.service', lines=8)}")
    found = await_issued(subject, patience=10)
    if found.not_valid_after_utc <= old.not_valid_after_utc:
        raise CheckError(f"a certificate that ends on {found.not_valid_after_utc:%F} answers, as before")
    return (
        f"one that ends on {old.not_valid_after_utc:%F} was replaced by one that ends on {found.not_valid_after_utc:%F}"
    )


def await_issued(subject: Subject, *, patience: float | None = None) -> x509.Certificate:
    """The certificate that answers on port 443, once it verifies against the authority's root for the domain's name."""
    context = ssl.create_default_context(cadata=subject.tier.acme.root())
    patience = PATIENCE if patience is None else patience
    deadline = time.monotonic() + patience
    while True:
        try:
            return _shown(subject, context)
        except ssl.SSLCertVerificationError as error:
            if time.monotonic() > deadline:
                said = subject.host.journal(unit="fines-certificate.service", lines=6)
                raise CheckError(
                    f"after {patience:.0f} s HTTPS does not verify: {error.verify_message}\n{said}"
                ) from error
        time.sleep(1)


def _await_shown(subject: Subject, certificate: x509.Certificate) -> None:
    """Waits until NGINX answers with a certificate, whoever issued it: a reload takes a moment."""
    anybodys = ssl.create_default_context()
    anybodys.check_hostname, anybodys.verify_mode = False, ssl.CERT_NONE
    deadline = time.monotonic() + 10
    while (seen := _shown(subject, anybodys)).serial_number != certificate.serial_number:
        if time.monotonic() > deadline:
            raise CheckError(f"10 s after its reload NGINX shows a certificate until {seen.not_valid_after_utc:%F}")
        time.sleep(0.2)


def _shown(subject: Subject, context: ssl.SSLContext) -> x509.Certificate:
    with (
        socket.create_connection((subject.address, 443), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=subject.domain) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)


def _days_left_by_cloudwatch(subject: Subject) -> float:
    """What the alarm on the certificate sees, once the host has sent it."""
    sent = sent_now(subject, "CertificateDaysLeft")
    days = max(sent, default=0.0)
    if days <= 0:
        raise CheckError(f"CloudWatch has {len(sent)} points of CertificateDaysLeft, the greatest is {days}")
    return days


def _ends_soon(domain: str) -> tuple[x509.Certificate, str]:
    """A certificate of an authority that nobody knows, eighty days old and ten from its end, with its key (PEM)."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An older authority")]))
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        .not_valid_before(now - datetime.timedelta(days=80))
        .not_valid_after(now + datetime.timedelta(days=10))
        .serial_number(x509.random_serial_number())
        .public_key(own.public_key())
        .sign(authority, hashes.SHA256())
    )
    key = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return made, key
