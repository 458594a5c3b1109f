"""Commands inside a machine, as an operator would type them in a session; nobody sits at its terminal."""

from __future__ import annotations

import shlex
import subprocess

_NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


class CommandError(subprocess.CalledProcessError):
    """A command failed inside a machine; the message has what it said last."""

    def __str__(self) -> str:
        said = [line for line in (self.stderr or self.stdout or "").splitlines() if line.strip()][-3:]
        return f"{shlex.join(self.cmd)} ended with {self.returncode}: {' / '.join(said) or 'it said nothing'}"


def run_inside(
    leader: int, *command: str, check: bool, timeout: float, input: str | None
) -> subprocess.CompletedProcess[str]:
    """Runs a command as root in the namespaces of the machine whose first process is `leader`.

    Raises:
        CommandError: it failed, and `check` is asked for.
    """
    entered = ["nsenter", "--target", str(leader), *_NAMESPACES, "--", *command]
    # Without `input` there is nothing to read: some programs ask a person before they go on where there is a terminal.
    done = subprocess.run(
        entered, check=False, capture_output=True, text=True, timeout=timeout, env=_ENVIRONMENT, input=input or ""
    )
    if check and done.returncode:
        raise CommandError(done.returncode, command, done.stdout, done.stderr)
    return done
