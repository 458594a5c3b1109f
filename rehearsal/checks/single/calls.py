"""Each call of the service, by the lines that `make up` prints."""

from __future__ import annotations

import subprocess

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.calls import calls
from rehearsal.checks.people import People
from rehearsal.places import PROJECT


@check("single")
def each_line_of_curl_that_make_up_prints_is_answered_well(subject: Subject) -> str:
    lines = calls(subject, People.make(subject, officers=1, owners=1))
    for name, line in lines.items():
        told = line.replace("curl ", "curl --fail-with-body --max-time 20 ", 1)
        done = subprocess.run(["bash", "-c", told], check=False, capture_output=True, text=True, cwd=PROJECT)
        if done.returncode:
            raise CheckError(f"{name}: curl ended with {done.returncode}: {(done.stdout + done.stderr).strip()[:200]}")
    return f"{len(lines)} lines: {', '.join(lines).lower()}"
