"""A bucket of the tests' own: MiniStack's S3 on a port of the loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = "fines-tests-media"
# MiniStack takes any key; twelve digits would be the account's number.
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The endpoint of an S3 that has the bucket, for the length of a block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "STATE_DIR": str(folder), "IOT_MTLS_ENABLED": "0"}
    log = folder / "server.log"
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env=os.environ | given | {"HOME": str(folder)},
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("MiniStack did not start:\n" + "\n".join(log.read_text().splitlines()[-20:]))
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has workers of its own, in the same process group
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def kept(media: Any) -> list[bytes]:
    """What lies in a bucket, as boto3 sees it."""
    return [each.get()["Body"].read() for each in media.objects.all()]
