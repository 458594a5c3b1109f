"""Files of the running host, changed and put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rehearsal.breaks import BreakError
from rehearsal.breaks.texts import replaced
from rehearsal.machines.machine import Machine

NGINX = "/etc/nginx/conf.d/fines.conf"
RELOAD_NGINX = "nginx -t -q && systemctl reload nginx && sleep 1"


# Hands containers the credentials of their host.
HOSTS_OWN = """
role=$(. /opt/fines/host/lib.sh; imds meta-data/iam/security-credentials/)
(. /opt/fines/host/lib.sh; imds "meta-data/iam/security-credentials/$role") \\
  | jq '{Version: 1, AccessKeyId, SecretAccessKey, SessionToken: .Token, Expiration}' > /run/fines/app/credentials.json
"""


@contextmanager
def edited(host: Machine, file: str, changes: Mapping[str, str], *, then: str = "true") -> Iterator[None]:
    """A file with texts replaced by others; the shell command `then` takes note of it, both ways.

    Raises:
        BreakError: a text does not stand in the file exactly once.
    """
    before = read(host, file)
    after = replaced(before, changes, file)
    try:
        write(host, file, after)
        shell(host, then)
        yield
    finally:
        write(host, file, before)
        shell(host, then)


def read(host: Machine, file: str) -> str:
    return _place(host, file).read_text()


def write(host: Machine, file: str, text: str) -> None:
    """Writes into a file that is there: its owner and mode stay."""
    _place(host, file).write_text(text)


def _place(host: Machine, file: str) -> Path:
    """Where a file of the host's lies for this process: links are the host's, so the host resolves them."""
    return host.root / shell(host, f"realpath --canonicalize-existing {file}").strip().lstrip("/")


def shell(host: Machine, command: str, *, timeout: float = 120) -> str:
    """What a shell command on the host says.

    Raises:
        BreakError: it failed; with its last words.
    """
    done = host.run("bash", "-c", f"set -euo pipefail; {command}", check=False, timeout=timeout)
    if done.returncode:
        raise BreakError(f"{command} ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-300:]}")
    return done.stdout


def psql(host: Machine, statement: str, *, database: str = "fines") -> str:
    """What PostgreSQL answers its superuser."""
    asked = ["runuser", "-u", "postgres", "--", "psql", "-tAXq", "-v", "ON_ERROR_STOP=1", database, "-c", statement]
    done = host.run(*asked, check=False)
    if done.returncode:
        raise BreakError(f"{statement}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
