"""Which pods' addresses belong in a target group."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.controllers.target_bindings import FINALIZER, GATE, Endpoint, TargetBindings, belongs, endpoints

SERVICE = {"spec": {"ports": [{"port": 443, "name": "https"}, {"port": 80, "name": "http"}]}}


def endpoint(pod: str, address: str, **conditions: bool) -> dict[str, Any]:
    return {"addresses": [address], "targetRef": {"kind": "Pod", "name": pod}, "conditions": conditions}


SLICES = [
    {
        "ports": [{"name": "https", "port": 8443}, {"name": "http", "port": 8080}],
        "endpoints": [
            endpoint("a", "10.0.0.1", ready=True),
            endpoint("b", "10.0.0.2", ready=False),
            endpoint("c", "10.0.0.3", ready=False, terminating=True),
            {"addresses": ["10.0.0.4"]},
        ],
    }
]


@pytest.mark.parametrize("port", [443, "https"])
def test_pods_listen_where_their_service_says_and_those_that_end_do_not_count(port: int | str) -> None:
    assert endpoints(SLICES, SERVICE, port) == [Endpoint("a", ("10.0.0.1", 8443)), Endpoint("b", ("10.0.0.2", 8443))]


def test_a_port_that_the_service_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        endpoints(SLICES, SERVICE, 9000)


def _pod(*, gated: bool, **conditions: str) -> dict[str, Any]:
    gates = [{"conditionType": f"{GATE}/web"}] if gated else []
    told = [{"type": key, "status": value} for key, value in conditions.items()]
    return {"spec": {"readinessGates": gates}, "status": {"conditions": told}}


def test_a_pod_with_the_gate_belongs_as_soon_as_nothing_else_is_missing() -> None:
    assert belongs(_pod(gated=True, ContainersReady="True", Ready="False"), f"{GATE}/web")
    assert not belongs(_pod(gated=True, ContainersReady="False", Ready="False"), f"{GATE}/web")
    assert not belongs(_pod(gated=False, ContainersReady="True", Ready="False"), f"{GATE}/web")
    assert belongs(_pod(gated=False, ContainersReady="True", Ready="True"), f"{GATE}/web")


def test_a_binding_that_cannot_be_served_keeps_no_other_waiting(caplog: pytest.LogCaptureFixture) -> None:
    served = []

    class Two(TargetBindings):
        def __init__(self) -> None:
            pass

        def _bindings(self, namespace: str = "") -> list[dict[str, Any]]:
            kinds = {"bad": "instance", "good": "ip"}
            return [
                {
                    "metadata": {"name": name, "finalizers": [FINALIZER]},
                    "spec": {"targetType": kind, "targetGroupARN": "arn"},
                }
                for name, kind in kinds.items()
            ]

        def _bind(self, binding: dict[str, Any], group: str) -> None:
            served.append((binding["metadata"]["name"], group))

    Two().step()
    assert served == [("good", "arn")]
    assert "the binding bad cannot be served" in caplog.text and "another target type" in caplog.text
