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
from rehearsal.checks.wire import TRIED, answering

_OPEN = {53, 80, 443}
_MARK = b"rehearsal: does this come through?"
_LAST = b"rehearsal: this was the last."
_WATCHES = 60.0  # seconds within which the last must have come, however busy this system is
# Reads what comes to the machine's interface, before any rule of its own, until the last mark comes.
_SEES = """
import socket, struct, sys
mark, last, found = bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]), set()
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as wire:
    print("looking", flush=True)
    while not (packet := wire.recv(65535)).endswith(last):
        if packet[9] == 17 and packet.endswith(mark):
            found.add(struct.unpack("!H", packet[(packet[0] & 15) * 4 + 2 :][:2])[0])
print(*found)
"""


@check("single", beside="the outage")
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
    if stray := listening - _OPEN:
        raise CheckError(f"these ports listen beyond the loopback: {sorted(stray)}")
    if came != {53}:
        raise CheckError(f"datagrams come through to these ports: {sorted(came)}")
    return f"{len(TRIED)} ports tried from outside, {sorted(found)} answer; datagrams come through to 53 alone"


def _come_through(subject: Subject, ports: Sequence[int]) -> set[int]:
    """The ports at which datagrams that are sent to the public address come to the host, whoever listens there.

    Raises:
        CheckError: the last of them, sent to a port that is open, did not come: then nothing is known of the others.
    """
    command = ["nsenter", "--target", str(subject.host.leader), "--net", "--", sys.executable, "-c", _SEES]
    with subprocess.Popen([*command, _MARK.hex(), _LAST.hex()], stdout=subprocess.PIPE, text=True) as watch:
        try:
            assert watch.stdout is not None
            watch.stdout.readline()  # it looks
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for port in ports:
                    with contextlib.suppress(OSError):  # a refusal of the one before
                        sender.sendto(_MARK, (subject.address, port))
                    time.sleep(0.0005)
                deadline = time.monotonic() + _WATCHES
                while watch.poll() is None:
                    if time.monotonic() > deadline:
                        raise CheckError(f"the last datagram, to port 53, did not come within {_WATCHES:.0f} s")
                    with contextlib.suppress(OSError):
                        sender.sendto(_LAST, (subject.address, 53))
                    time.sleep(0.1)
            return {int(port) for port in watch.stdout.read().split()}
        finally:
            watch.kill()


@check("single", beside="the outage")
def plain_http_is_redirected_to_https(subject: Subject) -> str:
    answer = httpx.get(f"http://{subject.address}/admin/", headers={"Host": subject.domain}, timeout=10)
    if answer.status_code != 301 or answer.headers["Location"] != f"https://{subject.domain}/admin/":
        raise CheckError(f"{answer.status_code}, Location {answer.headers.get('Location')!r}")
    return answer.headers["Location"]
