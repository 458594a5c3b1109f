"""The app as the CLI runs it: its end, its assembly, and who it asks (nobody)."""

from __future__ import annotations

import hashlib
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
    home = tmp_path / "nobody"
    first = _made(tmp_path / "1", PYTHONHASHSEED="1", TZ="Asia/Tokyo", HOME=str(home))
    second = _made(tmp_path / "2", PYTHONHASHSEED="2", TZ="America/Bogota", HOME=str(home))
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    assert "missing" not in json.loads(first["manifest.json"])
    assert not (home / ".cdk").exists()


def test_a_file_is_not_taken_for_one_that_had_its_inode_time_and_size(tmp_path: Path) -> None:
    kept = tmp_path / "home/.cdk/cache/fingerprints"
    kept.mkdir(parents=True)
    for folder in (PROJECT / "stacks/host", PROJECT / "service"):
        stats = [file.stat() for file in folder.rglob("*") if file.is_file()]
        others = [[f"{stat.st_ino}|{stat.st_mtime_ns // 10**6}|{stat.st_size}", "7:another"] for stat in stats]
        name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        (kept / f"{name}.json").write_text(json.dumps(others))
    assert _made(tmp_path / "1", HOME=str(tmp_path / "home")) == _made(tmp_path / "2", HOME=str(tmp_path / "nobody"))


def _made(folder: Path, **environment: str) -> dict[str, bytes]:
    """The files of an assembly that the app makes in a process of its own, which reaches nobody."""
    given = {
        "PATH": os.environ["PATH"],
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(folder.parent / "jsii"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CDK_CONTEXT_JSON": json.dumps(context()),
        "CDK_OUTDIR": str(folder),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    subprocess.run(["python", str(PROJECT / "app.py")], env=given | environment, cwd=folder.parent, check=True)
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


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
