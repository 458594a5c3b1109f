"""PostgreSQL alone: the statement that takes a fine by pgbench, and rows by COPY, on the host's own server."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from rehearsal.machines.machine import Machine


class DatabaseError(RuntimeError):
    """pgbench or psql failed; the message has its last words."""


@dataclass(frozen=True)
class Transactions:
    """What pgbench reached: transactions a second, their median latency in milliseconds, and the CPU seconds that it took itself."""

    rate: float
    median: float
    count: int
    own_cpu: float


def pgbench(host: Machine, statement: str, *, count: int, seconds: int) -> Transactions:
    """Runs a statement, prepared, from so many persistent connections for so many seconds.

    The variable `run` is a number that no other run has; `number` begins at nought.

    Raises:
        DatabaseError: it failed.
    """
    folder = "/run/fines/pgbench"
    script = (
        f"rm -rf {folder}; install -d -o postgres {folder}; cat > {folder}/take.sql; cd {folder}; "
        f"TIMEFORMAT='own CPU: %U %S'; time runuser -u postgres -- pgbench --no-vacuum --protocol prepared --client {count} --jobs 2 "
        f"--time {seconds} --define run={time.time_ns()} --define number=0 "
        f"--log --log-prefix {folder}/log --file {folder}/take.sql fines; cat {folder}/log.* > {folder}/all; rm {folder}/log.*"
    )
    done = host.run("bash", "-c", f"set -euo pipefail; {script}", input=statement, check=False, timeout=seconds + 60)
    if done.returncode:
        raise DatabaseError(f"pgbench ended with {done.returncode}: {(done.stdout + done.stderr)[-400:]}")
    rate = re.search(r"tps = ([\d.]+) \(without initial", done.stdout)
    if rate is None:
        raise DatabaseError(f"pgbench told no rate: {done.stdout[-400:]}")
    own = re.search(r"^own CPU: ([\d.]+) ([\d.]+)$", done.stderr, re.MULTILINE)
    if own is None:
        raise DatabaseError(f"nobody told what pgbench took itself: {done.stderr[-400:]}")
    # client, transaction, microseconds, …
    took = sorted(int(line.split()[2]) for line in (host.root / folder.lstrip("/") / "all").read_text().splitlines())
    return Transactions(float(rate[1]), took[len(took) // 2] / 1000, len(took), float(own[1]) + float(own[2]))


def psql(host: Machine, script: str, *, timeout: float = 300) -> str:
    """What psql says to a script as the superuser.

    Raises:
        DatabaseError: a statement failed.
    """
    asked = ["runuser", "-u", "postgres", "--", "psql", "-tAXq", "-v", "ON_ERROR_STOP=1", "fines"]
    done = host.run(*asked, input=script, check=False, timeout=timeout)
    if done.returncode:
        raise DatabaseError(f"psql: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()
