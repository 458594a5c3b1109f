"""The officers' ledger finds what was lost and what was doubled."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from rehearsal.checks import CheckError, load
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


class _Scripted:
    """A client whose answers are written down: an exception is raised, a status is answered."""

    def __init__(self, script: list[Exception | int]) -> None:
        self.script = script
        self.keys: list[str] = []

    def post(self, path: str, *, json: dict[str, object], headers: dict[str, str]) -> httpx.Response:
        self.keys.append(headers["Idempotency-Key"])
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return httpx.Response(step, json={"infraccion": {"id": len(self.keys)}})

    def close(self) -> None: ...


def _posted(
    monkeypatch: pytest.MonkeyPatch, script: list[Exception | int], *, fines: int
) -> tuple[load.Ledger, list[str]]:
    client = _Scripted(script)
    monkeypatch.setattr(People, "client", lambda self, **options: client)
    with load.Load(PEOPLE, officers=1, fines=fines) as running:
        running.join()
    return running.ledger, client.keys


def test_the_close_of_an_idle_connection_is_counted_apart_and_repeated_under_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, keys = _posted(monkeypatch, [200, httpx.RemoteProtocolError("disconnected"), 200], fines=2)
    assert (ledger.closed_idle, ledger.refused, len(ledger.acknowledged)) == (1, [], 2)
    assert keys[1] == keys[2] != keys[0]


def test_a_close_on_a_new_connection_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = _posted(monkeypatch, [httpx.RemoteProtocolError("disconnected"), 200], fines=1)
    assert ledger.closed_idle == 0
    assert len(ledger.refused) == 1


def test_a_second_close_in_a_row_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: list[Exception | int] = [200, httpx.ReadError("reset"), httpx.ReadError("reset"), 200]
    ledger, _ = _posted(monkeypatch, broken, fines=2)
    assert (ledger.closed_idle, len(ledger.refused)) == (1, 1)


def test_an_answer_of_the_server_that_is_no_success_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = _posted(monkeypatch, [502, 200], fines=1)
    assert len(ledger.refused) == 1
    assert ledger.closed_idle == 0


def test_the_slowest_in_a_hundred_is_of_the_time_asked_for() -> None:
    ledger = load.Ledger(took=[(float(n), 0.1) for n in range(100)] + [(200.0 + n, 1.0) for n in range(100)])
    assert ledger.ninety_ninth(until=150) == 0.1
    assert ledger.ninety_ninth(since=150) == 1.0
    assert ledger.ninety_ninth() == 1.0
    with pytest.raises(CheckError, match="20 acknowledgements say nothing"):
        ledger.ninety_ninth(until=20)
