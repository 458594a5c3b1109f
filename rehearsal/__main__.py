"""The rehearsal's commands: `make rehearse`, `make breaks`, `make up` and `make down` call this."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from rehearsal import rehearse
from rehearsal.alone import alone
from rehearsal.breaks import BreakError
from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError
from rehearsal.machines.network import NetworkError
from rehearsal.machines.rootfs import RootFileSystemError
from rehearsal.places import Run
from rehearsal.prerequisites import PrerequisiteError
from rehearsal.screen import Screen
from rehearsal.tier import TierError, end


def main() -> int:
    parser = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    parser.add_argument("verb", choices=["rehearse", "breaks", "up", "down"])
    parser.add_argument("--tier", default="single")
    parser.add_argument("--checks", default="", help="run the checks whose names have these words")
    words = parser.parse_args()
    if words.tier != "single":
        print(f"tier={words.tier!r} cannot be rehearsed yet: use TIER=single", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print(
            "a rehearsal boots machines, which takes root: run it with sudo; 'make unit' does all that needs none",
            file=sys.stderr,
        )
        return 2
    screen = Screen()
    # Ctrl-C and a polite kill both end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with alone(screen):
            match words.verb:
                case "rehearse":
                    return rehearse.rehearse(Run(words.tier), screen, words=words.checks.split())
                case "breaks":
                    return rehearse.break_on_purpose(Run(words.tier), screen, words=words.checks.split())
                case "up":
                    return rehearse.up(Run(words.tier), screen)
                case _:
                    return _down(Run(words.tier), screen)
    except (BreakError, CdkError, CheckError, NetworkError, PrerequisiteError, RootFileSystemError, TierError) as error:
        screen.console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        screen.console.print("interrupted; what was started has been ended", style="red")
        return 130


def _down(run: Run, screen: Screen) -> int:
    with screen.step("down", f"ending tier {run.tier}"):
        left = end(run)
    for sentence in left:
        screen.console.print(sentence, style="red", markup=False)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
