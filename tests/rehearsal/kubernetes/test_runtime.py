"""What a node changes of a container before runc starts it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from rehearsal.kubernetes import runtime

THERE = "/etc/ssl/certs/ca-certificates.crt"


def _run(folder: Path, *words: str) -> list[str]:
    """Calls the node's runc, behind which is one that only tells what it was called with."""
    real = folder / "real"
    real.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    real.chmod(0o755)
    runtime.write(folder / "runc", runc=str(real), bundle=folder / "authorities.pem")
    done = subprocess.run([folder / "runc", *words], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def _spec(folder: Path, kind: str) -> dict[str, Any]:
    spec = {
        "annotations": {"io.kubernetes.cri.container-type": kind},
        "process": {"env": ["SSL_CERT_FILE=/own"]},
        "mounts": [],
    }
    (folder / "config.json").write_text(json.dumps(spec))
    words = ["--root", "/run/runc", "create", "--bundle", str(folder), "it"]
    assert _run(folder, *words) == words
    found: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return found


def test_a_container_finds_the_rehearsals_authority_where_programs_look(tmp_path: Path) -> None:
    spec = _spec(tmp_path, "container")
    assert spec["mounts"][0]["destination"] == THERE
    assert spec["mounts"][0]["source"] == str(tmp_path / "authorities.pem")
    assert spec["process"]["env"] == ["SSL_CERT_FILE=/own", f"AWS_CA_BUNDLE={THERE}"]  # what it says itself stays


def test_what_holds_a_pods_namespaces_stays_as_it_is(tmp_path: Path) -> None:
    spec = _spec(tmp_path, "sandbox")
    assert spec["mounts"] == [] and spec["process"]["env"] == ["SSL_CERT_FILE=/own"]


def test_a_program_that_is_started_in_a_container_later_is_told_too(tmp_path: Path) -> None:
    process = tmp_path / "process.json"
    process.write_text(json.dumps({"env": []}))
    _run(tmp_path, "exec", "--process", str(process), "it")
    assert f"AWS_CA_BUNDLE={THERE}" in json.loads(process.read_text())["env"]
