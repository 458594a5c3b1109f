"""Boot to serving, against what apt takes for the same packages alone."""

from __future__ import annotations

from collections.abc import Sequence

from bench.ratio import Ratio, listed, median

GOAL = 1.3


def ratio_of(boots: Sequence[float], alone: Sequence[float], packages: Sequence[str]) -> Ratio:
    """The figure from the seconds of each boot and of each installation on a bare machine."""
    return Ratio(
        "boot to serving, against apt-get install of the same packages alone",
        median(boots) / median(alone),
        GOAL,
        f"from power to the signal that the host serves, median {median(boots):.1f} s ({listed(boots)}); in turns with apt-get update and install of the "
        f"{len(packages)} packages that it asked for until then, on bare machines of the same root file system, Debian's own start of the services among it, "
        f"median {median(alone):.1f} s ({listed(alone)}), their boot not counted; packages came from the cache for both",
    )
