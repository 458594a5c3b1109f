"""What must be true of a running tier: each check is a function whose name is a sentence."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from rehearsal.machines.machine import Machine
from rehearsal.places import PROJECT
from rehearsal.report import Figure, Result
from rehearsal.screen import Screen
from rehearsal.tier import Tier

if TYPE_CHECKING:
    from rehearsal.checks.load import Ledger
    from rehearsal.checks.people import People


T = TypeVar("T")


class CheckError(AssertionError):
    """What was checked is not true; the message says what was seen instead."""


@dataclass
class Subject:
    """A deployed tier as checks see it."""

    tier: Tier
    stack: str
    assembly: Path
    template: dict[str, Any]
    domain: str
    context: dict[str, object]
    provoked: list[tuple[float, float]] = field(
        default_factory=list
    )  # when refusals were asked for, in seconds since 1970
    kept: list[tuple[People, Ledger]] = field(default_factory=list)  # fines acknowledged in a check, for later ones
    figures: list[Figure] = field(default_factory=list)  # what checks measured
    begun: dict[Make, Future[Path]] = field(default_factory=dict)  # what a check will need, being made beside another
    whole: bool = False  # whether all checks of the tier are run, and nothing is left for others to show
    project: Path = PROJECT  # that of the release that runs: what is deployed next differs from it by its change alone
    stories: dict[Callable[[Subject], Any], Any] = field(default_factory=dict)  # what several checks look at
    keeps: bool = False  # whether the database keeps what was written until the end
    tokens: dict[str, list[str]] = field(default_factory=dict)  # issued ahead where it does, by the officer's number
    issuing: threading.Lock = field(default_factory=threading.Lock)
    ledger: dict[str, Any] = field(
        default_factory=lambda: {
            "resources": 0,
            "created": 0,
            "missing": ["the ledger was not read"],
            "stand_ins": {},
            "properties": {"given": 0, "compared": 0, "differ": []},
        }
    )

    @cached_property
    def outputs(self) -> dict[str, str]:
        return self.tier.outputs(self.stack)

    @property
    def host(self) -> Machine:
        """The machine in service now."""
        return self.tier.host(self.stack)

    @property
    def in_pods(self) -> bool:
        """Whether pods of a cluster serve, and no machines."""
        return "ClusterName" in self.outputs

    @property
    def backup_bucket(self) -> str:
        return self.outputs["BackupLocation"].split("/")[2]

    @property
    def instance(self) -> dict[str, Any]:
        """What EC2 says of the machine in service now."""
        reservations = self.tier.client("ec2").describe_instances(InstanceIds=[self.host.id])["Reservations"]
        found: dict[str, Any] = reservations[0]["Instances"][0]
        return found

    @property
    def address(self) -> str:
        """An address that the domain leads to."""
        if "PublicAddress" in self.outputs:
            return self.outputs["PublicAddress"]
        found = self.tier.addresses(self.domain)
        if not found:
            raise CheckError(f"the hosted zone leads {self.domain} nowhere")
        return found[0]

    @property
    def hosts(self) -> list[Machine]:
        """The machines in service now."""
        return self.tier.hosts(self.stack)

    def made(self, make: Make) -> Path:
        """What a check has made for it before it does its work: begun beside the check before it, or else made now."""
        begun = self.begun.pop(make, None)
        return make(self) if begun is None else begun.result()

    def once(self, happens: Callable[[Subject], T]) -> T:
        """What was seen of something that happens once for several checks: told again to each, and so is what went wrong."""
        if happens not in self.stories:
            try:
                self.stories[happens] = happens(self)
            except Exception as error:
                self.stories[happens] = error
        seen = self.stories[happens]
        if isinstance(seen, Exception):
            raise seen
        return cast(T, seen)


Check = Callable[[Subject], str]
Make = Callable[[Subject], Path]
Lacking = Callable[[], str]
_checks: dict[str, list[Check]] = {}
_need_no_machine: set[Check] = set()
_beside: dict[Check, str] = {}  # and in which company
_ahead: dict[Check, Make] = {}
_takes: dict[Check, Lacking] = {}


def check(
    tier: str,
    *,
    machines: bool = True,
    beside: bool | str = False,
    ahead: Make | None = None,
    takes: Lacking | None = None,
) -> Callable[[Check], Check]:
    """Registers a check of a tier, to be run in the order of registration; it returns what was seen, or raises.

    One with `machines=False` looks at the cloud's side alone, and runs also where no machine can boot. Those with `beside=True`
    disturb nobody, and run at once with such as follow them; those with a name for it disturb nobody of the same name. `ahead`
    makes what the check asks for by Subject.made, of what the check before it leaves as it is. `takes` says what the check
    needs of this system and does not find, if anything.
    """

    def register(function: Check) -> Check:
        _checks.setdefault(tier, []).append(function)
        if not machines:
            _need_no_machine.add(function)
        if beside:
            _beside[function] = "" if beside is True else beside
        if ahead is not None:
            _ahead[function] = ahead
        if takes is not None:
            _takes[function] = takes
        return function

    return register


def sentence(function: Check) -> str:
    return function.__name__.replace("_", " ")


def checks_of(tier: str, *, machines: bool | None = None) -> list[Check]:
    """The checks of a tier, in their order: all, or those that need machines (True), or those that need none (False)."""
    importlib.import_module(f"rehearsal.checks.{tier}")
    return [each for each in _checks[tier] if machines is None or machines is (each not in _need_no_machine)]


def lacking(among: Iterable[Check]) -> dict[Check, str]:
    """Those of the checks that cannot run on this system, and what each takes that is not here."""
    told = {each: _takes[each]() for each in among if each in _takes}
    return {each: what for each, what in told.items() if what}


def choose(among: Sequence[Check], words: Iterable[str]) -> list[Check]:
    """Those of the checks whose sentences have all the words, in their order; a comma begins other words that will do as well.

    Raises:
        CheckError: some words are no check's; the message has the sentences.
    """
    found: set[Check] = set()
    for each in " ".join(words).split(","):
        fitting = [check for check in among if all(word in sentence(check) for word in each.split())]
        if not fitting:
            raise CheckError(
                f"no check has the words {each.strip()!r}: the checks are\n" + "\n".join(sentence(c) for c in among)
            )
        found.update(fitting)
    return [check for check in among if check in found]


def judge(each: Check, subject: Subject) -> Result:
    """The outcome of one check: whatever goes wrong in it makes it red, and no other."""
    start = time.monotonic()
    try:
        ok, detail = True, each(subject)
    except Exception as error:
        ok, detail = False, told(error)
    return Result(sentence(each), ok, round(time.monotonic() - start, 1), detail)


def told(error: BaseException, *, plain: type[BaseException] = CheckError) -> str:
    """What went wrong; and, where that came while something else was being put right, what had gone wrong before.

    A `plain` error is told by its words alone, any other by its kind as well.
    """
    said = f"{'' if isinstance(error, plain) else type(error).__name__ + ': '}{error}"
    before = None if error.__suppress_context__ else error.__context__
    return said if before is None else f"{said}; before that: {told(before, plain=plain)}"


def run_checks(
    subject: Subject, screen: Screen, *, words: Iterable[str] = (), among: Sequence[Check] | None = None
) -> list[Result]:
    """Runs the checks whose sentences have all the words: of the subject's tier, or among the given ones.

    Those that this system lacks something for are passed over: lacking() names them.
    """
    chosen = choose(checks_of(subject.tier.run.tier) if among is None else among, words)
    wanted = [each for each in chosen if each not in lacking(chosen)]
    results = []
    began = time.monotonic()
    groups = list(_together(wanted))
    with screen.step("checks", f"{len(wanted)} checks") as say, _beside_us(1) as makers:
        for several, following in zip(groups, [*groups[1:], []], strict=True):
            say(", ".join(sentence(each) for each in several))
            for make in [_ahead[each] for each in following if each in _ahead]:
                subject.begun[make] = makers.submit(make, subject)
            with _beside_us(len(several)) as pool:
                for result in pool.map(lambda each: judge(each, subject), several):
                    results.append(result)
                    screen.console.print(
                        f"  {'[green]✓[/]' if result.ok else '[red]✗[/]'}",
                        result.name,
                        f"[dim]{time.monotonic() - began:.0f} s[/]",
                        soft_wrap=True,
                    )
    return results


@contextlib.contextmanager
def _beside_us(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads whose work is waited for, but not by who is interrupted: then the tier ends under them, and they with it."""
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _together(wanted: Iterable[Check]) -> Iterator[list[Check]]:
    """The checks in their order: one by one, or several that follow each other and disturb nobody."""
    for beside, group in itertools.groupby(wanted, key=_beside.get):
        several = list(group)
        yield from [[each] for each in several] if beside is None else [several]
