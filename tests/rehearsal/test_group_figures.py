"""A group is counted as it is, and only by the figures that it asks for."""

from __future__ import annotations

from rehearsal.cloud.group_figures import figures_of

_GROUP = {
    "DesiredCapacity": 3,
    "MinSize": 2,
    "MaxSize": 8,
    "Instances": [
        {"LifecycleState": state}
        for state in ("InService", "InService", "Pending:Wait", "Terminating", "Terminating:Wait")
    ],
}


def test_each_figure_counts_what_its_name_says() -> None:
    names = [f"Group{what}" for what in ("DesiredCapacity", "MinSize", "MaxSize", "InServiceInstances")]
    names += [f"Group{what}Instances" for what in ("Pending", "Terminating", "Total", "Standby")]
    counted = figures_of(_GROUP | {"EnabledMetrics": names})
    assert list(counted.values()) == [3.0, 2.0, 8.0, 2.0, 1.0, 2.0, 5.0, 0.0]


def test_a_group_that_asks_for_none_is_not_counted() -> None:
    assert figures_of(_GROUP) == {}
    assert figures_of(_GROUP | {"EnabledMetrics": ["GroupMinSize"]}) == {"GroupMinSize": 2.0}
