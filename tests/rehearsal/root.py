"""The mark of tests that mount, make namespaces or change owners."""

from __future__ import annotations

import os
import platform

import pytest

needs_root = pytest.mark.skipif(
    platform.system() != "Linux" or os.geteuid() != 0, reason="takes root under Linux: mounts, namespaces, owners"
)
