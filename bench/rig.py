"""The figures of the running tier: deployed, measured and ended."""

from __future__ import annotations

from bench import boot, memory, packages, power
from bench.ratio import Ratio, median
from rehearsal.cloud import events
from rehearsal.machines.rootfs import root_file_system
from rehearsal.places import Run
from rehearsal.rehearse import deploy
from rehearsal.screen import Screen
from rehearsal.tier import running

ROUNDS = 2


def measure(run: Run, screen: Screen, *, rounds: int = ROUNDS) -> list[Ratio]:
    """Boots the tier and lets a bare machine install the same packages, in turns; the first host is looked at idle and loses its power."""
    boots: list[float] = []
    alone: list[float] = []
    asked: list[str] = []
    for number in range(1, rounds + 1):
        with running(run, screen) as tier:
            subject = deploy(tier, screen)
            host = subject.host
            moments = [tier.events.moment(host.id, what) for what in (events.LAUNCHED, events.SIGNALLED)]
            boots.append(moments[1] - moments[0])
            screen.note(f"boot to serving {boots[-1]:.1f} s")
            asked = packages.installed_between(host, *moments)
            if number == 1:
                with screen.step("idle", "the host comes to rest") as say:
                    memory.await_idle(host, say)
                    found = memory.processes(host)
                memory.show(found, screen)
                with screen.step("power", "the host loses power under load") as say:
                    loss = power.lose_power(subject, say)
        # beside a bare machine nothing runs; what it installs comes from the same cache, over the same kind of network
        with running(run, screen) as tier, screen.step("alone", "apt-get alone, on a bare machine") as say:
            alone.append(packages.install_alone(tier, root_file_system(say), asked, say))
    return [boot.ratio_of(boots, alone, asked), power.ratio_of(loss, median(boots)), memory.ratio_of(found)]
