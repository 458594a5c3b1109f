"""The breaks of each tier, as far as they can be looked at without one."""

from __future__ import annotations

import sys

import pytest

from rehearsal import breaks
from rehearsal.breaks import Break

ALL = {tier: breaks.chosen(tier) for tier in ("single", "asg", "eks")}
HASTY = {f"{tier}: {each.name}": each for tier, found in ALL.items() for each in found if each.patience}


@pytest.mark.parametrize(("tier", "least"), [("single", 22), ("asg", 40), ("eks", 24)])
def test_every_check_of_a_tier_has_a_break(tier: str, least: int) -> None:
    assert len({each.check for each in ALL[tier]}) >= least


@pytest.mark.parametrize("tier", ALL)
def test_no_break_has_another_ones_name(tier: str) -> None:
    assert len({each.name for each in ALL[tier]}) == len(ALL[tier])


@pytest.mark.parametrize("each", HASTY.values(), ids=HASTY)
def test_a_shorter_patience_is_one_of_the_checks_own_constants(each: Break) -> None:
    for name, value in each.patience.items():
        assert getattr(sys.modules[each.check.__module__], name) > value
