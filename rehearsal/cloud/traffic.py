"""What load balancers give CloudWatch: counted from HAProxy's own statistics, under the names that an ALB's metrics have.

(Elastic Load Balancing user guide, «CloudWatch metrics for your Application Load Balancer».) They come each second, not each
minute; a response time is HAProxy's average of a target's last requests, once for each of them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rehearsal.cloud.figures import note

SPACE = "AWS/ApplicationELB"
EVERY = 1.0  # seconds
_CLASSES = ("2xx", "3xx", "4xx", "5xx")
Row = Mapping[str, str]  # a line of HAProxy's statistics


@dataclass(frozen=True)
class Health:
    """How many targets of a group its load balancer finds healthy, and how many unhealthy."""

    well: int
    ill: int


class Traffic:
    """The counters of one load balancer, and what of them was told already."""

    def __init__(self, balancer: str) -> None:
        """`balancer` is its full name, app/NAME/ID."""
        self._balancer = {"LoadBalancer": balancer}
        self._seen: Counter[tuple[int, str, str, str]] = Counter()
        self._own: Counter[str] = Counter()  # answers that no target gave
        self._told = time.monotonic()

    def tell(self, nodes: Sequence[Sequence[Row]], groups: Mapping[str, Health]) -> None:
        """Tells what came since the last time, if a second is over.

        `nodes` are the statistics of each node; `groups` the full names of the target groups, in the configuration's order.
        """
        if time.monotonic() - self._told < EVERY:
            return
        self._told = time.monotonic()
        news = [(row, self._new(index, row)) for index, node in enumerate(nodes) for row in node]
        for row, new in news:
            # A frontend counts an answer when it is over, a target's when it begins: until then there is one too few.
            if row["svname"] == "FRONTEND":
                self._own.update(new)
            elif row["svname"].startswith("target"):
                self._own.subtract(new)
        self._note({f"HTTPCode_ELB_{kind.upper()}_Count": self._own[kind] for kind in _CLASSES[1:]}, self._balancer)
        self._own = Counter({kind: count for kind, count in self._own.items() if count < 0})
        for number, (group, health) in enumerate(groups.items()):
            own = [(row, new) for row, new in news if row["pxname"] == f"group{number}"]
            targets = [(row, new) for row, new in own if row["svname"].startswith("target")]
            self._tell_group(targets, {"TargetGroup": group}, health)

    def _tell_group(self, targets: Sequence[tuple[Row, Counter[str]]], group: dict[str, str], health: Health) -> None:
        both = self._balancer | group
        counts: Counter[str] = Counter()
        for row, new in targets:
            counts.update(new)
            if answers := new.total():
                seconds = int(row.get("rtime") or 0) / 1000
                note(SPACE, "TargetResponseTime", seconds, self._balancer, both, unit="Seconds", count=answers)
        self._note({f"HTTPCode_Target_{kind.upper()}_Count": counts[kind] for kind in _CLASSES}, self._balancer, both)
        self._note({"RequestCount": counts.total()}, self._balancer, both)
        each = counts.total() / health.well if health.well else 0.0
        note(SPACE, "RequestCountPerTarget", each, group, both, unit="None")
        note(SPACE, "HealthyHostCount", health.well, both)
        note(SPACE, "UnHealthyHostCount", health.ill, both)

    def _note(self, figures: Mapping[str, int], *sets: Mapping[str, str]) -> None:
        for name, value in figures.items():
            if value > 0:  # as on AWS, these are told where they are not zero
                note(SPACE, name, value, *sets)

    def _new(self, node: int, row: Row) -> Counter[str]:
        """How many answers of each class a line counts that it did not before. HAProxy counts anew when it is reloaded."""
        found: Counter[str] = Counter()
        for kind in _CLASSES:
            key, now = (node, row["pxname"], row["svname"], kind), int(row.get(f"hrsp_{kind}") or 0)
            found[kind] = now - self._seen[key] if now >= self._seen[key] else now
            self._seen[key] = now
        return found
