"""Measures the project's figures: `make bench` calls this. It prints a table and writes build/bench.json."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from bench import last_rehearsal, rig
from bench.memory import IdleError
from bench.packages import PackagesError
from bench.power import PowerError
from bench.scoreboard import Scoreboard
from bench.service import rig as service
from bench.service.clients import ClientsError
from bench.service.database import DatabaseError
from bench.synth import SynthError, synth, synth_up_to
from rehearsal.acme import AcmeError
from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError
from rehearsal.lock import alone
from rehearsal.machines.network import NetworkError
from rehearsal.machines.rootfs import RootFileSystemError
from rehearsal.places import BUILD, BenchRun, Run, cache
from rehearsal.prerequisites import PrerequisiteError
from rehearsal.screen import Screen
from rehearsal.tier import TierError

FIGURES = {
    "single": ("synth", "host", "service", "rehearsal"),
    "asg": ("synth", "rehearsal"),
    "eks": ("synth", "rehearsal"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--tier", default="single")
    parser.add_argument(
        "--figures",
        default="",
        help="some of synth, host (boot, power loss, memory), service (fines, uploads, reports) and rehearsal",
    )
    words = parser.parse_args()
    if words.tier not in FIGURES:
        print(f"tier={words.tier!r} cannot be measured yet: use TIER={' or TIER='.join(FIGURES)}", file=sys.stderr)
        return 2
    known = FIGURES[words.tier]
    chosen = words.figures.split() or list(known)
    if wrong := [figure for figure in chosen if figure not in known]:
        print(f"{', '.join(wrong)}: no such figure, use some of {', '.join(known)}", file=sys.stderr)
        return 2
    screen = Screen()
    # Ctrl-C and a polite kill both end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with alone(screen, cache(), Run(words.tier).home.parent):
            return bench(BenchRun(words.tier), screen, chosen)
    except (
        AcmeError,
        CdkError,
        CheckError,
        ClientsError,
        DatabaseError,
        IdleError,
        LookupError,
        NetworkError,
        PackagesError,
        PowerError,
        PrerequisiteError,
        RootFileSystemError,
        SynthError,
        TierError,
    ) as error:
        screen.console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        screen.console.print("interrupted; what was started has been ended", style="red")
        return 130


def bench(run: Run, screen: Screen, figures: list[str]) -> int:
    """Measures the figures; returns the exit status: 0 only when each that was measured holds."""
    board = Scoreboard()
    if "synth" in figures:
        with screen.step("synth", "synth of the tier and of an empty app, in turns") as say:
            ratio = synth(say) if run.tier == "single" else synth_up_to(run.tier, say)
        board.add(screen, ratio)
    if "host" in figures:
        if os.geteuid() == 0:
            board.add(screen, *rig.measure(run, screen))
        else:
            board.not_measured.append("boot, power loss and memory of the host: machines take root, run it with sudo")
    if "service" in figures:
        if os.geteuid() == 0:
            board.add(screen, *service.measure(run, screen))
        else:
            board.not_measured.append("fines, uploads and reports of the service: machines take root, run it with sudo")
    if "rehearsal" in figures:
        found, untold = last_rehearsal.ratios(BUILD / "rehearsal" / f"{run.tier}.json")
        board.ratios += found
        board.not_measured += untold
    # some of the figures say nothing of the others, so they do not replace what a whole measurement said
    whole = "bench.json" if run.tier == "single" else f"bench.{run.tier}.json"
    board.write(BUILD / (whole if set(figures) == set(FIGURES[run.tier]) else "bench.partial.json"))
    board.show(screen)
    return 0 if board.holds else 1


if __name__ == "__main__":
    sys.exit(main())
