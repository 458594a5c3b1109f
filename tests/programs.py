"""The mark of tests that call a program which a system may not have."""

from __future__ import annotations

import pytest

from rehearsal.prerequisites import OF_TESTS, PROGRAMS, missing


def needs(program: str) -> pytest.MarkDecorator:
    """Skips a test where the program is not there; `make test` installs it before, where it is root's."""
    package = (PROGRAMS | OF_TESTS)[program]
    return pytest.mark.skipif(bool(missing([program])), reason=f"takes {program}, of Debian's package {package}")
