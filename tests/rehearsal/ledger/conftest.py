"""The local AWS of the ledger's tests, started once, and a small stack in it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rehearsal.ledger.bench import Aws, Deployed, small_template
from tests.rehearsal.ledger.server import REGION

_PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A local AWS with the types that the rehearsal teaches it."""
    folder = tmp_path_factory.mktemp("aws")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.rehearsal.ledger.server", str(port), str(folder)],
        cwd=_PROJECT,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    cloud = Aws(endpoint=f"http://127.0.0.1:{port}", region=REGION)
    try:
        _await(port, server, log)
        cloud("ssm").put_parameter(Name="/test/image", Value="ami-0123456789abcdef0", Type="String")
        cloud("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        yield cloud
    finally:
        # It has workers of its own, in the same process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture
def stack(aws: Aws) -> Deployed:
    """The small template, deployed anew, so that a test may change it."""
    return aws.deploy(small_template())


def _await(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError("the local AWS did not start:\n" + "\n".join(log.read_text().splitlines()[-20:]))
