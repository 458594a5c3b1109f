"""The breaks of tier single, as far as they can be looked at without a tier."""

from __future__ import annotations

import sys

import pytest

from rehearsal import breaks
from rehearsal.breaks import Break

ALL = breaks.chosen("single")


def test_every_check_of_the_tier_has_a_break() -> None:
    assert len({each.check for each in ALL}) >= 22


def test_no_break_has_another_ones_name() -> None:
    assert len({each.name for each in ALL}) == len(ALL)


@pytest.mark.parametrize("each", [each for each in ALL if each.patience], ids=lambda each: str(each.name))
def test_a_shorter_patience_is_one_of_the_checks_own_constants(each: Break) -> None:
    for name, value in each.patience.items():
        assert getattr(sys.modules[each.check.__module__], name) > value
