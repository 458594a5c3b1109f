"""Moves a stage's data and photographs from one running tier to another, and the name after them; the way back is the same.

Most is copied while the source serves. Then its writes pause, what came since is copied, both sides are compared, the target
takes writes, and the name leads there. The source stays paused: it is the way back, and never takes a fine that is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from operate.shares import Shares
from operate.side import MoveError, Side

SOURCE, TARGET = "origen", "destino"  # what a pause is for, in the words of the service's command
_SHORT = 30.0  # seconds: a copy that took longer is followed by another before writes pause
_MOST_COPIES = 4
_TRIES = 3  # a photograph may come or go while two buckets are compared


@dataclass
class Promotion:
    """A move, and what was seen of it."""

    source: Side
    target: Side
    shares: Shares | None
    console: Console
    seconds_paused: float = 0.0

    def run(self) -> None:
        """The whole move.

        Raises:
            MoveError: it did not begin, or was given up: then the source takes writes as before.
        """
        with self._step("looking at both tiers"):
            moved = self._moved_already()
        if not moved:
            self._copy_while_it_serves()
            self._switch()
        self._move_the_name()
        with self._step("removing what was on its way"):
            _both(lambda side: side.run("clear", side.backups), self.source, self.target)

    # before

    def _moved_already(self) -> bool:
        """Whether the target has all and takes writes, so that only the name may be left."""
        ours, theirs = _both(lambda side: side.tell("state"), self.source, self.target)
        source, target = self.source.name, self.target.name
        if ours["migrations"] != theirs["migrations"] or ours["pending"] or theirs["pending"]:
            raise MoveError(f"{source} and {target} do not run the same migrated version: deploy the same to both")
        if ours["paused"] == TARGET:
            raise MoveError(
                f"{source} was being filled from {target} when a move broke off: type FROM={self.target.tier} "
                f"TO={self.source.tier}, which ends it"
            )
        if ours["paused"] == SOURCE and not theirs["paused"]:
            if theirs["empty"]:
                raise MoveError(
                    f"{source} is paused and {target} has no fine: type 'move resume' on a machine of {source}, "
                    "as docs/runbook-asg.md says, and then this again"
                )
            return True
        if not theirs["paused"] and not theirs["empty"]:
            raise MoveError(
                f"{target} has fines and takes writes, so that they would be lost: only an empty tier, or one from which "
                "data moved away, can be moved to. Are FROM and TO the right way round?"
            )
        return False

    # while the source serves

    def _copy_while_it_serves(self) -> None:
        with self._step(f"pausing writes of {self.target.tier}, which is filled"):
            self.target.run("pause", TARGET)
        changed: set[str] = set()
        for number in range(1, _MOST_COPIES + 1):
            began = time.monotonic()
            with self._step(f"copying while {self.source.tier} serves, time {number}") as say:
                changed |= self._copy(say)
            if time.monotonic() - began < _SHORT:
                break
        if "django_content_type" in changed:
            with self._step(f"restarting the containers of {self.target.tier}"):
                self.target.run_everywhere("restart")
        # The target does not change from here to the copy in the pause, so what it holds need not be looked at then.
        with self._step(f"looking at what {self.target.tier} holds"):
            self.target.run("digests", self.target.backups)

    def _copy(self, say: Callable[[str], None]) -> set[str]:
        """Copies rows and photographs that differ; returns the tables that changed."""
        with ThreadPoolExecutor(1) as beside:
            photographs = beside.submit(self._photographs)
            self.target.run("digests", self.target.backups)
            changed = self._rows(say)
            self._see(photographs, say)
        return changed

    def _rows(self, say: Callable[[str], None]) -> set[str]:
        self.source.run("send", self.target.backups, self.source.backups)
        taken = self.target.tell("take", self.source.backups)
        say(f"{taken['rows']:,} rows of {len(taken['changed'])} tables")
        return set(taken["changed"])

    def _photographs(self) -> dict[str, Any]:
        return self.target.tell("photos", self.source.media, self.target.media)

    def _see(self, photographs: Future[dict[str, Any]], say: Callable[[str], None]) -> None:
        found = photographs.result()
        say(f"{found['count']:,} photographs, {found['bytes']:,} bytes")

    # the pause

    def _switch(self) -> None:
        began, opening = time.monotonic(), False
        try:
            with self._step(f"pausing writes of {self.source.tier}"):
                self.source.run("pause", SOURCE)
            with ThreadPoolExecutor(2) as beside:
                photographs = beside.submit(self._photographs)
                ours = beside.submit(self.source.tell, "sums")  # which do not change any more
                with self._step("copying what came since") as say:
                    self._rows(say)
                with self._step("comparing both tiers") as say:
                    self._compare(ours.result(), self.target.tell("sums"), say)
                    self._compare_photographs(photographs.result(), say)
            with self._step(f"opening {self.target.tier} for writes"):
                opening = True
                self.target.run("resume")
        except BaseException:
            self._give_up(opening)
            raise
        self.seconds_paused = time.monotonic() - began
        self.console.print(f"writes were paused for {self.seconds_paused:.1f} s", style="bold")

    def _compare(self, ours: dict[str, Any], theirs: dict[str, Any], say: Callable[[str], None]) -> None:
        """Both hold the same rows, by counts and sums of each table, and no number will be given twice.

        Raises:
            MoveError: they do not; with what differs.
        """
        names = sorted({*ours["tables"], *theirs["tables"]})
        if differ := [name for name in names if ours["tables"].get(name) != theirs["tables"].get(name)]:
            first = differ[0]
            raise MoveError(
                f"{len(differ)} tables differ ({', '.join(differ)}): {first} has {ours['tables'].get(first)} in "
                f"{self.source.tier} and {theirs['tables'].get(first)} in {self.target.tier} (rows, sum)"
            )
        if behind := [name for name, last in ours["sequences"].items() if theirs["sequences"].get(name, 0) < last]:
            raise MoveError(f"these sequences of {self.target.tier} are behind: {', '.join(behind)}")
        say(f"{len(names)} tables with {sum(int(each.split()[0]) for each in theirs['tables'].values()):,} rows")

    def _compare_photographs(self, found: dict[str, Any], say: Callable[[str], None]) -> None:
        """Both buckets hold the same objects, by their keys, sizes and tags.

        Raises:
            MoveError: they do not.
        """
        for _ in range(_TRIES):
            if not found["differ"]:
                break
            found = self._photographs()
        else:
            raise MoveError(f"{found['differ']} photographs are not the same in both buckets, {found['first']} for one")
        say(f"{found['count']:,} photographs with {found['bytes']:,} bytes are the same")

    def _give_up(self, opening: bool) -> None:
        """The source takes writes again, unless the target may: two that do would each have fines that the other lacks."""
        if opening:
            try:
                closed = bool(self.target.tell("state")["paused"])
            except (MoveError, ClientError, BotoCoreError):
                closed = False
            if not closed:
                self.console.print(
                    f"{self.target.name} has all, and takes writes or does not say: {self.source.name} stays paused. "
                    "Type the same again to go on",
                    style="red",
                )
                return
        try:
            with self._step(f"giving up: opening {self.source.tier} for writes again"):
                self.source.run("resume")
        except (MoveError, ClientError, BotoCoreError) as error:
            self.console.print(f"{self.source.name} is still paused: {escape(str(error))}", style="red")

    # the name

    def _move_the_name(self) -> None:
        if self.shares is None:
            self.console.print("the name is in no hosted zone of the settings: docs/runbook-asg.md says how it moves")
            return
        with self._step("moving the name") as say:
            try:
                share = self.shares.hand_over(self.source.tier, self.target.tier)
            except (LookupError, TimeoutError) as error:
                raise MoveError(
                    f"{error}. {self.target.name} has all and takes writes, and the name still leads to {self.source.name}: "
                    "docs/runbook-asg.md says how it moves; or type the same again"
                ) from error
            say(f"{self.target.tier} has {share}, {self.source.tier} 0")

    @contextmanager
    def _step(self, what: str) -> Iterator[Callable[[str], None]]:
        began = time.monotonic()
        said: list[str] = []
        with self.console.status(what):
            yield said.append
        seconds = time.monotonic() - began
        told = f": {', '.join(said)}" if said else ""
        self.console.print(f"[green]✓[/] {what}{told} [dim]{seconds:.1f} s[/]")


def _both(what: Callable[[Side], Any], *sides: Side) -> list[Any]:
    """The same of both sides, at the same time."""
    with ThreadPoolExecutor(len(sides)) as pool:
        return list(pool.map(what, sides))
