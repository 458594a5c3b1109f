"""What the world reaches of the host, and what it does not."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import instances
from rehearsal.checks.wire import TRIED, answering

# Without a database: more than four times what the group takes to notice a dead machine (cloud/fleet.py).
AWAY_SECONDS = 14
_OPEN = {53, 80, 443}
_MARK = b"rehearsal: does this come through?"
# Reads what comes to the machine's interface, before any rule of its own, until a second has brought nothing, or eight are over.
_SEES = """
import socket, struct, sys, time
mark, found, end = bytes.fromhex(sys.argv[1]), set(), time.monotonic() + 8
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as wire:
    wire.settimeout(1)
    print("looking", flush=True)
    while time.monotonic() < end:
        try:
            packet = wire.recv(65535)
        except TimeoutError:
            break
        if packet[9] == 17 and packet.endswith(mark):
            found.add(struct.unpack("!H", packet[(packet[0] & 15) * 4 + 2 :][:2])[0])
print(*found)
"""


@check("single")
def nothing_answers_on_the_public_address_but_53_80_and_443(subject: Subject) -> str:
    with ThreadPoolExecutor(1) as beside:
        datagrams = beside.submit(_come_through, subject, [*TRIED, 5355])
        found = answering(subject.address)
        came = datagrams.result()
    if found - _OPEN or not {80, 443} <= found:
        raise CheckError(f"these ports answer: {sorted(found)}")
    listening = set()
    for line in subject.host.run("ss", "-Hlntu").stdout.splitlines():
        address = line.split()[4]
        host, _, port = address.rpartition(":")
        if not host.strip("[]").split("%")[0].startswith(("127.", "::1")):
            listening.add(int(port))
    # what systemd-resolved has for link-local names is closed by the security group as well, as is seen below
    if stray := listening - _OPEN - {5355}:
        raise CheckError(f"these ports listen beyond the loopback: {sorted(stray)}")
    if came != {53}:
        raise CheckError(f"datagrams come through to these ports: {sorted(came)}")
    return f"{len(TRIED)} ports tried from outside, {sorted(found)} answer; datagrams come through to 53 alone"


def _come_through(subject: Subject, ports: Sequence[int]) -> set[int]:
    """The ports at which datagrams that are sent to the public address come to the host, whoever listens there."""
    command = ["nsenter", "--target", str(subject.host.leader), "--net", "--", sys.executable, "-c", _SEES, _MARK.hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        watch.stdout.readline()  # it looks
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for port in (*ports, 53):  # the last one ends it
                with contextlib.suppress(OSError):  # a refusal of the one before
                    sender.sendto(_MARK, (subject.address, port))
                time.sleep(0.0005)
        seen = watch.communicate(timeout=30)[0]
    return {int(port) for port in seen.split()}


@check("single")
def plain_http_is_redirected_to_https(subject: Subject) -> str:
    answer = httpx.get(f"http://{subject.address}/admin/", headers={"Host": subject.domain}, timeout=10)
    if answer.status_code != 301 or answer.headers["Location"] != f"https://{subject.domain}/admin/":
        raise CheckError(f"{answer.status_code}, Location {answer.headers.get('Location')!r}")
    return answer.headers["Location"]


@check("single")
def a_database_that_is_away_makes_the_host_unready_and_replaces_nothing(subject: Subject) -> str:
    host, before = subject.host, _serving(subject)
    host.run("systemctl", "stop", "postgresql@17-main.service")
    try:
        deadline = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < deadline:
            health, ready = _status(subject, "/healthz"), _status(subject, "/readyz")
            if health != 200 or ready == 200:
                raise CheckError(f"with the database stopped /healthz is {health} and /readyz {ready}")
            time.sleep(2)
    finally:
        host.run("systemctl", "start", "postgresql@17-main.service")
    deadline = time.monotonic() + 20
    while _status(subject, "/readyz") != 200:
        if time.monotonic() > deadline:
            raise CheckError("the database came back, /readyz did not within 20 s")
        time.sleep(0.5)
    if before != (after := _serving(subject)):
        raise CheckError(f"before the database went {before} served, after it {after}")
    return f"{AWAY_SECONDS} s without a database: /healthz good, /readyz not; {after[0]} and its {len(after) - 1} containers still there"


def _serving(subject: Subject) -> list[str]:
    """The ids of the machine, and of its containers with the moment of their start."""
    shown = subject.host.run("podman", "ps", "--filter", "name=fines-web", "--format", "{{.ID}} {{.StartedAt}}").stdout
    return instances(subject) + sorted(shown.splitlines())


def _status(subject: Subject, path: str) -> int:
    # whose certificate it is, is another check's
    with httpx.Client(verify=False, timeout=10) as client:  # noqa: S501
        return client.get(f"https://{subject.address}{path}", headers={"Host": subject.domain}).status_code
