"""Kubeconfig files: where an API server is, and who asks it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from rehearsal.kubernetes.certificates import Pair


def write(file: Path, *, server: str, authority: Path, user: Pair) -> Path:
    """Writes the kubeconfig of a user with a certificate; returns its place."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "cluster", "cluster": {"server": server, "certificate-authority-data": _read(authority)}}
        ],
        "users": [
            {
                "name": "user",
                "user": {"client-certificate-data": _read(user.certificate), "client-key-data": _read(user.key)},
            }
        ],
        "contexts": [{"name": "it", "context": {"cluster": "cluster", "user": "user"}}],
        "current-context": "it",
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(config, indent=1))  # which is YAML too
    return file


def _read(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
