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


def told(process):
    named = {{each.partition("=")[0] for each in process.setdefault("env", [])}}
    process["env"] += [name + "=" + THERE for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE") if name not in named]


def changed(file, change):
    with open(file) as text:
        found = json.load(text)
    change(found)
    with open(file, "w") as text:
        json.dump(found, text)


def begun(spec):
    if spec.get("annotations", {{}}).get("io.kubernetes.cri.container-type") == "container":
        told(spec["process"])
        options = ["rbind", "ro", "nosuid", "nodev", "noexec"]
        spec["mounts"].append({{"destination": THERE, "type": "bind", "source": BUNDLE, "options": options}})


words = sys.argv[1:]
if "create" in words and "--bundle" in words:
    changed(os.path.join(words[words.index("--bundle") + 1], "config.json"), begun)
elif "exec" in words and "--process" in words:
    changed(words[words.index("--process") + 1], told)
os.execv({runc!r}, ["runc", *words])
'''


def write(file: Path, *, runc: str, bundle: Path) -> None:
    """Writes the program, which calls a runc; `bundle` holds all authorities, as PEM."""
    file.write_text(_PROGRAM.format(python=Path(sys.executable).resolve(), runc=runc, bundle=str(bundle)))
    file.chmod(0o755)
