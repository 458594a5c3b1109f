"""The local AWS of these tests, started once; each test has an account of its own in it."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from tests.operate.server import REGION
from tests.operate.world import World, next_number

_PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def models() -> Iterator[None]:
    """Each session would read AWS's descriptions of its services anew, which takes longer than the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        yield


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("aws")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.operate.server", str(port), str(folder)],
        cwd=_PROJECT,
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
            raise AssertionError("the local AWS did not start:\n" + "\n".join(log.read_text().splitlines()[-20:]))
        yield f"http://127.0.0.1:{port}"
    finally:
        # It has workers of its own, in the same process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test finds the credentials, the profiles or the cdk.json of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def world(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """An account, with a user in it whose credentials are in the environment."""
    world = World(endpoint, REGION, next_number(), "", "")
    iam = world("iam")
    iam.create_user(UserName="operator")
    iam.attach_user_policy(UserName="operator", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    world.key, world.secret = key["AccessKeyId"], key["SecretAccessKey"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", world.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", world.secret)
    return world
