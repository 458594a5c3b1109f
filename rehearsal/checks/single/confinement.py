"""What a container of the service may do to itself: nothing but write into its own memory."""

from __future__ import annotations

import json

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import ports

_OWN = "/tmp/x"  # noqa: S108  the container's, not this system's
_TRIED = ("/app/x", "/venv/x", "/etc/x", "/run/secrets/fines/x", "/run/aws/x")
_LOOK = """
import json, os, sys
def writes(path):
    try:
        open(path, "w").close()
    except OSError:
        return False
    return True
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
told = {name: status[name].strip() for name in ("CapEff", "CapBnd", "NoNewPrivs")}
told["root"] = next(line.split()[3] for line in open("/proc/self/mounts") if line.split()[1] == "/").split(",")[0]
print(json.dumps(told | {"user": os.getuid(), "group": os.getgid(), "written": [path for path in sys.argv[1:] if writes(path)]}))
"""


@check("single", beside="the outage")
def a_container_is_no_ones_user_without_a_capability_and_writes_nothing_that_lasts(subject: Subject) -> str:
    for port in ports(subject):
        asked = ["podman", "exec", f"fines-web-{port}", "/venv/bin/python", "-c", _LOOK, *_TRIED, _OWN]
        seen = json.loads(subject.host.run(*asked).stdout)
        wrong = [f"{name} is {seen[name]}" for name in ("CapEff", "CapBnd") if int(seen[name], 16)]
        wrong += [f"its {name} is 0" for name in ("user", "group") if not seen[name]]
        if seen["NoNewPrivs"] != "1":
            wrong.append("a program of it may gain rights")
        if seen["root"] != "ro":
            wrong.append(f"its root is mounted {seen['root']}")
        if seen["written"] != [_OWN]:
            wrong.append(f"of {', '.join(_TRIED)} it writes {seen['written']}")
        if wrong:
            raise CheckError(f"of the container on port {port}: {'; '.join(wrong)}")
    return f"{len(ports(subject))} containers: user {seen['user']}, no capability, {len(_TRIED)} places refused"
