"""The database's package is upgraded, as a security fix has it at night: Debian stops the database, and it must go on by itself."""

from __future__ import annotations

import subprocess
import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import started
from rehearsal.machines.inside import CommandError

_BACK_SECONDS = 20  # within which the database runs again, once its package is installed


@check("single")
def a_database_whose_package_is_upgraded_starts_again_by_itself(subject: Subject) -> str:
    before = started(subject)
    # Of a newer version there is none here: the same one is unpacked and configured anew, by the same scripts.
    words = ("--reinstall", "--yes", "-qq", "-o", "DPkg::Lock::Timeout=120", "postgresql-17")
    subject.host.run("apt-get", "install", *words, timeout=240)
    deadline = time.monotonic() + _BACK_SECONDS
    while True:
        try:
            if (after := started(subject)) > before:
                return f"its package stopped it; it runs again since {time.time() - after:.0f} s"
            why = "it was never stopped: its package does not do that any more"
        except (CommandError, subprocess.SubprocessError) as error:
            why = str(error)
        if time.monotonic() > deadline:
            raise CheckError(f"{_BACK_SECONDS} s after its package was installed the database does not run: {why}")
        time.sleep(0.3)
