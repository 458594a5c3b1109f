"""A custom resource that migrates the database: CloudFormation changes what depends on it only when this went well.

The physical id lists the releases that were migrated, the newest last. A request for one that is in it is the way back of a
deployment: nothing is done then, and nothing can fail. Deletion does nothing either: the data outlives the stack's resources.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fines.database.credentials import Credentials, credentials
from fines.functions.authority import authority
from fines.functions.database import connect, logs_in
from fines.functions.reply import reply
from fines.functions.roles import make_roles, open_schema, set_password

_KEPT = 12  # releases: each has 64 digits, and an id may have 1024 characters
_SPARE = 15.0  # seconds of the function's time that are kept for the answer
_APP = Path(__file__).parent.parent.parent


def handler(event: dict[str, Any], context: Any) -> None:
    """Answers CloudFormation's request, whatever happens."""
    known = [release for release in event.get("PhysicalResourceId", "").split(",") if release]
    id, failure = event.get("PhysicalResourceId") or "none", ""
    try:
        if event["RequestType"] != "Delete":
            release = event["ResourceProperties"]["Release"]
            if release not in known:
                migrate(seconds=context.get_remaining_time_in_millis() / 1000 - _SPARE)
                id = ",".join([*known, release][-_KEPT:])
    except Exception as error:
        failure = f"the migration failed, nothing was replaced: {type(error).__name__}: {error}"
        print(failure, file=sys.stderr)
    reply(event, id=id, failure=failure)


def migrate(*, seconds: float) -> None:
    """Makes the roles, then runs the release's migrations as the one who owns the tables.

    Raises:
        RuntimeError: a migration failed; with its last line.
        psycopg.Error, ClientError: database or secrets cannot be reached.
        subprocess.TimeoutExpired: it took longer than it may.
    """
    migrator, reader = (credentials(os.environ[f"{who}_SECRET_ARN"]) for who in ("MIGRATOR", "READER"))
    with connect(credentials(os.environ["MASTER_SECRET_ARN"])) as master:
        make_roles(master, migrator=migrator, reader=reader)
    with connect(migrator) as owner:
        open_schema(owner, reader=reader["username"])
    _admit_the_service()
    _run(migrator, seconds)


def _admit_the_service() -> None:
    """Gives the user that the service's secret names its password, if it has none that works: in the first run."""
    service = credentials(os.environ["SERVICE_SECRET_ARN"])
    if not logs_in(service):
        with connect(credentials(os.environ["MASTER_SECRET_ARN"])) as master:
            set_password(master, service["username"], service["password"])


def _run(migrator: Credentials, seconds: float) -> None:
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
            "ALLOWED_HOSTS": "localhost",
            "PUBLIC_URL": "https://localhost",
        }
        done = subprocess.run(
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
    print(done.stdout)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        raise RuntimeError(lines[-1] if lines else f"the migration ended with {done.returncode}")
