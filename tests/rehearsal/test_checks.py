"""Checks are told apart by whether they need a machine, and are chosen by their words."""

from __future__ import annotations

import io
import itertools
import threading
import time
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from rehearsal import checks
from rehearsal.checks import CheckError, Subject, check, checks_of, run_checks, sentence
from rehearsal.screen import Screen
from rehearsal.tier import Tier


def test_every_check_needs_machines_or_needs_none() -> None:
    every, some, none = (checks_of("single", machines=machines) for machines in (None, True, False))
    assert [each for each in every if each in some or each in none] == every
    assert not set(some) & set(none)
    assert some and none


@pytest.mark.parametrize("tier", ["single", "asg", "eks"])
def test_checks_come_in_the_order_of_the_lines_of_their_package(tier: str) -> None:
    """One that imports another's file would bring it forward."""
    own = [each.__module__ for each in checks_of(tier) if each.__module__.startswith(f"rehearsal.checks.{tier}.")]
    text = (Path(checks.__file__).parent / tier / "__init__.py").read_text()
    lines = [line.split()[3] for line in text.splitlines() if line.startswith("from rehearsal.checks")]
    seen = [name for name, _ in itertools.groupby(each.rpartition(".")[2] for each in own)]
    assert seen == [name for name in lines if name in seen]


def test_what_looks_at_a_host_is_not_among_the_checks_that_need_none() -> None:
    for each in checks_of("single", machines=False):
        names = each.__code__.co_names
        assert not {"host", "delegate", "network"} & set(names), sentence(each)


def test_words_that_only_a_check_of_a_machine_has_choose_nothing_where_there_is_none() -> None:
    with pytest.raises(CheckError, match="the checks are\nthe resources of the stack"):
        run_checks(cast(Subject, None), Screen(), words=["nginx"], among=checks_of("single", machines=False))


def test_words_choose_together_and_a_comma_begins_others() -> None:
    def chosen(*words: str) -> list[str]:
        return [sentence(each) for each in checks.choose(checks_of("single"), words)]

    power, volume = chosen("loses", "power"), chosen("lost volume")
    assert (len(power), len(volume)) == (1, 1)
    assert chosen("lost volume, loses power") == power + volume, "in the order of the checks"
    with pytest.raises(CheckError, match="no check has the words 'turns to gold'"):
        chosen("loses power, turns to gold")


