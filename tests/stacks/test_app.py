"""The app as the CLI runs it: its end, its assembly, and who it asks (nobody)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.stacks.synthesis import PROJECT, assemble, context


def test_production_cannot_be_deleted_by_mistake(tmp_path: Path) -> None:
    production: dict[str, Any] = {
        "stage": "production",
        "domain": "multas.gob.ar",
        "machine_image": "ami-0123456789abcdef0",
    }
    for number, (settings, protected) in enumerate(
        [(production, True), (production | {"deletion_protection": "false"}, False), ({}, False)]
    ):
        folder = tmp_path / str(number)
        assemble(folder, **settings)
        artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"].values()
        (stack,) = (a for a in artifacts if a["type"] == "aws:cloudformation:stack")
        assert stack["properties"].get("terminationProtection", False) is protected


def test_synth_is_the_same_bytes_everywhere_and_asks_nobody(tmp_path: Path) -> None:
    made = []
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Bogota")):
        folder = tmp_path / seed
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "nobody"),
            "PYTHONHASHSEED": seed,
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": zone,
            "CDK_CONTEXT_JSON": json.dumps(context()),
            "CDK_OUTDIR": str(folder),
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        subprocess.run(["python", str(PROJECT / "app.py")], env=environment, cwd=tmp_path, check=True)
        made.append({str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()})
    first, second = made
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    assert "missing" not in json.loads(first["manifest.json"])


def test_the_program_ends_with_2_and_no_traceback_and_synthesizes_nothing(tmp_path: Path) -> None:

    environment = os.environ | {
        "CDK_CONTEXT_JSON": json.dumps(context(tier="eks", app_containers=0, admin_role="")),
        "CDK_OUTDIR": str(tmp_path / "out"),
    }
    ended = subprocess.run(
        [sys.executable, str(PROJECT / "app.py")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "app_containers='0': use a whole number from 1 to 8",
        "admin_role is missing: name the role that administers the cluster, which nobody else could get into, "
        "for example: -c admin_role=arn:aws:iam::111122223333:role/administrators",
    ]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
