"""Takes sessions that ended out of the database, with the service's own login."""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from fines.functions.authority import authority
from fines.jobs.said import ending

_APP = Path(__file__).parent.parent.parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "secret_key").write_text(secrets.token_hex(32))  # nothing is signed
        told = {"SECRETS_DIR": folder, "DATABASE_TIMEOUT_MS": "0"}
        if os.environ.get("DATABASE_CA"):
            told["DATABASE_CA"] = authority()
        subprocess.run([sys.executable, "manage.py", "clearsessions"], cwd=_APP, env=os.environ | told, check=True)


if __name__ == "__main__":
    with ending("the cleanup"):
        main()
