"""The officers' ledger finds what was lost and what was doubled."""

from __future__ import annotations

from collections import Counter

import pytest

from rehearsal.checks import load
from rehearsal.checks.people import People

PEOPLE = People("198.19.1.10", "multas.example", ("t0", "t1"), ("persona0@prueba.example",), ("PRU000",))


def _missing(
    monkeypatch: pytest.MonkeyPatch, acknowledged: dict[str, int], found: dict[tuple[int, str], int]
) -> list[str]:
    monkeypatch.setattr(load, "reported", lambda people: Counter(found))
    return load.missing_or_doubled(load.Ledger(acknowledged=acknowledged), PEOPLE)


def test_a_fine_that_is_there_once_is_no_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _missing(monkeypatch, {"k": 1}, {(1, "carga k"): 1}) == []


def test_a_lost_fine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (complaint,) = _missing(monkeypatch, {"k": 1}, {})
    assert "0 times" in complaint


def test_a_fine_made_twice_under_two_ids_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (complaint,) = _missing(monkeypatch, {"k": 1}, {(1, "carga k"): 1, (2, "carga k"): 1})
    assert "comment 2 times" in complaint


def test_a_fine_that_a_report_repeats_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(_missing(monkeypatch, {"k": 1}, {(1, "carga k"): 2})) == 1


def test_the_longest_silence_is_between_acknowledgements() -> None:
    assert load.Ledger(moments=[5.0, 1.0, 2.0]).longest_silence() == 3.0
    assert load.Ledger().longest_silence() == 0.0
