"""What HAProxy counts becomes the metrics of a load balancer, each answer once, and a reload loses none of what comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ministack.services import cloudwatch

from rehearsal.cloud import traffic
from rehearsal.cloud.traffic import Health, Traffic

GROUP = "targetgroup/machines/0123456789abcdef"
BALANCER = {"LoadBalancer": "app/front/fedcba9876543210"}
BOTH = BALANCER | {"TargetGroup": GROUP}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(traffic, "EVERY", 0.0)
    yield
    cloudwatch._metrics.clear()


def row(name: str, server: str, *, milliseconds: int = 0, **answers: int) -> dict[str, str]:
    counted = {f"hrsp_{kind}": str(answers.get(f"c{kind}", 0)) for kind in ("2xx", "3xx", "4xx", "5xx")}
    return {"pxname": name, "svname": server, "rtime": str(milliseconds), **counted}


def total(name: str, dimensions: dict[str, str], which: str = "Sum") -> float | None:
    points = cloudwatch._metrics.get(("AWS/ApplicationELB", name, cloudwatch._dims_key(dimensions)))
    return cloudwatch._calc_stats(points)[which] if points else None


def told(*ticks: list[list[dict[str, str]]], health: Health | None = None) -> None:
    counted = Traffic(BALANCER["LoadBalancer"])
    for nodes in ticks:
        counted.tell(nodes, {GROUP: health or Health(2, 0)})


def test_answers_of_both_nodes_and_all_targets_are_counted_once() -> None:
    first = [row("port443", "FRONTEND", c2xx=4), row("group0", "target1", c2xx=3), row("group0", "target2", c2xx=1)]
    later = [row("port443", "FRONTEND", c2xx=9), row("group0", "target1", c2xx=6), row("group0", "target2", c2xx=3)]
    other = [row("port443", "FRONTEND", c2xx=2), row("group0", "target1", c2xx=2)]
    told([first, []], [later, other])
    assert total("HTTPCode_Target_2XX_Count", BALANCER) == 11
    assert total("RequestCount", BOTH) == 11
    assert total("RequestCountPerTarget", {"TargetGroup": GROUP}) == 5.5
    assert total("HTTPCode_ELB_5XX_Count", BALANCER) is None


def test_what_no_target_answered_is_the_balancers_own() -> None:
    told([[row("port443", "FRONTEND", c2xx=5, c5xx=4), row("group0", "target1", c2xx=5, c5xx=1)]])
    assert total("HTTPCode_Target_5XX_Count", BOTH) == 1
    assert total("HTTPCode_ELB_5XX_Count", BALANCER) == 3
    told([[row("port80", "FRONTEND", c3xx=2)]])
    assert total("HTTPCode_ELB_3XX_Count", BALANCER) == 2


def test_an_answer_that_the_frontend_counts_later_than_the_target_is_not_the_balancers_own() -> None:
    first = [row("port443", "FRONTEND"), row("group0", "target1", c5xx=1)]
    told([first], [[row("port443", "FRONTEND", c5xx=1), row("group0", "target1", c5xx=1)]])
    assert total("HTTPCode_ELB_5XX_Count", BALANCER) is None
    assert total("HTTPCode_Target_5XX_Count", BALANCER) == 1


def test_counters_that_begin_anew_are_counted_from_there() -> None:
    told([[row("group0", "target1", c2xx=10)]], [[row("group0", "target1", c2xx=4)]])
    assert total("RequestCount", BALANCER) == 14


def test_without_requests_each_target_has_none_and_with_no_healthy_target_too() -> None:
    told([[row("group0", "target1")]])
    assert total("RequestCountPerTarget", {"TargetGroup": GROUP}) == 0
    assert total("RequestCount", BALANCER) is None
    told([[row("group0", "target1", c5xx=3)]], health=Health(0, 2))
    assert total("RequestCountPerTarget", {"TargetGroup": GROUP}) == 0
    assert total("UnHealthyHostCount", BOTH, "Maximum") == 2


def test_response_times_are_told_in_seconds_as_often_as_there_were_answers() -> None:
    told([[row("group0", "target1", milliseconds=250, c2xx=3), row("group0", "target2", milliseconds=50, c2xx=1)]])
    assert total("TargetResponseTime", BOTH, "SampleCount") == 4
    assert total("TargetResponseTime", BOTH, "Average") == pytest.approx(0.2)
