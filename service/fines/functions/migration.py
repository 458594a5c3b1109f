"""A custom resource that migrates the database: CloudFormation changes what depends on it only when this went well."""

import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fines.database.credentials import Credentials, credentials
from fines.functions.authority import authority
from fines.functions.database import LOCK_MILLISECONDS, connect, logs_in
from fines.functions.releases import once_a_release
from fines.functions.roles import make_roles, open_schema, set_password

_SPARE = 15.0  # seconds of the function's time that are kept for the answer
# for a lock that others hold, and seconds between two tries, in which those who waited behind have their turn
_TRIES, _PAUSE = 20, 10.0
_ERROR = re.compile(r"\b\w*(Error|Exception): ")  # as Python's last words begin
_APP = Path(__file__).parent.parent.parent


def handler(event: dict[str, Any], context: Any) -> None:
    """Answers CloudFormation's request, whatever happens."""
    once_a_release(
        event,
        lambda: migrate(seconds=context.get_remaining_time_in_millis() / 1000 - _SPARE),
        trouble="the migration failed, nothing was replaced",
    )


def migrate(*, seconds: float) -> None:
    """Makes the roles, then runs the release's migrations as the one who owns the tables.

    Raises:
        RuntimeError: a migration failed; with its last line.
        psycopg.Error, ClientError: database or secrets cannot be reached.
        subprocess.TimeoutExpired: it took longer than it may.
    """
    until = time.monotonic() + seconds  # from here on: what comes before the migrations takes of the same time
    migrator, reader = (credentials(os.environ[f"{who}_SECRET_ARN"]) for who in ("MIGRATOR", "READER"))
    with connect(credentials(os.environ["MASTER_SECRET_ARN"])) as master:
        make_roles(master, migrator=migrator, reader=reader)
    with connect(migrator) as owner:
        open_schema(owner, reader=reader["username"])
    _admit_the_service()
    _run(migrator, until - time.monotonic())


def _admit_the_service() -> None:
    """Gives the user that the service's secret names its password, if it has none that works: in the first run."""
    service = credentials(os.environ["SERVICE_SECRET_ARN"])
    if not logs_in(service):
        with connect(credentials(os.environ["MASTER_SECRET_ARN"])) as master:
            set_password(master, service["username"], service["password"])


def _run(migrator: Credentials, seconds: float) -> None:
    """Runs the migrations; one that does not get its lock is tried again, and those before it are done.

    A change of a table waits for all who use it, and meanwhile all who come after wait for the change: without an end of
    that, one long upload would let a migration stop the service.
    """
    until = time.monotonic() + seconds
    for left in reversed(range(_TRIES)):
        done = _migrate(migrator, until - time.monotonic())
        print(done.stdout)
        if not done.returncode:
            return
        if not left or "lock timeout" not in done.stdout or time.monotonic() + _PAUSE > until:
            lines = [line for line in done.stdout.splitlines() if line.strip()]
            # What is wrong comes before where it is, and what one could do.
            telling = [line for line in lines if _ERROR.search(line)] or lines
            raise RuntimeError(telling[-1] if telling else f"the migration ended with {done.returncode}")
        time.sleep(_PAUSE)


def _migrate(migrator: Credentials, seconds: float) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, value in (("secret_key", secrets.token_hex(32)), ("database_password", migrator["password"])):
            (Path(folder) / name).write_text(value)
        # Neither the names of secrets nor the role's credentials, with which all of them can be read.
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.endswith("_SECRET_ARN") and not key.startswith(("AWS_", "_"))
        } | {
            "SECRETS_DIR": folder,
            "DATABASE_USER": migrator["username"],
            "DATABASE_CA": authority(),
            "DATABASE_TIMEOUT_MS": "0",
            "DATABASE_LOCK_TIMEOUT_MS": str(LOCK_MILLISECONDS),
            "ALLOWED_HOSTS": "localhost",
            "PUBLIC_URL": "https://localhost",
        }
        return subprocess.run(
            # Not by the entrypoint, whose shell would be ended in its place when time is up.
            [sys.executable, "manage.py", "migrate", "--no-input"],
            cwd=_APP,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
