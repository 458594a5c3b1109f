"""Installs the policy evaluator from its lock file, beside this module."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rehearsal.cloud.permissions.evaluator import EvaluatorError

_FOLDER = Path(__file__).resolve().parent
_STAMP = _FOLDER / "node_modules" / ".installed"


def ensure(*, npm: str | Path) -> None:
    """Runs `npm ci` unless what the lock file names is installed already; raises EvaluatorError where that fails."""
    lock = (_FOLDER / "package-lock.json").read_text()
    if _STAMP.is_file() and _STAMP.read_text() == lock:
        return
    command = [str(npm), "ci", "--prefix", str(_FOLDER), "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EvaluatorError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    _STAMP.write_text(lock)
