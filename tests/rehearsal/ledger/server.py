"""A local AWS on a loopback port, with the types the rehearsal teaches it, but with groups that launch nothing.

Usage: python -m tests.rehearsal.ledger.server PORT FOLDER
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rehearsal.places import Run
from tests.local_aws import environment

REGION = "us-east-1"


@dataclass(frozen=True)
class Place(Run):
    """The files of a run, in a test's own folder."""

    folder: Path = Path()

    @property
    def home(self) -> Path:
        return self.folder


class Addresses:
    """What the types need of the machines: addresses. No network is made in these tests."""

    def __init__(self) -> None:
        self._next = 9

    def next_elastic_address(self) -> str:
        self._next += 1
        return f"198.19.1.{self._next}"


def main() -> None:
    port, folder = sys.argv[1], Path(sys.argv[2])
    os.environ |= environment(port, folder, REGION)
    # MiniStack reads its settings when it is imported
    from ministack import app
    from ministack.services import ssm

    from rehearsal.cloud.ec2 import Ec2
    from rehearsal.cloud.events import Events
    from rehearsal.cloud.fleet import Fleet
    from rehearsal.cloud.mend import mend
    from rehearsal.cloud.signals import Signals
    from rehearsal.cloud.types import teach

    run = Place("single", folder)
    run.make()
    machines = cast(Ec2, Addresses())
    mend()
    teach(run, machines)
    seen = Events(folder / "events.jsonl")
    Fleet(machines=machines, signals=Signals(seen), seen=seen, region=REGION)
    for architecture in ("amd64", "arm64"):
        ssm._PUBLIC_AMI_PARAMETERS[f"/aws/service/debian/release/13/latest/{architecture}"] = "ami-0deb1a00000000013"
    sys.argv = sys.argv[:1]  # MiniStack reads the command line too
    app.main()


if __name__ == "__main__":
    main()
