"""Figures that AWS's services give CloudWatch of themselves, into the records of the local one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from ministack.services import cloudwatch

Dimensions = Mapping[str, str]


def note(
    namespace: str, name: str, value: float, *sets: Dimensions, unit: str = "Count", count: float = 1, at: float = 0
) -> None:
    """Stores a value under each set of dimensions, as often as `count` says, at a time (by default now)."""
    for dimensions in sets:
        cloudwatch._store_datum(
            namespace, name, dict(dimensions), at or time.time(), unit, None, [value], [count], None
        )


def statistic(
    namespace: str, name: str, dimensions: Dimensions, which: str, spans: Iterable[tuple[float, float]]
) -> list[float | None]:
    """A metric's statistic over each span of time (from, to; seconds since 1970); None where it has no figure."""
    key = (namespace, name, cloudwatch._dims_key(dict(dimensions)))
    points = list(cloudwatch._metrics.get(key) or [])
    result: list[float | None] = []
    for start, end in spans:
        inside = [point for point in points if start < point["Timestamp"] <= end]
        value = cloudwatch._stat_value(cloudwatch._calc_stats(inside), which, inside) if inside else None
        result.append(None if value is None else float(value))
    return result
