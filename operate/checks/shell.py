"""Whether whoever deploys can open a shell on a machine, which has no other door: through Session Manager."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from operate.finding import Finding, ok, warning
from operate.subject import Subject

_PROGRAMS = {
    "aws": "AWS's command line interface (https://docs.aws.amazon.com/cli/)",
    "session-manager-plugin": "its plugin for Session Manager (https://docs.aws.amazon.com/systems-manager/, "
    "Install the Session Manager plugin)",
}


def shell(_: Subject) -> Iterator[Finding]:
    """The programs that the output ConnectCommand takes; a pod's shell takes kubectl, which pages of tier eks name."""
    missing = [what for program, what in _PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        yield warning("shell", "no shell on the host can be opened from here", f"install {' and '.join(missing)}")
    else:
        yield ok("shell", f"{' and '.join(_PROGRAMS)} are here")
