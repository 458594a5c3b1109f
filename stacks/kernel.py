"""The CDK's own program, which jsii starts beside Python as the CDK is first imported, and the environment that it is given."""

from __future__ import annotations

import importlib
import os
from pathlib import Path


def start() -> None:
    """Starts it, unless it runs already; Python's own environment is as it was afterwards."""
    before = dict(os.environ)
    caches = Path(before.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ |= {
        # The validator is WebAssembly: four threads that optimize it took an eighth of a synth on two processors.
        "NODE_OPTIONS": before.get("NODE_OPTIONS", "--v8-pool-size=2"),
        # The CDK keeps the hashes of files by inode, time and size, and takes a file for another that had all three before it
        # (docs/decisions/fingerprints.md). It keeps them at home, and so it has none; its libraries stay where they were.
        "HOME": os.devnull,
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": before.get(
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(caches / "aws" / "jsii" / "package-cache")
        ),
    }
    try:
        importlib.import_module("aws_cdk")
    finally:
        os.environ.clear()
        os.environ |= before
