"""The rehearsal's commands: `make rehearse`, `make breaks`, `make up` and `make down` call this."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys

from rehearsal import cloud_side, rehearse
from rehearsal.acme import AcmeError
from rehearsal.breaks import BreakError
from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError
from rehearsal.cloud_side import why_no_machines
from rehearsal.disk import FULL
from rehearsal.lock import alone
from rehearsal.machines.network import NetworkError
from rehearsal.machines.rootfs import RootFileSystemError
from rehearsal.places import BUILD, CloudRun, Run, cache
from rehearsal.prerequisites import PrerequisiteError
from rehearsal.screen import Screen
from rehearsal.tier import TierError, end

TIERS = ("single", "asg", "eks")


def main() -> int:
    parser = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    parser.add_argument("verb", choices=["rehearse", "breaks", "up", "down"])
    parser.add_argument("--tier", default="single")
    parser.add_argument("--checks", default="", help="run the checks whose names have these words")
    parser.add_argument("--where-possible", action="store_true", help="what this system cannot do at all is no failure")
    words = parser.parse_args()
    if words.tier not in TIERS:
        print(f"tier={words.tier!r} cannot be rehearsed: use TIER={' or TIER='.join(TIERS)}", file=sys.stderr)
        return 2
    reason = why_no_machines()
    if reason and words.tier not in cloud_side.TIERS:
        print(f"tier={words.tier!r} cannot be rehearsed without machines yet, and {reason}", file=sys.stderr)
        return 2
    if reason and words.verb in ("up", "breaks"):
        print(
            f"'make {words.verb}' boots a tier's machines, and {reason}. 'make rehearse' does what needs none: "
            "it deploys the template and checks the cloud side",
            file=sys.stderr,
        )
        return 0 if words.where_possible else 2
    screen = Screen()
    # Some programs ask a person before they go on where there is a terminal; nobody here would hear the question.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Ctrl-C and a polite kill both end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if reason:
            cloud = CloudRun.of(words.tier)
            with alone(screen, cloud.folder):
                if words.verb == "down":
                    return _down_without_machines(cloud, screen, reason)
                return cloud_side.rehearse(cloud, screen, words=words.checks.split(), reason=reason)
        with alone(screen, cache(), Run(words.tier).home.parent):
            match words.verb:
                case "rehearse":
                    return rehearse.rehearse(Run(words.tier), screen, words=words.checks.split())
                case "breaks":
                    return rehearse.break_on_purpose(Run(words.tier), screen, words=words.checks.split())
                case "up":
                    return rehearse.up(Run(words.tier), screen)
                case _:
                    return _down(Run(words.tier), screen)
    except (
        AcmeError,
        BreakError,
        CdkError,
        CheckError,
        NetworkError,
        PrerequisiteError,
        RootFileSystemError,
        TierError,
    ) as error:
        screen.console.print(str(error), style="red", markup=False)
        return 1
    except OSError as error:
        if error.errno not in FULL:
            raise
        screen.console.print(f"the disk is full: {error}. Free some space, and begin again", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        screen.console.print("interrupted; what was started has been ended", style="red")
        return 130
    finally:
        _hand_back()


def _hand_back() -> None:
    """What root wrote into the project by way of sudo belongs to who typed it."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.getuid() or not (user.isdecimal() and group.isdecimal()):
        return
    for folder, _, files in os.walk(BUILD):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            with contextlib.suppress(FileNotFoundError):
                os.lchown(path, int(user), int(group))


def _down(run: Run, screen: Screen) -> int:
    with screen.step("down", f"ending tier {run.tier}"):
        left = end(run)
    for sentence in left:
        screen.console.print(sentence, style="red", markup=False)
    return 1 if left else 0


def _down_without_machines(run: CloudRun, screen: Screen, reason: str) -> int:
    with screen.step("down", f"removing what a rehearsal of the cloud side of tier {run.tier} left"):
        cloud_side.clear(run)
    screen.note(f"a tier that root started is left alone: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
