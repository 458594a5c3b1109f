"""A break proves its check: what stays green, is red for another reason or cannot be mended makes the run fail."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from rehearsal import breaks, checks
from rehearsal.breaks import Break, BreakError, run_breaks
from rehearsal.breaks.report import BreakReport, Outcome
from rehearsal.checks import CheckError, Subject
from rehearsal.screen import Screen

PATIENCE = 60  # what a break of this file may shorten


class World:
    """A thing with a name that a check knows, and what was done to it."""

    def __init__(self) -> None:
        self.thing = "whole"
        self.done: list[str] = []
        self.stories: dict[object, object] = {}


def the_thing_is_whole(subject: Subject) -> str:
    thing = cast(Any, subject).thing
    if thing != "whole":
        raise CheckError(f"the thing is {thing}")
    return f"the thing is {thing}, by {PATIENCE} s"


def the_thing_is_whole_as_far_as_anybody_looks(subject: Subject) -> str:
    return "nobody looks"


def _broken(how: str) -> Callable[[Subject], Iterator[None]]:
    def breaking(subject: Subject) -> Iterator[None]:
        world = cast(World, subject)
        world.thing = how
        world.done.append(f"{how} at {PATIENCE} s")
        try:
            yield
        finally:
            world.thing = "whole"
            world.done.append("mended")

    breaking.__name__ = f"the_thing_is_made_{how}"
    return breaking


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    checks.checks_of("single")  # what is imported while the registry is another one would be lost for later tests
    monkeypatch.setattr(breaks, "_breaks", [])
    monkeypatch.setattr(checks, "_checks", {"single": [the_thing_is_whole]})


@pytest.fixture
def world() -> World:
    return World()


def _registered(
    breaking: Callable[[Subject], Iterator[None]], *, check: checks.Check = the_thing_is_whole, **options: Any
) -> Break:
    breaks.breaks(check, **{"says": "the thing is torn", **options})(breaking)
    return breaks._breaks[-1]


def _run(world: World, *wanted: Break) -> list[Outcome]:
    return run_breaks(cast(Subject, world), Screen(Console(file=io.StringIO())), wanted)


def _chosen(*words: str) -> list[str]:
    return [each.name for each in breaks.chosen("single", words)]


def test_a_check_that_goes_red_with_the_breaks_words_is_proved(world: World) -> None:
    (outcome,) = _run(world, _registered(_broken("torn"), again=True))
    assert outcome.ok and not outcome.fault
    assert outcome.said == "the thing is torn"
    assert outcome.broken == "the thing is made torn"
    assert world.done == ["torn at 60 s", "mended"]


def test_what_was_seen_before_a_thing_was_broken_is_not_told_of_it(world: World) -> None:
    world.stories["a release"] = "as it was while the thing was whole"
    _run(world, _registered(_broken("torn"), again=True))
    assert world.stories == {}


def test_a_broken_thing_that_stays_green_makes_the_run_fail(world: World) -> None:
    blind = the_thing_is_whole_as_far_as_anybody_looks
    outcomes = _run(world, _registered(_broken("torn"), check=blind))
    assert "stayed green: nobody looks" in outcomes[0].fault
    assert not BreakReport("single", outcomes).ok


def test_a_check_that_is_red_for_another_reason_makes_the_run_fail(world: World) -> None:
    outcomes = _run(world, _registered(_broken("lost")))
    assert "another reason than 'the thing is torn': the thing is lost" in outcomes[0].fault
    assert not BreakReport("single", outcomes).ok


def test_all_words_of_a_break_must_be_in_the_reason(world: World) -> None:
    (whole,) = _run(world, _registered(_broken("torn"), says=("the thing", "is torn")))
    (half,) = _run(world, _registered(_broken("torn"), says=("is torn", "and burnt")))
    assert whole.ok
    assert "another reason than 'and burnt': the thing is torn" in half.fault


def test_a_check_that_fails_by_accident_is_red_for_another_reason(world: World) -> None:
    def the_thing_has_a_weight(subject: Subject) -> str:
        return str(cast(Any, subject).weight)

    (outcome,) = _run(world, _registered(_broken("torn"), check=the_thing_has_a_weight))
    assert "another reason" in outcome.fault and "AttributeError" in outcome.fault


def test_the_thing_is_mended_after_a_failure_and_the_next_break_begins_with_a_whole_one(world: World) -> None:
    first, second = _run(world, _registered(_broken("lost")), _registered(_broken("torn")))
    assert not first.ok and second.ok
    assert world.done == ["lost at 60 s", "mended", "torn at 60 s", "mended"]


def test_the_thing_is_mended_when_somebody_interrupts(world: World) -> None:
    def nobody_waits(subject: Subject) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(world, _registered(_broken("torn"), check=nobody_waits))
    assert world.done == ["torn at 60 s", "mended"]


def test_a_check_that_is_not_green_again_makes_the_run_fail(world: World) -> None:
    def the_thing_stays_torn(subject: Subject) -> Iterator[None]:
        cast(Any, subject).thing = "torn"
        yield

    (outcome,) = _run(world, _registered(the_thing_stays_torn, again=True))
    assert "not green again: the thing is torn" in outcome.fault


def test_what_cannot_be_mended_ends_the_run_and_leaves_the_rest_red(world: World) -> None:
    def the_thing_is_burnt(subject: Subject) -> Iterator[None]:
        cast(Any, subject).thing = "torn"
        yield
        raise BreakError("there is nothing left")

    first, second = _run(world, _registered(the_thing_is_burnt), _registered(_broken("torn")))
    assert "could not be mended: there is nothing left" in first.fault
    assert "not tried" in second.fault
    assert not first.ok and not second.ok
    assert world.done == []


def test_what_cannot_be_broken_makes_the_run_fail_and_the_next_is_tried(world: World) -> None:
    def the_thing_is_of_steel(subject: Subject) -> Iterator[None]:
        if cast(Any, subject).thing == "whole":
            raise BreakError("the hammer is gone")
        yield

    first, second = _run(world, _registered(the_thing_is_of_steel), _registered(_broken("torn")))
    assert "could not be broken: the hammer is gone" in first.fault and second.ok


def test_a_shorter_patience_lasts_as_long_as_the_break_and_is_proved_by_a_green_check(world: World) -> None:
    each = _registered(_broken("torn"), PATIENCE=5)
    assert each.again
    (outcome,) = _run(world, each)
    assert outcome.ok
    assert world.done[0] == "torn at 5 s"
    assert PATIENCE == 60


def test_a_patience_that_the_checks_module_does_not_have_is_an_error(world: World) -> None:
    with pytest.raises(AttributeError, match="ENDURANCE"):
        _run(world, _registered(_broken("torn"), ENDURANCE=5))


def test_a_check_with_no_break_is_an_error_that_says_what_to_write() -> None:
    checks._checks["single"].append(the_thing_is_whole_as_far_as_anybody_looks)
    _registered(_broken("torn"))
    with pytest.raises(BreakError, match="as far as anybody looks» has no break: write one in rehearsal/breaks/single"):
        _chosen()


def test_breaks_come_in_the_order_of_the_checks_and_those_that_last_come_last() -> None:
    checks._checks["single"].append(the_thing_is_whole_as_far_as_anybody_looks)
    _registered(_broken("burnt"), lasting=True)
    _registered(_broken("overlooked"), check=the_thing_is_whole_as_far_as_anybody_looks)
    _registered(_broken("torn"))
    assert _chosen() == ["the thing is made torn", "the thing is made overlooked", "the thing is made burnt"]


def test_words_choose_checks_and_words_of_no_check_are_an_error() -> None:
    checks._checks["single"].append(the_thing_is_whole_as_far_as_anybody_looks)
    _registered(_broken("torn"))
    _registered(_broken("overlooked"), check=the_thing_is_whole_as_far_as_anybody_looks)
    assert _chosen("anybody", "looks") == ["the thing is made overlooked"]
    with pytest.raises(CheckError, match="no check has the words"):
        _chosen("elephant")


def test_a_break_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="which words"):
        breaks.breaks(the_thing_is_whole, says=" ")
    with pytest.raises(ValueError, match="say which words"):
        breaks.breaks(the_thing_is_whole, says=())


def test_a_lasting_break_cannot_be_seen_green_again() -> None:
    with pytest.raises(ValueError, match="green again"):
        breaks.breaks(the_thing_is_whole, says="torn", lasting=True, again=True)


def test_a_report_without_breaks_is_not_good() -> None:
    assert not BreakReport("single").ok


def test_the_file_has_what_machines_read(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "single.breaks.json"
    report = BreakReport(
        "single", [Outcome("the thing is whole", "torn", True, 0.1, "it is torn")], {"deploy": 2.0}, 3.14
    )
    report.write(file)
    body = json.loads(file.read_text())
    assert (body["tier"], body["ok"], body["seconds"], body["timings"]) == ("single", True, 3.1, {"deploy": 2.0})
    assert body["breaks"] == [
        {"check": "the thing is whole", "broken": "torn", "ok": True, "seconds": 0.1, "said": "it is torn", "fault": ""}
    ]
    assert not list(file.parent.glob("*.draft"))


def test_the_table_says_what_is_wrong(world: World) -> None:
    out = io.StringIO()
    report = BreakReport("single", _run(world, _registered(_broken("lost"))))
    report.show(Screen(Console(file=out, width=400)))
    assert "the thing is made lost" in out.getvalue()
    assert "another reason" in out.getvalue()
    assert "0 of 1 breaks were seen; fell short" in out.getvalue()


def test_what_is_broken_in_one_tier_alone_is_not_tried_in_another_that_shares_its_check() -> None:
    _registered(_broken("torn"), tier="single")
    _registered(_broken("burnt"), tier="asg")
    assert _chosen() == ["the thing is made torn"]


def test_a_check_whose_only_break_is_of_another_tier_has_none() -> None:
    _registered(_broken("burnt"), tier="asg")
    with pytest.raises(BreakError, match="has no break"):
        _chosen()
