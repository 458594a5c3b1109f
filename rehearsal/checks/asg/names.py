"""The name of a stage while tier single's own server still answers for it: the next tier's certificate, and whom traffic reaches."""

from __future__ import annotations

import socket
import ssl
import time

import dns.message
import dns.query
import httpx
from cryptography import x509

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.weights import give, shares
from rehearsal.checks.neighbour import ask_for_certificate, deployed, neighbour, open_paths, paths, proof
from rehearsal.checks.pinned import Pinned
from rehearsal.checks.roaming import Asking, await_lead
from rehearsal.checks.variant import synth

ISSUED_SECONDS = 30


@check("asg", ahead=deployed)
def the_tier_deploys_with_its_certificate_while_tier_single_answers_for_the_name_and_weights_move_the_traffic(
    subject: Subject,
) -> str:
    single, tier = neighbour(subject, opened=False), subject.tier
    before = shares(subject)
    server, answered = single.outputs["PublicAddress"], 0
    if not tier.delegations:
        raise CheckError("the domain is not delegated to tier single's own server")
    certificate = ask_for_certificate(subject)
    began = time.monotonic()
    _await_issued(subject, certificate, proof(subject, certificate))
    issued = time.monotonic() - began
    given = {**subject.context, **paths(subject), "certificate_arn": certificate}
    try:
        subject.tier.cdk.deploy(synth(subject, given, "certificate"), lambda _: None, log="deploy-certificate")
        _must_show(subject, certificate)
        for name in ("single", "asg"):
            give(subject, {name: 100, "asg" if name == "single" else "single": 0})
            wanted = {server} if name == "single" else set(tier.addresses(subject.outputs["BalancerName"]))
            await_lead(tier, subject.domain, wanted)
            _must_answer(subject)
            answered += 1
        _must_still_answer(subject, server)
    finally:
        give(subject, before)
        open_paths(subject)
    return f"issued after {issued:.1f} s by a record of {server}, shown by the load balancer; {answered} changes of weights"


def _await_issued(subject: Subject, certificate: str, record: dict[str, str]) -> None:
    acm, until = subject.tier.client("acm"), time.monotonic() + ISSUED_SECONDS
    while (status := acm.describe_certificate(CertificateArn=certificate)["Certificate"]["Status"]) != "ISSUED":
        if time.monotonic() > until:
            raise CheckError(f"the certificate is {status} after {ISSUED_SECONDS} s: {record['Name']} is not seen")
        time.sleep(0.5)


def _must_show(subject: Subject, certificate: str) -> None:
    """The load balancer shows the certificate, at each address, to who verifies it."""
    pem = subject.tier.client("acm").get_certificate(CertificateArn=certificate)["Certificate"]
    wanted = x509.load_pem_x509_certificate(pem.encode()).serial_number
    trusted = ssl.create_default_context(cafile=str(subject.tier.run.authority))
    for address in subject.tier.addresses(subject.outputs["BalancerName"]):
        until = time.monotonic() + ISSUED_SECONDS
        while (shown := _serial(address, subject.domain, trusted)) != wanted:
            if time.monotonic() > until:
                raise CheckError(f"{address} shows the certificate {shown:x} and not {wanted:x}, which was given")
            time.sleep(0.5)


def _serial(address: str, domain: str, trusted: ssl.SSLContext) -> int:
    with (
        socket.create_connection((address, 443), timeout=10) as plain,
        trusted.wrap_socket(plain, server_hostname=domain) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(shown or b"").serial_number


def _must_answer(subject: Subject) -> None:
    with httpx.Client(transport=Asking(subject.tier, subject.domain, False), timeout=10) as client:
        answer = client.get(f"https://{subject.domain}/readyz")
    if answer.status_code != 200:
        raise CheckError(f"who asks where the name leads was answered {answer.status_code}: {answer.text[:160]}")


def _must_still_answer(subject: Subject, server: str) -> None:
    """Tier single's own server tells its own address all the while: who asks it is served."""
    told = dns.query.udp(dns.message.make_query(subject.domain, "A"), server, timeout=5)
    if server not in str(told.answer):
        raise CheckError(f"tier single's server leads {subject.domain} elsewhere: {told.answer}")
    with httpx.Client(transport=Pinned(server, subject.domain, False), timeout=10) as client:
        if (answer := client.get(f"https://{subject.domain}/readyz")).status_code != 200:
            raise CheckError(f"tier single answered {answer.status_code} to who still knows its address")
