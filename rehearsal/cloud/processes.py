"""What stands behind Lambda functions from zip files: processes of MiniStack's, with AWS's folders, names and their own role.

A function's process has mounts of its own: /opt holds its layers, /tmp is its alone, and names lead where the VPC's resolver leads
them, so that its calls meet the gate like everybody's. What a layer has for AWS's own interpreter is run by this one.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from rehearsal.cloud.role_sessions import RoleSessions
from rehearsal.machines.network import RESOLVER

_ENTER = """\
#!/bin/sh
# Started by MiniStack as the interpreter of a function's worker, whose place is the first argument.
set -e
export FINES_WORKER="$1"
exec unshare --mount --propagation private -- sh -c {inside}
"""
_INSIDE = """\
set -e
folder=$(dirname "$FINES_WORKER")
mkdir -p "$folder/tmp" "$folder/opt"
for layer in "$folder"/layer_*; do
  case $layer in *.zip) continue ;; esac
  [ ! -d "$layer" ] || cp -a --reflink=auto "$layer"/. "$folder/opt/"
done
chmod -R a+rX "$folder/opt"
find "$folder/opt" -type f \\( -name aws -o -name kubectl -o -name helm \\) -exec chmod a+x {{}} +
mount --bind "$folder/opt" /opt
printf 'nameserver {resolver}\\n' > "$folder/resolv.conf"
mount --bind "$folder/resolv.conf" /etc/resolv.conf
sed -i "1s,^#!/var/lang/bin/python,#!{python}," /opt/awscli/aws 2> /dev/null || true
mount --bind "$folder/tmp" /tmp
unset AWS_ENDPOINT_URL PYTHONPATH PYTHONHOME
exec {python} "$FINES_WORKER"
"""


def play(*, sessions: RoleSessions, folder: Path, authority: Path) -> None:
    """Has functions run so; their files lie in a folder, and they trust an authority besides this system's own."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle = folder / "authorities.pem"
    bundle.write_text(Path("/etc/ssl/certs/ca-certificates.crt").read_text() + authority.read_text())
    inside = _INSIDE.format(python=sys.executable, resolver=RESOLVER)
    launcher = folder / "enter"
    launcher.write_text(_ENTER.format(inside=shlex.quote(inside)))
    launcher.chmod(0o700)
    plain_binary, plain_keys = lambda_runtime._detect_runtime_binary, lambda_runtime.execution_credentials

    def binary(runtime: str) -> tuple[str, str]:
        found, script = plain_binary(runtime)
        return (str(launcher) if runtime.startswith("python") else found), script

    def keys(config: dict[str, Any]) -> dict[str, str]:
        if not str(config.get("Runtime", "")).startswith("python"):
            found: dict[str, str] = plain_keys(config)
            return found
        credentials = sessions.issue(config["Role"], source=config["FunctionName"][-60:])
        return {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret,
            "AWS_SESSION_TOKEN": credentials.token,
            "AWS_CA_BUNDLE": str(bundle),
            "REQUESTS_CA_BUNDLE": str(bundle),
            "SSL_CERT_FILE": str(bundle),
            "HOME": "/tmp",  # noqa: S108 - the function's own
        }

    lambda_runtime._detect_runtime_binary = binary
    lambda_runtime.execution_credentials = keys
    lambda_runtime.tempfile.tempdir = str(folder)


def can() -> bool:
    """Whether this system lets a process have mounts of its own."""
    done = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    return os.geteuid() == 0 and done.returncode == 0
