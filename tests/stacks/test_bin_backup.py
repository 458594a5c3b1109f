"""When a backup is a full one: the host's own script, with a pgBackRest that only tells and writes down."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.programs import needs

pytestmark = needs("jq")
HOST = Path(__file__).resolve().parents[2] / "stacks/host"
PGBACKREST = """#!/bin/bash
case "$*" in
  *info*) cat "$TOLD" ;;
  *) echo "$*" > "$ASKED" ;;
esac
"""
DAY = 86400


def asked(folder: Path, *backups: tuple[str, float, int]) -> str:
    """The kind of backup that the script asks for; `backups` are of a kind, an age in days, and of a database's number."""
    now = time.time()
    told = [
        {
            "db": [{"id": 1}, {"id": 2}],
            "backup": [
                {
                    "type": kind,
                    "label": f"{number}",
                    "database": {"id": database},
                    "timestamp": {"stop": int(now - days * DAY)},
                    "info": {"size": 1, "repository": {"delta": 1}},
                }
                for number, (kind, days, database) in enumerate(backups)
            ],
        }
    ]
    for each in ("bin", "volume/backups"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    (folder / "bin/pgbackrest").write_text(PGBACKREST)
    (folder / "bin/pgbackrest").chmod(0o755)
    (folder / "told").write_text(json.dumps(told))
    (folder / "boot.env").write_text("")
    for name in ("lib.sh", "bin/backup"):
        text = (HOST / name).read_text()
        for place, own in {
            "/opt/fines/host/lib.sh": f"{folder}/lib.sh",
            "/etc/fines/boot.env": f"{folder}/boot.env",
            "DATA=/srv/fines": f"DATA={folder}/volume",
            "HOST_FILES=/opt/fines/host": f"HOST_FILES={HOST}",
        }.items():
            text = text.replace(place, own)
        (folder / name.replace("bin/", "")).write_text(text)
    environment = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "TOLD": f"{folder}/told", "ASKED": f"{folder}/asked"}
    subprocess.run(["bash", str(folder / "backup")], env=environment, check=True, capture_output=True)
    return (folder / "asked").read_text().split("--type=")[1].split()[0]


@pytest.mark.parametrize(
    ("backups", "kind"),
    [
        ([], "full"),
        ([("full", 6.9, 2)], "diff"),
        ([("full", 7, 2), ("diff", 1, 2)], "full"),
        ([("full", 8, 2), ("full", 1, 2)], "diff"),
        ([("full", 1, 1)], "full"),  # of a database that was here before, and given up
    ],
)
def test_a_backup_is_full_once_the_newest_full_one_is_a_week_old(
    tmp_path: Path, backups: list[tuple[str, float, int]], kind: str
) -> None:
    assert asked(tmp_path, *backups) == kind
