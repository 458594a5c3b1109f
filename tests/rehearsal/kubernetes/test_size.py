"""The size of a node group as EKS takes it when it makes one."""

from __future__ import annotations

import pytest

from rehearsal.cloud.node_groups import size_at_first


def test_all_three_sizes_are_given_or_none() -> None:
    assert size_at_first({"MinSize": 2, "DesiredSize": 3, "MaxSize": 6}) == 3
    assert size_at_first({}) == 1
    with pytest.raises(ValueError, match="all must be given when a node group is made"):
        size_at_first({"MinSize": 2, "MaxSize": 6})
