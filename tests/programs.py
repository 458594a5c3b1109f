"""The mark of tests that call a program which a system may not have."""

from __future__ import annotations

import shutil

import pytest

from rehearsal.prerequisites import OF_TESTS


def needs(program: str) -> pytest.MarkDecorator:
    """Skips a test where the program is not there: `make test` installs those of OF_TESTS, if it is root's."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"takes Debian's package {OF_TESTS[program]}")
