"""Power loss to the first acknowledged fine, against a boot and PostgreSQL's own crash recovery."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.ratio import Ratio
from rehearsal.checks import Subject
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.cloud import events
from rehearsal.screen import Say

GOAL = 1.5
LOG = "/var/log/postgresql/postgresql-17-main.log"


class PowerError(RuntimeError):
    """The host did not come back as was expected; the message says what was seen."""


@dataclass(frozen=True)
class Loss:
    """A power loss and what came after it, in seconds: `silence` is from the loss to the first fine acknowledged by the new host."""

    silence: float
    notice: float  # until the group saw that the machine is dead
    hook: float  # the heartbeat of the termination hook, which a dead machine does not answer
    recovery: float  # PostgreSQL's own, from its start to its readiness
    boot: float  # of the new host, its recovery included


def lose_power(subject: Subject, say: Say) -> Loss:
    """Takes the host's power away under load and waits for its successor; every acknowledged fine must be there once."""
    people = People.make(subject, officers=8, owners=5)
    dead = subject.host
    with Load(people, officers=8, pause=0.05, patience=5) as load:
        say("under load")
        load.await_acknowledged(200, seconds=60)
        cut, cut_by_ledger = time.time(), time.monotonic()
        dead.cut_power("/srv/fines")
        say("the host has no power: the group notices, waits for the hook, launches another")
        load.await_acknowledged(100, seconds=480)
        load.stop()
    must_be_there_once(load.ledger, people, subject)
    seen, host = subject.tier.events, subject.host
    if host.id == dead.id:
        raise PowerError(f"{dead.id} lost power and still serves")
    say("the new host says that it serves")  # some seconds after its first fine: it tells when all its steps are done
    launched, served = seen.moment(host.id, events.LAUNCHED), seen.wait(host.id, events.SIGNALLED, seconds=120)
    unhealthy, over = seen.moment(dead.id, events.UNHEALTHY), seen.moment(dead.id, events.HOOK_OVER)
    silence = first_after(load.ledger.moments, cut_by_ledger + (launched - cut)) - cut_by_ledger
    recovery = crash_recovery(host.run("cat", LOG).stdout)
    return Loss(silence, unhealthy - cut, over - unhealthy, recovery, served - launched)


def first_after(moments: Sequence[float], moment: float) -> float:
    """The first of the moments after the given one.

    Raises:
        PowerError: there is none.
    """
    later = [each for each in moments if each > moment]
    if not later:
        raise PowerError("no fine was acknowledged by the new host")
    return min(later)


def crash_recovery(log: str) -> float:
    """The seconds from PostgreSQL's start to its readiness, from a log whose first start recovered from a crash.

    Raises:
        PowerError: the log tells of no recovery.
    """
    began = re.search(r"^(\S+ \S+) UTC .*LOG:\s+starting PostgreSQL", log, re.M)
    crashed = re.search(r"not properly shut down; automatic recovery in progress", log)
    ready = re.search(r"^(\S+ \S+) UTC .*LOG:\s+database system is ready to accept connections", log, re.M)
    if not (began and crashed and ready) or ready.start() < crashed.start():
        raise PowerError("PostgreSQL's log tells of no recovery after a crash:\n" + "\n".join(log.splitlines()[:8]))
    return _moment(ready[1]) - _moment(began[1])


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def ratio_of(loss: Loss, boot: float) -> Ratio:
    """The figure from a loss and the seconds of a boot without one.

    The successor boots beside the hook's heartbeat: only for as long as that outlasts a boot does it wait for nothing else.
    """
    waited = max(0.0, loss.hook - boot)
    return Ratio(
        "power loss to the first acknowledged fine, against boot and crash recovery",
        (loss.silence - loss.notice - waited) / (boot + loss.recovery),
        GOAL,
        f"{loss.silence:.1f} s of silence under load; {loss.notice:.1f} s to notice are not counted, nor are {waited:.1f} s for which the hook's heartbeat of "
        f"{loss.hook:.1f} s outlasts a boot beside it; against a boot of {boot:.1f} s and PostgreSQL's recovery of {loss.recovery:.2f} s; "
        f"the new host's own boot took {loss.boot:.1f} s with its recovery",
    )
