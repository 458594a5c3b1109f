"""The service as it is deployed: its entrypoint, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from testing.postgres import SUPERUSER, Postgres

SERVICE = Path(__file__).resolve().parent.parent


def environment(postgres: Postgres, secrets: Path, **more: str) -> dict[str, str]:
    """What a container is given, for this database."""
    return {
        # The entrypoint looks for python3, as in the image.
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SECRETS_DIR": str(secrets),
        "ALLOWED_HOSTS": "localhost,fines.example",
        "PUBLIC_URL": "https://fines.example",
        "TIME_ZONE": "America/Argentina/Buenos_Aires",
        "DATABASE_HOST": str(postgres.socket),
        "DATABASE_NAME": "postgres",
        "DATABASE_USER": SUPERUSER,
        **more,
    }


def manage(env: dict[str, str], *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run the entrypoint with words, as an operator does in a container."""
    return subprocess.run(
        [str(SERVICE / "entrypoint"), *words], env=env, input=text, capture_output=True, text=True, check=False
    )


class Server:
    """`serve` on a free port; as a context it ends with its block."""

    def __init__(self, env: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed when the block ends
        self.process = subprocess.Popen(
            [str(SERVICE / "entrypoint"), "serve"],
            env=env | {"WEB_PORT": str(self.port), "WEB_ADDRESS": "127.0.0.1"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            # A group of its own, so that the worker can be ended with its parent.
            start_new_session=True,
        )

    def __enter__(self) -> Server:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
            if self.process.poll() is not None:
                break
        log = self.log()
        self.__exit__(None, None, None)
        raise RuntimeError(f"the server did not start: {log}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._log.close()

    def log(self) -> str:
        """All that the server has written so far."""
        self._log.flush()
        self._log.seek(0)
        return self._log.read()

    def log_lines(self) -> list[dict[str, Any]]:
        """The lines of the log; each is JSON."""
        return [json.loads(line) for line in self.log().splitlines()]
