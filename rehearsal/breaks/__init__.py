"""What a developer could get wrong, done to a running tier on purpose: each check must see it, and say so in its own words."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from rehearsal import checks
from rehearsal.breaks.report import Outcome
from rehearsal.checks import Check, Subject, judge, sentence
from rehearsal.report import Result
from rehearsal.screen import Screen


class BreakError(RuntimeError):
    """A check has no break, or a thing could not be broken or mended; the message says which."""


@dataclass(frozen=True)
class Break:
    """A thing that is broken for the length of a block, and the words that the check's reason must then have, all of them.

    `again`: once the thing is mended the check must be green. `patience`: other values for constants of the check's
    module, in the constants' own units, for as long as the break lasts. `lasting`: nothing mends it, so it comes last; of several
    the highest comes last, which leaves the least to go on with. `tier`: it is of this one alone, of those that share the check.
    """

    check: Check
    breaking: Callable[[Subject], AbstractContextManager[None]]
    name: str
    says: tuple[str, ...]
    again: bool
    lasting: int
    tier: str
    patience: Mapping[str, object]


_breaks: list[Break] = []


def breaks(
    check: Check,
    *,
    says: str | tuple[str, ...],
    again: bool = False,
    lasting: int = 0,
    tier: str = "",
    **patience: object,
) -> Callable[[Callable[[Subject], Iterator[None]]], Callable[[Subject], Iterator[None]]]:
    """Registers what breaks a check's thing: it breaks it, yields, and mends it; its name is a sentence.

    A check that is made less patient must be seen green with the same patience, or its red would prove nothing.
    """
    if lasting and again:
        raise ValueError("what nothing mends cannot be seen green again")
    told = (says,) if isinstance(says, str) else says
    if not told or not all(words.strip() for words in told):
        raise ValueError("say which words the check's reason must have")

    def register(function: Callable[[Subject], Iterator[None]]) -> Callable[[Subject], Iterator[None]]:
        name = function.__name__.replace("_", " ")
        _breaks.append(
            Break(check, contextmanager(function), name, told, again or bool(patience), lasting, tier, dict(patience))
        )
        return function

    return register


def chosen(tier: str, words: Iterable[str] = ()) -> list[Break]:
    """The breaks of the checks whose sentences have all the words, in the checks' order; those that last come last.

    A check that this system lacks something for is not tried.

    Raises:
        BreakError: a check has none.
        CheckError: no check has the words.
    """
    importlib.import_module(f"rehearsal.breaks.{tier}")
    known = [each for each in _breaks if each.tier in ("", tier)]
    wanted = checks.choose(checks.checks_of(tier), words)
    # What needs no machine is broken in the tests of the cloud side, where it runs too.
    machines = checks.checks_of(tier, machines=True)
    without = [sentence(check) for check in machines if check in wanted and not any(b.check is check for b in known)]
    if without:
        raise BreakError("\n".join(f"«{each}» has no break: write one in rehearsal/breaks/{tier}/" for each in without))
    passed_over = checks.lacking(wanted)
    found = [each for check in wanted if check not in passed_over for each in known if each.check is check]
    return sorted(found, key=lambda each: each.lasting)


def run_breaks(subject: Subject, screen: Screen, wanted: Iterable[Break]) -> list[Outcome]:
    """Breaks one thing after the other and has its check look; what could not be mended ends the run."""
    wanted = list(wanted)
    outcomes = []
    began = time.monotonic()
    with screen.step("breaks", f"{len(wanted)} things broken on purpose") as say:
        for number, each in enumerate(wanted):
            subject.keeps = not each.lasting
            say(each.name)
            outcome, mended = _see(each, subject)
            outcomes.append(outcome)
            screen.console.print(
                f"  {'[green]✓[/]' if outcome.ok else '[red]✗[/]'}",
                each.name,
                f"[dim]{time.monotonic() - began:.0f} s[/]",
                soft_wrap=True,
            )
            if not mended:
                outcomes += [_unseen(left, after=each) for left in wanted[number + 1 :]]
                break
    return outcomes


def _see(each: Break, subject: Subject) -> tuple[Outcome, bool]:
    """What the check said to the break, and whether the thing is as it was before."""
    start, said, fault, mended = time.monotonic(), "", "", True
    with _impatient(each):
        stack = ExitStack()
        try:
            stack.enter_context(each.breaking(subject))
        except Exception as error:
            fault = f"it could not be broken: {_told(error)}"
        else:
            try:
                seen = _judged_anew(each, subject)
            except BaseException:  # Ctrl-C: what was broken is mended all the same
                stack.close()
                raise
            said = seen.detail
            if seen.ok:
                fault = f"the check stayed green: {said}"
            elif unsaid := [words for words in each.says if words not in said]:
                fault = f"the check is red for another reason than {unsaid[0]!r}: {said}"
            try:
                stack.close()
            except Exception as error:
                fault, mended = f"{fault + '; ' if fault else ''}it could not be mended: {_told(error)}", False
            if each.again and mended and not (after := _judged_anew(each, subject)).ok:
                fault = f"{fault + '; ' if fault else ''}the check is not green again: {after.detail}"
    seconds = round(time.monotonic() - start, 1)
    return Outcome(sentence(each.check), each.name, not fault, seconds, said, fault), mended


def _judged_anew(each: Break, subject: Subject) -> Result:
    """What the check says now: what was seen for several checks happens once more."""
    subject.stories.clear()
    return judge(each.check, subject)


def _unseen(each: Break, *, after: Break) -> Outcome:
    return Outcome(sentence(each.check), each.name, False, 0.0, "", f"not tried: «{after.name}» was not mended")


@contextlib.contextmanager
def _impatient(each: Break) -> Iterator[None]:
    """Gives constants of the check's module their other values for the length of a block."""
    module = sys.modules[each.check.__module__]
    before = {name: getattr(module, name) for name in each.patience}
    try:
        for name, value in each.patience.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def _told(error: Exception) -> str:
    told = checks.told(error, plain=BreakError)
    said = getattr(error, "stderr", None)  # of a command that failed
    return f"{told}: {said.strip()[-300:]}" if isinstance(said, str) and said.strip() else told
