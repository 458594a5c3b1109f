"""What a synth of the tier takes, against an empty CDK app's: whole processes, one after the other, in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.ratio import Ratio, listed, median
from bench.turns import in_turns
from rehearsal.places import PROJECT
from rehearsal.screen import Say

GOAL = 2.0
ROUNDS = 5
_DOMAIN = "fines.example"
# CloudFormation, and with it the CDK's own validation, refuses a stack without resources: this is the least that can be deployed.
_EMPTY = """\
import aws_cdk as cdk

app = cdk.App()
cdk.CfnWaitConditionHandle(cdk.Stack(app, "Empty"), "Nothing")
app.synth()
"""


class SynthError(RuntimeError):
    """An app did not synthesize; the message has its last lines."""


def synth(say: Say, *, rounds: int = ROUNDS) -> Ratio:
    """Measures both apps as the CLI calls them (`python app.py` with cdk.json's context), and through the CLI for the detail."""
    with tempfile.TemporaryDirectory(prefix="fines-bench-") as folder:
        return ratio_of(in_turns(runs(Path(folder)), rounds, say))


def runs(folder: Path) -> dict[str, Callable[[], float]]:
    """What is run in turns, by name; each returns its seconds. The empty app and all output lie in the folder.

    Raises (each of them):
        SynthError: the app did not synthesize.
    """
    empty = folder / "empty"
    empty.mkdir()
    (empty / "app.py").write_text(_EMPTY)
    (empty / "cdk.json").write_text((PROJECT / "cdk.json").read_text())
    app = [sys.executable, "app.py"]
    given = {"CDK_CONTEXT_JSON": json.dumps(_context())}
    cli = ["cdk", "synth", "--quiet", "-c", f"domain={_DOMAIN}", "--output"]
    return {
        "tier": lambda: _seconds(app, PROJECT, given | {"CDK_OUTDIR": f"{folder}/tier.out"}),
        "empty": lambda: _seconds(app, empty, given | {"CDK_OUTDIR": f"{folder}/empty.out"}),
        "tier through the CLI": lambda: _seconds([*cli, f"{folder}/tier.cli"], PROJECT),
        "empty through the CLI": lambda: _seconds([*cli, f"{folder}/empty.cli"], empty),
    }


def _context() -> dict[str, object]:
    """cdk.json's context, and what has no value there."""
    found: dict[str, object] = json.loads((PROJECT / "cdk.json").read_text())["context"]
    return found | {"domain": _DOMAIN}


_ALL = """\
import gc, json, os
gc.disable()
from stacks import kernel
kernel.start()
from app import build_app
for settings in json.loads(os.environ["SETTINGS_OF_ALL"]):
    build_app(settings, outdir=os.path.join(os.environ["OUT"], settings["tier"])).synth()
"""
_ASG = {"tier": "asg", "hosted_zone_id": "Z0123456789ABCDEFGHIJ", "hosted_zone_name": "fines.example"}
_EKS = _ASG | {"tier": "eks", "admin_role": "arn:aws:iam::111122223333:role/administrators"}
_TIERS: list[dict[str, str]] = [{"tier": "single"}, _ASG, _EKS]
GOALS = {"asg": ("both tiers", 2.5), "eks": ("the three tiers", 3.0)}  # of all tiers up to this one


def synth_up_to(tier: str, say: Say, *, rounds: int = ROUNDS) -> Ratio:
    """Measures a tier and those before it in one process, against the whole process of an empty app."""
    what, goal = GOALS[tier]
    with tempfile.TemporaryDirectory(prefix="fines-bench-") as folder:
        times = in_turns(runs_up_to(tier, Path(folder)), rounds, say)
    tiers, empty = median(times["all"]), median(times["empty"])
    return Ratio(
        f"synth of {what} in one process, against an empty CDK app",
        tiers / empty,
        goal,
        f"medians of {len(times['all'])} in turns after one that is not counted: all {tiers:.2f} s ({listed(times['all'])}), "
        f"an app whose one stack has one handle {empty:.2f} s ({listed(times['empty'])})",
    )


def runs_up_to(tier: str, folder: Path) -> dict[str, Callable[[], float]]:
    """As `runs`: a tier and those before it in one process, and an empty app."""
    context, names = _context(), [each["tier"] for each in _TIERS]
    settings = json.dumps([context | own for own in _TIERS[: names.index(tier) + 1]])
    given = {"SETTINGS_OF_ALL": settings, "OUT": f"{folder}/all.out"}
    return {
        "all": lambda: _seconds([sys.executable, "-c", _ALL], PROJECT, given),
        "empty": runs(folder)["empty"],
    }


def ratio_of(times: Mapping[str, Sequence[float]]) -> Ratio:
    """The figure from the seconds of each run."""
    tier, empty = median(times["tier"]), median(times["empty"])
    through = [median(times[f"{name} through the CLI"]) for name in ("tier", "empty")]
    return Ratio(
        "synth of the tier, whole process, against an empty CDK app",
        tier / empty,
        GOAL,
        f"python app.py, medians of {len(times['tier'])} in turns after one that is not counted: tier {tier:.2f} s "
        f"({listed(times['tier'])}), an app whose one stack has one handle {empty:.2f} s ({listed(times['empty'])}); "
        f"the fastest of each {min(times['tier']) / min(times['empty']):.2f}; "
        f"through the CLI {through[0]:.2f} s against {through[1]:.2f} s, {through[0] / through[1]:.2f}",
    )


def _seconds(command: Sequence[str], within: Path, environment: Mapping[str, str] | None = None) -> float:
    tools = f"{PROJECT / 'node_modules/.bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=within,
        env={**os.environ, "PATH": tools, **(environment or {})},
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - began
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise SynthError(f"{' '.join(command[:2])} in {within} ended with {done.returncode}:\n{last}")
    return seconds
