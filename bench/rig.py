"""The figures of the running tier: deployed, measured and ended."""

from __future__ import annotations

from bench import boot, memory, packages, power
from bench.ratio import Ratio
from rehearsal.cloud import events
from rehearsal.machines.rootfs import root_file_system
from rehearsal.places import Run
from rehearsal.rehearse import deploy
from rehearsal.screen import Screen
from rehearsal.tier import running

BARE = 3  # machines that only install


def measure(run: Run, screen: Screen) -> list[Ratio]:
    """Boots the tier, looks at it idle, takes its power away, ends it; then lets bare machines install the same packages."""
    with running(run, screen) as tier:
        subject = deploy(tier, screen)
        host = subject.host
        first = tier.events.seconds(host.id, events.LAUNCHED, events.SIGNALLED)
        moments = [tier.events.moment(host.id, what) for what in (events.LAUNCHED, events.SIGNALLED)]
        asked = packages.installed_between(host, *moments)
        with screen.step("idle", "the host comes to rest") as say:
            memory.await_idle(host, say)
            found = memory.processes(host)
        memory.show(found, screen)
        with screen.step("power", "the host loses power under load") as say:
            loss = power.lose_power(subject, say)
    # nothing else runs beside the bare machines; what they install comes from the same cache, over the same kind of network
    with running(run, screen) as tier, screen.step("alone", "apt-get alone, on bare machines") as say:
        root = root_file_system(say)
        alone = [packages.install_alone(tier, root, asked, say, number=n) for n in range(1, BARE + 1)]
    return [boot.ratio_of(first, alone, asked), power.ratio_of(loss, first), memory.ratio_of(found)]
