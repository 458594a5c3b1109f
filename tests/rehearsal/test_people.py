"""People of a tier: made by one command for many checks where nothing is lost, and for each check elsewhere."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest

from rehearsal.checks import Subject
from rehearsal.checks import people as module
from rehearsal.checks.people import People


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the service's command was asked for, each time; it issues what it is asked for."""
    calls: list[dict[str, Any]] = []

    def manage(_: Subject, *words: str, text: str = "") -> str:
        found = re.search(r"json\.loads\((.*)\)\n", text)
        assert found
        wanted = json.loads(json.loads(found[1]))
        calls.append(wanted)
        issued = {n: [f"{n}-{len(calls)}-{k}" for k in range(wanted["each"])] for n in wanted["officers"]}
        return f"something else\n{json.dumps(issued)}\n"

    monkeypatch.setattr(module, "manage", manage)
    return calls


def _subject(*, keeps: bool) -> Subject:
    subject = Subject(cast(Any, None), "stack", cast(Any, None), {}, "multas.example", {}, keeps=keeps)
    subject.__dict__["outputs"] = {"PublicAddress": "198.19.1.10"}
    return subject


def test_a_database_that_keeps_what_was_written_is_asked_once_for_many_and_no_token_is_given_twice(
    asked: list[dict[str, Any]],
) -> None:
    subject = _subject(keeps=True)
    several = [People.make(subject, officers=2, owners=1) for _ in range(5)]
    assert len(asked) == 1
    given = [token for each in several for token in each.tokens]
    assert len(set(given)) == len(given) == 15
    assert all(token.startswith(f"P{n:03d}-") for each in several for n, token in enumerate(each.tokens))
    assert several[0].owners == ("persona0@prueba.example",) and several[0].plates == ("PRU000",)


def test_more_are_asked_for_when_one_officers_are_given_out(asked: list[dict[str, Any]]) -> None:
    subject = _subject(keeps=True)
    given = [People.make(subject, officers=1, owners=1).tokens[0] for _ in range(module._AHEAD + 1)]
    assert len(asked) == 2 and len(set(given)) == module._AHEAD + 1


def test_more_officers_than_are_known_are_asked_for_by_themselves(asked: list[dict[str, Any]]) -> None:
    people = People.make(_subject(keeps=True), officers=20, owners=9)
    assert len(people.tokens) == 21 and len(people.plates) == 9
    assert len(asked) == 1 and asked[0]["each"] == 1 and len(asked[0]["officers"]) == 21


def test_elsewhere_each_check_has_its_own_made(asked: list[dict[str, Any]]) -> None:
    subject = _subject(keeps=False)
    for _ in range(2):
        People.make(subject, officers=1, owners=1)
    assert [call["each"] for call in asked] == [1, 1]
