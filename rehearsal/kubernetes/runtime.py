"""What a node starts containers with: runc, told besides whom the rehearsal's names are vouched for by.

The system's own authorities and that of the rehearsal lie where a container's programs look for authorities, as on the machines of
the other tiers. Written to a node as a program of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

_PROGRAM = '''\
#!{python} -IS
"""runc, for containers that know the rehearsal's authority."""

import json
import os
import sys

BUNDLE, THERE = {bundle!r}, "/etc/ssl/certs/ca-certificates.crt"


def told(spec):
    process = spec["process"]
    named = {{each.partition("=")[0] for each in process.setdefault("env", [])}}
    process["env"] += [name + "=" + THERE for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE") if name not in named]
    options = ["rbind", "ro", "nosuid", "nodev", "noexec"]
    spec["mounts"].append({{"destination": THERE, "type": "bind", "source": BUNDLE, "options": options}})


words = sys.argv[1:]
if "create" in words and "--bundle" in words:
    file = os.path.join(words[words.index("--bundle") + 1], "config.json")
    with open(file) as text:
        spec = json.load(text)
    if spec.get("annotations", {{}}).get("io.kubernetes.cri.container-type") == "container":
        told(spec)
        with open(file, "w") as text:
            json.dump(spec, text)
os.execv({runc!r}, ["runc", *words])
'''


def write(file: Path, *, runc: str, bundle: Path) -> None:
    """Writes the program, which calls a runc; `bundle` holds all authorities, as PEM."""
    file.write_text(_PROGRAM.format(python=Path(sys.executable).resolve(), runc=runc, bundle=str(bundle)))
    file.chmod(0o755)
