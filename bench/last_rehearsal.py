"""How long the last whole `make rehearse` took, and when it served its first fine: read from its report."""

from __future__ import annotations

import json
from pathlib import Path

from bench.ratio import Ratio

WHOLE = {"single": 480.0, "asg": 900.0, "eks": 1080.0}  # seconds
FIRST_FINE = 120.0
_COLD = 20.0  # seconds that preparing takes only where a cache was empty


def ratios(report: Path) -> tuple[list[Ratio], list[str]]:
    """Its two figures and those that its checks measured, and a sentence for what the report does not tell."""
    if not report.exists():
        return [], ["the second make rehearse: there is no report of a whole one yet, run 'make rehearse' twice"]
    body = json.loads(report.read_text())
    timings: dict[str, float] = body["timings"]
    cold = [name for name in ("prerequisites", "root_file_system") if timings.get(name, 0) > _COLD]
    if cold:
        return [], [
            f"the second make rehearse: the last one was a first one ({', '.join(cold)} was made), run it again"
        ]
    where = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in timings.items())
    known = f"the last whole rehearsal, caches warm, {len(body['checks'])} checks"
    whole = WHOLE[body["tier"]]
    found = [Ratio("second make rehearse, seconds", body["seconds"], whole, f"{known}; where the time went: {where}")]
    found += [Ratio(each["name"], each["value"], each["goal"], each["detail"]) for each in body.get("figures", [])]
    if "first_fine" not in timings:
        return found, ["the first fine of make rehearse: the report is of a version that did not time it, run it again"]
    return [
        *found,
        Ratio(
            "first fine acknowledged in make rehearse, seconds",
            timings["first_fine"],
            FIRST_FINE,
            f"from its start; {known}",
        ),
    ], []
