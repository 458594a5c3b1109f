"""Counts and times of each call, in the format that CloudWatch takes out of a log by itself (embedded metric format)."""

import time
from typing import Any

from infracciones.counts import Counts


def embedded(
    namespace: str, *, call: str, status: int, milliseconds: float, counts: Counts | None = None
) -> dict[str, Any]:
    """Members of a log line that CloudWatch makes metrics of, each with the dimension Call."""
    values: dict[str, float] = {
        "Requests": 1,
        "Latency": milliseconds,
        "ClientErrors": int(400 <= status < 500),
        "ServerErrors": int(status >= 500),
    }
    if counts is not None:
        values |= {
            "FinesAccepted": counts.accepted,
            "FinesRepeated": counts.repeated,
            "FinesRefused": counts.refused,
        }
    directive = {
        "Namespace": namespace,
        "Dimensions": [["Call"]],
        "Metrics": [{"Name": name, "Unit": "Milliseconds" if name == "Latency" else "Count"} for name in values],
    }
    return {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}, "Call": call, **values}
