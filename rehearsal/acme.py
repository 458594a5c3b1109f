"""What stands in for the certificate authority that the host asks: Debian's pebble, a test server of the ACME protocol.

It stands outside the rehearsed network, as an authority does: it asks the host's own name server where the domain leads,
and comes in by the public address, behind the security group.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from rehearsal.machines.network import Network
from rehearsal.machines.traces import Traces, start_time
from rehearsal.places import Run

ACME_NAME = "acme.example"
_PORTS = (443, *range(14000, 14020))
_MANAGEMENT = range(15000, 15020)


class AcmeError(RuntimeError):
    """The authority's server did not come up; the message has its last words."""


@dataclass(frozen=True)
class Acme:
    """The authority of a run. It is away until it is opened, as a domain leads nowhere before it is delegated."""

    run: Run
    network: Network
    port: int
    management: int
    pid: int = 0
    started: int | None = None

    @classmethod
    def plan(cls, run: Run, network: Network) -> Acme:
        """Chooses ports that are free at the network's address on this system, and remembers them."""
        planned = cls(run, network, _free(network.host, _PORTS), _free(network.host, _MANAGEMENT))
        planned._write()
        return planned

    @classmethod
    def load(cls, run: Run, network: Network) -> Acme:
        return cls(run, network, **json.loads((run.home / "acme.json").read_text()))

    @property
    def directory(self) -> str:
        """The URL that the setting acme_directory names."""
        return f"https://{ACME_NAME}{'' if self.port == 443 else f':{self.port}'}/dir"

    def open(self, name_server: str) -> Acme:
        """Starts the server, which asks a name server where the names lead that it certifies.

        Raises:
            AcmeError: it does not answer within ten seconds.
        """
        configuration = {
            "listenAddress": f"{self.network.host}:{self.port}",
            "managementListenAddress": f"{self.network.host}:{self.management}",
            "certificate": str(self.run.acme_certificate),
            "privateKey": str(self.run.acme_certificate),
            "httpPort": 80,
            "tlsPort": 443,
        }
        file = self.run.home / "pebble.json"
        file.write_text(json.dumps({"pebble": configuration}))
        log = self.run.logs / "acme.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                ["pebble", "-config", str(file), "-dnsserver", f"{name_server}:53"],
                # it would refuse one nonce in twenty, to see clients try again; certbot tries once
                env=os.environ | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        Traces(self.run.traces).process(process)
        opened = Acme(self.run, self.network, self.port, self.management, process.pid, start_time(process.pid))
        opened._write()
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(httpx.HTTPError):
                self._root.write_text(opened._asked_root())
                return opened
            if process.poll() is not None or time.monotonic() > deadline:
                raise AcmeError("pebble does not answer. Its last lines:\n" + log.read_text(errors="replace")[-800:])
            time.sleep(0.1)

    @property
    def _root(self) -> Path:
        return self.run.home / "acme-root.pem"

    def root(self) -> str:
        """The root certificate (PEM) that the authority's certificates end in; known while it is away, too."""
        return self._root.read_text()

    def _asked_root(self) -> str:
        context = ssl.create_default_context(cafile=str(self.run.authority))
        context.check_hostname = False  # the address stands for the name
        with httpx.Client(verify=context, timeout=5) as client:
            return client.get(f"https://{self.network.host}:{self.management}/roots/0").raise_for_status().text

    @contextlib.contextmanager
    def away(self) -> Iterator[list[float]]:
        """For the length of a block it takes connections and answers none: the worst way to be away.

        The block is given a list, which grows by the moments (seconds since 1970) at which somebody was seen to wait.
        """
        if self.started is None or start_time(self.pid) != self.started:
            raise AcmeError("the authority is not open")
        seen: list[float] = []
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(seen, over), name="who asks the authority")
        os.kill(self.pid, signal.SIGSTOP)
        try:
            watch.start()
            yield seen
        finally:
            over.set()
            watch.join()
            os.kill(self.pid, signal.SIGCONT)

    def _watch(self, seen: list[float], over: threading.Event) -> None:
        command = ["ss", "--no-header", "--tcp", "--numeric", "src", f"{self.network.host}:{self.port}"]
        while not over.wait(0.25):
            if subprocess.run(command, capture_output=True, check=True).stdout.strip():
                seen.append(time.time())

    def _write(self) -> None:
        facts = {"port": self.port, "management": self.management, "pid": self.pid, "started": self.started}
        (self.run.home / "acme.json").write_text(json.dumps(facts))


def _free(address: str, ports: tuple[int, ...] | range) -> int:
    for port in ports:
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((address, port))
            return port
    raise AcmeError(f"the ports {ports[0]} to {ports[-1]} of {address} are all taken: end what listens there")