def test_a_check_that_breaks_makes_itself_red_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_checks", {})

    @checks.check("single")
    def the_sky_is_green(subject: Any) -> str:
        raise CheckError("it is blue")

    @checks.check("single")
    def the_sum_is_right(subject: Any) -> str:
        return dict[str, str]()["nothing"]

    @checks.check("single")
    def the_move_goes_well(subject: Any) -> str:
        try:
            raise CheckError("a fine is missing")
        finally:
            float("the way home")

    @checks.check("single")
    def the_reason_is_told(subject: Any) -> str:
        try:
            return str(1 // 0)
        except ZeroDivisionError as error:
            raise CheckError("nothing can be shared") from error

    @checks.check("single", machines=False)
    def the_sea_is_wet(subject: Any) -> str:
        return "it is"

    results = run_checks(
        cast(Subject, None), Screen(Console(file=io.StringIO())), among=checks_of("single", machines=None)
    )
    assert [(r.ok, r.detail) for r in results] == [
        (False, "it is blue"),
        (False, "KeyError: 'nothing'"),
        (False, "ValueError: could not convert string to float: 'the way home'; before that: a fine is missing"),
        (False, "nothing can be shared"),
        (True, "it is"),
    ]


def test_checks_that_disturb_nobody_run_at_once_and_are_told_in_their_order() -> None:
    together = threading.Barrier(2)

    def first(_: Subject) -> str:
        together.wait(timeout=10)
        return "first"

    def second(_: Subject) -> str:
        together.wait(timeout=10)
        raise CheckError("second")

    def alone(_: Subject) -> str:
        return "alone"

    for each in (first, second):
        check("nowhere", beside=True)(each)
    check("nowhere")(alone)
    results = run_checks(cast(Subject, None), Screen(), among=[first, second, alone])
    assert [(result.name, result.ok, result.detail) for result in results] == [
        ("first", True, "first"),
        ("second", False, "second"),
        ("alone", True, "alone"),
    ]


def test_a_check_that_takes_what_is_not_here_is_passed_over_and_named() -> None:
    def first(_: Subject) -> str:
        return "first"

    def second(_: Subject) -> str:
        return "second"

    check("nowhere", takes=lambda: "a browser, which is not here")(first)
    check("nowhere", takes=lambda: "")(second)
    assert checks.lacking([first, second]) == {first: "a browser, which is not here"}
    assert [result.name for result in run_checks(_subject(), Screen(), among=[first, second])] == ["second"]


def test_checks_of_another_company_do_not_run_beside_each_other() -> None:
    def first(_: Subject) -> str:
        return "first"

    def second(_: Subject) -> str:
        return "second"

    def third(_: Subject) -> str:
        return "third"

    for each, company in ((first, "the outage"), (second, "the outage"), (third, True)):
        check("nowhere", beside=company)(each)
    assert list(checks._together([first, second, third])) == [[first, second], [third]]


def test_what_a_check_asks_for_is_begun_beside_the_check_before_it(tmp_path: Path) -> None:
    begun, asked = threading.Event(), []

    def assembly(subject: Subject) -> Path:
        asked.append(subject)
        begun.set()
        return tmp_path / "assembly"

    def first(_: Subject) -> str:
        assert begun.wait(timeout=10), "nothing was begun beside it"
        return "first"

    def second(subject: Subject) -> str:
        return subject.made(assembly).name

    check("nowhere")(first)
    check("nowhere", ahead=assembly)(second)
    subject = _subject()
    results = run_checks(subject, Screen(), among=[first, second])
    assert [(result.ok, result.detail) for result in results] == [(True, "first"), (True, "assembly")]
    assert run_checks(subject, Screen(), among=[second])[0].ok, "alone it makes it itself"
    assert asked == [subject, subject]


def test_what_cannot_be_made_makes_its_own_check_red() -> None:
    def assembly(_: Subject) -> Path:
        raise CheckError("the app has a fault")

    def first(_: Subject) -> str:
        return "first"

    def second(subject: Subject) -> str:
        return str(subject.made(assembly))

    check("nowhere")(first)
    check("nowhere", ahead=assembly)(second)
    results = run_checks(_subject(), Screen(), among=[first, second])
    assert [(result.ok, result.detail) for result in results] == [(True, "first"), (False, "the app has a fault")]


def test_what_happens_once_is_told_to_each_check_that_asks_and_so_is_what_went_wrong() -> None:
    happened: list[str] = []

    def release(subject: Subject) -> int:
        happened.append("release")
        return 7

    def failure(subject: Subject) -> int:
        happened.append("failure")
        raise CheckError("the minimum is 2")

    subject = _subject()
    assert [subject.once(release), subject.once(release)] == [7, 7]
    for _ in range(2):
        with pytest.raises(CheckError, match="the minimum is 2"):
            subject.once(failure)
    assert happened == ["release", "failure"]


def _subject() -> Subject:
    nothing = cast(Tier, None)
    return Subject(nothing, "stack", Path(), {}, "multas.example", {})


def test_who_interrupts_does_not_wait_for_a_check_that_takes_its_time() -> None:
    """The tier ends next, and what the check does with it."""
    begun, may_end = threading.Event(), threading.Event()

    def takes_its_time() -> None:
        begun.set()
        may_end.wait(30)

    def interrupted() -> None:
        with checks._beside_us(1) as pool:
            pool.submit(takes_its_time)
            assert begun.wait(5)
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - start < 10
    may_end.set()
