"""The breaks of the peaks, as far as they can be looked at without a tier."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rehearsal.breaks.asg.peaks import the_hours_are_computed_once_for_the_winter as winter
from rehearsal.checks import CheckError, Subject, variant
from rehearsal.checks.asg.peaks import PEAKS, YEAR, _must_follow
from rehearsal.places import PROJECT
from tests.stacks.synthesis import Template, context, template_in


def synthesized(project: Path, zone: str) -> Template:
    """The template of a changed copy of the project, as the CLI has it made."""
    settings = context(tier="asg", timezone=zone, peaks=PEAKS)
    environment = {"CDK_OUTDIR": str(project / "out"), "CDK_CONTEXT_JSON": json.dumps(settings)}
    subprocess.run(
        [sys.executable, "app.py"], cwd=project, env=os.environ | environment, check=True, capture_output=True
    )
    return template_in(project / "out")


@pytest.mark.parametrize(("zone", "day"), [("Europe/Madrid", "03-28"), ("America/New_York", "03-14")])
def test_hours_that_are_right_in_winter_alone_are_seen_when_the_clocks_are_put_forward(
    tmp_path: Path, zone: str, day: str
) -> None:
    run = SimpleNamespace(home=tmp_path)
    subject = cast(Subject, SimpleNamespace(tier=SimpleNamespace(run=run), context={}, project=PROJECT))
    broken = winter(subject)
    next(broken)
    try:
        template: dict[str, Any] = synthesized(variant.project(subject, "year"), zone)
    finally:
        next(broken, None)
    actions = [r["Properties"] for r in template["Resources"].values() if r["Type"].endswith("ScheduledAction")]
    with pytest.raises(CheckError, match=f"{zone}: at {YEAR}-{day} 07:20 .* the minimum is 2, the settings say 4"):
        _must_follow(actions, template, zone=zone, peaks=PEAKS)
