"""A MiniStack of the tests' own: a program that serves it on a port of the loopback, started and ended."""

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

PROJECT = Path(__file__).resolve().parents[1]


def environment(port: str, folder: Path, region: str) -> dict[str, str]:
    """What MiniStack reads when it is imported."""
    return {
        "GATEWAY_PORT": port,
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": region,
        "STATE_DIR": str(folder / "state"),
        "HOME": str(folder),
        "IOT_MTLS_ENABLED": "0",
    }


@contextlib.contextmanager
def served(module: str, folder: Path) -> Iterator[str]:
    """The endpoint of a server program (python -m MODULE PORT FOLDER), for the length of a block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    (temporary := folder / "tmp").mkdir()  # what it leaves there goes with the folder
    server = subprocess.Popen(
        [sys.executable, "-m", module, str(port), str(folder)],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _await(port, server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        # It has workers of its own, in the same process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _await(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError("the local AWS did not start:\n" + "\n".join(log.read_text().splitlines()[-20:]))
