"""The CDK's own program, which jsii starts beside Python as the CDK is first imported, and the environment that it is given."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

_LIBRARIES = "JSII_RUNTIME_PACKAGE_CACHE_ROOT"


def start() -> None:
    """Starts it, unless it runs already; Python's own environment is as it was afterwards."""
    before = dict(os.environ)
    own = "Library/Caches/com.amazonaws.jsii" if sys.platform == "darwin" else ".cache/aws/jsii"  # as jsii has it
    os.environ |= {
        # The validator is WebAssembly: four threads that optimize it took an eighth of a synth on two processors.
        "NODE_OPTIONS": before.get("NODE_OPTIONS", "--v8-pool-size=2"),
        # The CDK keeps the hashes of files by inode, time and size, and takes a file for another that had all three before it
        # (docs/decisions/fingerprints.md). It keeps them at home, and so it has none; its libraries stay where they were.
        "HOME": os.devnull,
        _LIBRARIES: before.get(_LIBRARIES) or str(Path.home() / own / "package-cache"),
    }
    try:
        importlib.import_module("aws_cdk")
    finally:
        os.environ.clear()
        os.environ |= before
