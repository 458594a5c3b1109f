"""What all tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# The CDK runs on the Node of this environment, not on whatever the system has.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write the snapshots anew instead of comparing")
